"""Items as `openai` 3.52 types them, refused as api.openai.com refuses them."""

from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.responses_items import FunctionCall, Message, Reasoning, check_order, items
from proxy.sandbox.seals import encrypted_content, item_id

USER: dict[str, Any] = {"role": "user", "content": "hi"}
CALL: dict[str, Any] = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT: dict[str, Any] = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
THOUGHT: dict[str, Any] = {"type": "reasoning", "summary": [], "encrypted_content": encrypted_content(b"key")}
SAID: dict[str, Any] = {"role": "assistant", "content": [{"type": "output_text", "text": "Hi.", "annotations": []}]}
CUSTOM: dict[str, Any] = {"type": "custom_tool_call", "call_id": "call_2", "name": "shout", "input": "HEY"}


def refused(*given: dict[str, Any], continues: bool = False) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check_order(items(list(given)), continues=continues)
    return caught.value


def test_a_whole_conversation_passes() -> None:
    custom_output: dict[str, Any] = {"type": "custom_tool_call_output", "call_id": "call_2"}
    custom_output["output"] = [{"type": "input_text", "text": "x"}]
    found = items([USER, THOUGHT, SAID, THOUGHT, CALL, CUSTOM, OUTPUT, custom_output, USER])
    check_order(found, continues=False)
    assert [type(item) for item in found[:2]] == [Message, Reasoning]
    assert isinstance(found[4], FunctionCall)


def test_what_was_stored_may_be_named_alone() -> None:
    kept = item_id("rs", b"key", True)
    check_order(items([{"type": "item_reference", "id": kept}]), continues=False)
    check_order(items([{"type": "reasoning", "id": kept, "summary": []}, SAID]), continues=False)


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "image"}, "input[0]"),
        ({"content": "x"}, "input[0]"),
        (USER | {"name": "Ada"}, "input[0].name"),
        (USER | {"content": [{"type": "text", "text": "x"}]}, "input[0].content[0].type"),
        (USER | {"content": [{"type": "output_text", "text": "x"}]}, "input[0].content[0]"),
        (USER | {"content": [{"type": "input_image"}]}, "input[0].content[0].image_url"),
        (USER | {"content": [{"type": "input_image", "image_url": {"url": "x"}}]}, "input[0].content[0].image_url"),
        (SAID | {"content": [{"type": "input_text", "text": "x"}]}, "input[0].content[0]"),
        (SAID | {"id": "chatcmpl-1"}, "input[0].id"),
        (CALL | {"id": "toolu_1"}, "input[0].id"),
        (CALL | {"arguments": {}}, "input[0].arguments"),
        (CALL | {"call_id": ""}, "input[0].call_id"),
        (CALL | {"call_id": "x" * 65}, "input[0].call_id"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[0].call_id"),
        (OUTPUT | {"output": {"a": 1}}, "input[0].output"),
    ],
)
def test_an_item_that_does_not_fit_is_named(item: dict[str, Any], param: str) -> None:
    error = refused(item)
    assert (error.status, error.param) == (400, param)


def test_thoughts_of_somebody_else_are_refused() -> None:
    error = refused(THOUGHT | {"encrypted_content": "gw1.anthropic-messages.abcdef"}, SAID)
    assert (error.status, error.code) == (400, "invalid_encrypted_content")
    assert error.message.startswith("The encrypted content gw1.")


@pytest.mark.parametrize("identity", ["rs_1", item_id("rs", b"key", False)])
def test_thoughts_that_were_not_stored_are_not_found(identity: str) -> None:
    for given in ({"type": "reasoning", "id": identity, "summary": []}, {"type": "item_reference", "id": identity}):
        error = refused(given, SAID)
        assert (error.status, error.param) == (404, "input")
        assert error.message.startswith(f"Item with id '{identity}' not found. Items are not persisted")


def test_calls_and_outputs_belong_together() -> None:
    assert refused(USER, CALL).message == "No tool output found for function call call_1."
    assert refused(USER, OUTPUT).message == "No tool call found for function call output with call_id call_1."
    assert refused(OUTPUT, CALL).message == "No tool call found for function call output with call_id call_1."
    check_order(items([OUTPUT]), continues=True)


def test_thoughts_come_before_what_was_thought_of() -> None:
    for rest in ([], [USER], [THOUGHT]):
        assert refused(USER, THOUGHT, *rest).message.endswith("without its required following item.")
