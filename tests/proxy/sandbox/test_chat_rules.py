"""The words are those of api.openai.com, as the issues of openai-python and langchain quote them."""

from typing import Any

import msgspec
import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.chat_rules import check_messages, must_call, offered
from proxy.sandbox.request_bodies import ChatAsked

USER: dict[str, Any] = {"role": "user", "content": "hi"}
CALL: dict[str, Any] = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASSISTANT: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL: dict[str, Any] = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
FUNCTION: dict[str, Any] = {"type": "function", "function": {"name": "f"}}
CUSTOM: dict[str, Any] = {"type": "custom", "custom": {"name": "shout"}}


def asked(**fields: Any) -> ChatAsked:
    return msgspec.convert({"model": "m", "messages": [USER]} | fields, ChatAsked)


def refused(*messages: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check_messages(asked(messages=list(messages)).messages)
    return caught.value


def test_calls_that_are_answered_pass_in_any_order() -> None:
    both = ASSISTANT | {"tool_calls": [CALL, CALL | {"id": "call_2"}]}
    check_messages(asked(messages=[USER, both, TOOL | {"tool_call_id": "call_2"}, TOOL, USER]).messages)


def test_every_call_is_answered_at_once() -> None:
    for rest in ([], [USER], [ASSISTANT]):
        error = refused(USER, ASSISTANT, *rest)
        assert error.message.endswith("did not have response messages: call_1")


def test_an_answer_belongs_to_a_call() -> None:
    for messages in ([TOOL], [USER, TOOL], [USER, ASSISTANT, TOOL, TOOL]):
        assert "must be a response to a preceeding message with 'tool_calls'" in refused(*messages).message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (USER | {"content": None}, "messages.[0].content"),
        (USER | {"content": [{"type": "image", "source": {}}]}, "messages[0].content[0].type"),
        (
            USER | {"content": [{"type": "image_url", "image_url": "https://a.test"}]},
            "messages[0].content[0].image_url",
        ),
        (USER | {"content": [{"type": "input_audio", "input_audio": {}}]}, "messages[0].content[0].input_audio.data"),
        (USER | {"content": [{"type": "text"}]}, "messages[0].content[0].text"),
        ({"role": "system", "content": [{"type": "image_url"}]}, "messages[0].content[0].type"),
        (ASSISTANT | {"content": [{"type": "image_url"}]}, "messages[0].content[0].type"),
        (ASSISTANT | {"tool_calls": [CALL | {"id": "x" * 41}]}, "messages[0].tool_calls[0].id"),
        (ASSISTANT | {"tool_calls": [{"id": "a", "function": {}}]}, "messages[0].tool_calls[0].type"),
        (
            ASSISTANT | {"tool_calls": [CALL | {"function": {"name": "f", "arguments": {}}}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
    ],
)
def test_what_is_wrong_is_named(message: dict[str, Any], param: str) -> None:
    assert refused(message).param == param


def test_functions_and_custom_tools_are_offered() -> None:
    assert [(tool.name, tool.free_form) for tool in offered(asked(tools=[FUNCTION, CUSTOM]))] == [
        ("f", False),
        ("shout", True),
    ]


@pytest.mark.parametrize(
    ("tool", "param"),
    [
        ({"type": "web_search"}, "tools[0].type"),
        ({"type": "function", "name": "f", "parameters": {}}, "tools[0].function"),
        ({"type": "function", "function": {}}, "tools[0].function.name"),
        ({"type": "function", "function": {"name": "a.b"}}, "tools[0].function.name"),
        ({"type": "function", "function": {"name": "f", "parameters": {}}}, "tools[0].function.parameters"),
        (
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}},
            "tools[0].function.parameters",
        ),
    ],
)
def test_a_tool_that_cannot_be_called_is_refused(tool: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        offered(asked(tools=[tool]))
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, []),
        ("none", []),
        ("auto", []),
        ("required", ["f", "shout"]),
        ({"type": "function", "function": {"name": "f"}}, ["f"]),
        ({"type": "custom", "custom": {"name": "shout"}}, ["shout"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [CUSTOM]}}, ["shout"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [CUSTOM]}}, []),
    ],
)
def test_the_choice_says_what_is_called(choice: Any, names: list[str]) -> None:
    request = asked(tools=[FUNCTION, CUSTOM], tool_choice=choice)
    assert [tool.name for tool in must_call(request, offered(request))] == names


@pytest.mark.parametrize("choice", ["any", {"type": "any"}, {"type": "function", "function": {"name": "g"}}])
def test_a_choice_of_another_dialect_is_refused(choice: Any) -> None:
    request = asked(tools=[FUNCTION], tool_choice=choice)
    with pytest.raises(ApiError) as caught:
        must_call(request, offered(request))
    assert (caught.value.param or "").startswith("tool_choice")
