"""What is refused of a body, in the words of AWS's framework as its SDKs' issues quote them."""

from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_reader import read

HELLO = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


def refusal(body: object, structure: str = "ConverseRequest") -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(body, structure)
    return caught.value


def test_null_is_nothing() -> None:
    assert read(HELLO | {"system": None}, "ConverseRequest") == HELLO


def test_every_broken_constraint_is_told_at_once() -> None:
    error = refusal(
        {
            "messages": [{"role": "robot", "content": [{"toolUse": {"toolUseId": "a b", "name": "f"}}]}],
            "inferenceConfig": {"maxTokens": 0, "topP": 1.5},
        }
    )
    assert error.status == 400
    assert error.type is None
    assert error.message == (
        "5 validation errors detected: "
        "Value 'robot' at 'messages.1.member.role' failed to satisfy constraint: "
        "Member must satisfy enum value set: [user, assistant, system]; "
        "Value null at 'messages.1.member.content.1.member.toolUse.input' failed to satisfy constraint: "
        "Member must not be null; "
        "Value 'a b' at 'messages.1.member.content.1.member.toolUse.toolUseId' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.:-]+; "
        "Value '0' at 'inferenceConfig.maxTokens' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1; "
        "Value '1.5' at 'inferenceConfig.topP' failed to satisfy constraint: "
        "Member must have value less than or equal to 1"
    )


def test_lengths_are_bounded() -> None:
    error = refusal({"toolConfig": {"tools": []}, "additionalModelResponseFieldPaths": ["/x"] * 11})
    assert "at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than" in error.message
    assert "Member must have length less than or equal to 10" in error.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "Start of list found where not expected."),
        ({"messages": "hi"}, "STRING_VALUE can not be converted to a List"),
        ({"messages": [{"role": 1, "content": []}]}, "NUMBER_VALUE can not be converted to a String"),
        ({"inferenceConfig": {"maxTokens": 1.5}}, "DECIMAL_VALUE can not be converted to an Integer"),
        ({"inferenceConfig": {"maxTokens": "9"}}, "STRING_VALUE can not be converted to an Integer"),
        ({"inferenceConfig": {"temperature": True}}, "TRUE_VALUE can not be converted to a Float"),
        ({"system": {"text": "x"}}, "Start of structure or map found where not expected."),
    ],
)
def test_another_type_ends_the_reading(body: object, words: str) -> None:
    error = refusal(body)
    assert (error.type, error.message) == ("SerializationException", words)


def test_a_member_that_nobody_knows_is_refused_wherever_it_is() -> None:
    assert "extraneous key [model] is not permitted" in refusal(HELLO | {"model": "x"}).message
    deep: Any = {"messages": [{"role": "user", "content": [{"image": {"format": "png", "source": {"url": "x"}}}]}]}
    assert "#/messages/0/content/0/image/source: extraneous key [url]" in refusal(deep).message


def test_a_block_is_one_thing() -> None:
    def content(block: dict[str, Any]) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": [block]}]}

    assert "at messages.0.content.0 must set one of the following keys: text, image" in refusal(content({})).message
    both = {"text": "x", "cachePoint": {"type": "default"}}
    assert "at messages.0.content.0 must set only one of the following keys" in refusal(content(both)).message


def test_arguments_are_an_object_and_bytes_are_base64() -> None:
    call = {"toolUse": {"toolUseId": "x", "name": "f", "input": "{}"}}
    error = refusal({"messages": [{"role": "assistant", "content": [call]}]})
    assert error.message == (
        "The format of the value at messages.0.content.0.toolUse.input is invalid. Provide a json object for the field "
        "and try again."
    )
    image = {"image": {"format": "png", "source": {"bytes": "?"}}}
    assert refusal({"messages": [{"role": "user", "content": [image]}]}).type == "SerializationException"
