"""Parameters as `openai` 3.52 types them."""

from typing import Any

import msgspec
import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.responses_request import ResponseAsked
from proxy.sandbox.seals import item_id

FUNCTION: dict[str, Any] = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
CUSTOM: dict[str, Any] = {"type": "custom", "name": "shout"}


def asked(**fields: Any) -> ResponseAsked:
    return msgspec.convert({"model": "m", "input": "hi"} | fields, ResponseAsked)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, []),
        ("auto", []),
        ("none", []),
        ("required", ["f", "shout"]),
        ({"type": "function", "name": "f"}, ["f"]),
        ({"type": "custom", "name": "shout"}, ["shout"]),
        ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}, ["f"]),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}, []),
    ],
)
def test_the_choice_says_what_is_called(choice: Any, names: list[str]) -> None:
    assert [tool.name for tool in asked(tools=[FUNCTION, CUSTOM], tool_choice=choice).must_call()] == names


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice.name"),
        ({"tool_choice": {"type": "function", "name": "g"}}, "tool_choice"),
        ({"tool_choice": {"type": "any"}}, "tool_choice.type"),
        ({"tools": [], "tool_choice": "required"}, "tool_choice"),
        ({"tools": [FUNCTION | {"name": "a b"}], "tool_choice": "required"}, "tools[0].name"),
        ({"tools": [FUNCTION | {"strict": True}], "tool_choice": "required"}, "tools[0].parameters"),
    ],
)
def test_a_choice_that_cannot_be_met_is_refused(fields: dict[str, Any], param: str) -> None:
    request = asked(**{"tools": [FUNCTION]} | fields)
    with pytest.raises(ApiError) as caught:
        request.must_call()
    assert caught.value.param == param


@pytest.mark.parametrize(
    "fields",
    [{"max_output_tokens": 15}, {"stream_options": {"include_obfuscation": False}}, {"background": True}],
    ids=lambda fields: next(iter(fields)),
)
def test_what_the_api_or_the_sandbox_cannot_do_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        asked(**fields)
    assert caught.value.param in fields


def test_an_earlier_response_is_known_only_if_it_was_stored() -> None:
    assert asked(previous_response_id=item_id("resp", b"key", True)).items()
    for identity in ("resp_1", item_id("resp", b"key", False)):
        with pytest.raises(ApiError) as caught:
            asked(previous_response_id=identity).items()
        assert (caught.value.status, caught.value.code) == (400, "previous_response_not_found")


def test_a_text_is_a_message_and_nothing_is_not() -> None:
    (item,) = asked().items()
    assert msgspec.to_builtins(item)["content"] == "hi"
    with pytest.raises(ApiError) as caught:
        asked(input=None).items()
    assert caught.value.param == "input"


def test_a_schema_has_a_name_and_in_strict_mode_is_closed() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False, "required": []}
    form = {"type": "json_schema", "name": "x", "schema": schema, "strict": True}
    assert asked(text={"format": form}).schema() == schema
    assert asked(text={"format": {"type": "json_object"}}).any_json
    for bad, param in (
        ({"type": "json_schema", "schema": schema}, "text.format.name"),
        ({"type": "json_schema", "name": "x"}, "text.format.schema"),
        (form | {"schema": {"type": "object"}}, "text.format.schema"),
    ):
        with pytest.raises(ApiError) as caught:
            asked(text={"format": bad}).schema()
        assert caught.value.param == param


def test_the_reply_does_not_follow_from_how_it_is_delivered() -> None:
    assert asked().basis() == asked(stream=True, max_output_tokens=50, metadata={"a": "b"}).basis()
    assert asked().basis() != asked(instructions="Be brief.").basis()
