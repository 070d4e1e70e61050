"""Who says what when: platform.claude.com/docs …/agents-and-tools/tool-use, …/build-with-claude/extended-thinking."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxy.sandbox.signed_thinking import sign
from tests.kit.raw_http import RawReply

Messages = Callable[..., Awaitable[RawReply]]

HI = {"role": "user", "content": "hi"}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": sign("Hm.")}
REDACTED = {"type": "redacted_thinking", "data": sign("Hm.")}
TEXT = {"type": "text", "text": "And?"}
BUDGET = {"type": "enabled", "budget_tokens": 1024}


def assistant(*blocks: dict[str, Any] | str) -> dict[str, Any]:
    return {"role": "assistant", "content": blocks[0] if isinstance(blocks[0], str) else list(blocks)}


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def call(identifier: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": identifier, "name": "f", "input": {}}


def result(identifier: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identifier, "content": "1"}


@pytest.mark.parametrize(
    "turns",
    [
        [HI, assistant("Hello."), HI],
        [HI, HI],
        [HI, assistant(call("a"), call("b")), user(result("b"), result("a"), TEXT)],
        [HI, assistant(call("a"), call("b")), user(result("a")), user(result("b"))],
        [HI, assistant(call("a")), user(result("a")), assistant(call("b")), user(result("b"))],
        [HI, assistant(THOUGHT, TEXT), HI],
        [HI, assistant(REDACTED, TEXT), HI],
        [HI, assistant(THOUGHT | {"thinking": ""}, call("a")), user(result("a"))],
        [HI, assistant("The answer is")],
        [HI, {"role": "assistant", "content": ""}],
    ],
)
async def test_a_conversation_in_order_is_taken(messages: Messages, turns: list[Any]) -> None:
    reply = await messages(messages=turns)
    assert reply.status == 200, reply.json


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([], "messages: at least one message is required"),
        ([assistant("Hello.")], 'messages: first message must use the "user" role'),
        ([{"role": "user", "content": ""}], "messages.0: user messages must have non-empty content"),
        ([{"role": "user", "content": []}], "messages.0: user messages must have non-empty content"),
        (
            [HI, {"role": "assistant", "content": ""}, HI],
            "messages.1: all messages must have non-empty content except for the optional final assistant message",
        ),
        ([HI, assistant("The answer is ")], "messages: final assistant content cannot end with trailing whitespace"),
        ([{"role": "system", "content": "Be brief."}, HI], "messages.0: role 'system' is not supported on this model"),
        ([user(call("a"))], "messages.0: `tool_use` blocks can only be in `assistant` messages"),
        ([HI, assistant(result("a")), HI], "messages.1: `tool_result` blocks can only be in `user` messages"),
        ([user(THOUGHT)], "messages.0: `thinking` blocks can only be in `assistant` messages"),
        (
            [HI, assistant(call("a"), call("b"), call("c")), user(result("b"))],
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a, c. Each "
            "`tool_use` block must have a corresponding `tool_result` block in the next message.",
        ),
        (
            [HI, assistant(call("a")), user(TEXT, result("a"))],
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a.",
        ),
        ([HI, assistant(call("a")), HI], "messages.1: `tool_use` ids were found without `tool_result` blocks"),
        ([HI, assistant(call("a"))], "messages.1: `tool_use` ids were found without `tool_result` blocks"),
        (
            [HI, assistant("Yes."), user(TEXT, result("a"))],
            "messages.2.content.1: unexpected `tool_use_id` found in `tool_result` blocks: a. Each `tool_result` block "
            "must have a corresponding `tool_use` block in the previous message.",
        ),
        ([user(result("a"))], "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: a."),
        (
            [HI, assistant(call("a")), user(result("a"), result("a"))],
            "messages.2.content.1: each tool_use must have a single result.",
        ),
        (
            [HI, assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))],
            "messages: `tool_use` ids must be unique",
        ),
        (
            [HI, assistant(call("a b")), user(result("a b"))],
            "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        ),
        (
            [HI, assistant(TEXT, THOUGHT | {"thinking": "Hm!"}), HI],
            "messages.1.content.1: Invalid `signature` in `thinking` block",
        ),
        (
            [HI, assistant(THOUGHT | {"signature": "gw1.gemini.abc"}, TEXT), HI],
            "messages.1.content.0: Invalid `signature` in `thinking` block",
        ),
        (
            [HI, assistant(REDACTED | {"data": "abc"}, TEXT), HI],
            "messages.1.content.0: Invalid `data` in `redacted_thinking` block",
        ),
    ],
)
async def test_a_conversation_out_of_order_is_refused(messages: Messages, turns: list[Any], words: str) -> None:
    reply = await messages(messages=turns)
    assert (reply.status, reply.json["error"]["type"]) == (400, "invalid_request_error")
    assert reply.json["error"]["message"].startswith(words)


@pytest.mark.parametrize(
    ("turns", "place"),
    [
        ([HI, assistant(call("a")), user(result("a"))], "messages.1.content.0.type"),
        (
            [HI, assistant(call("a")), user(result("a")), assistant(THOUGHT, call("b")), user(result("b"))],
            "messages.1.content.0.type",
        ),
        ([HI, assistant(THOUGHT, call("a")), user(result("a"))], None),
        ([HI, assistant(call("a")), user(result("a")), assistant("Done."), HI], None),
    ],
)
async def test_with_manual_thinking_a_round_of_tools_begins_with_its_thoughts(
    messages: Messages, turns: list[Any], place: str | None
) -> None:
    reply = await messages(messages=turns, thinking=BUDGET)
    if place is None:
        assert reply.status == 200, reply.json
    else:
        words = f"{place}: Expected `thinking` or `redacted_thinking`, but found `tool_use`."
        assert reply.json["error"]["message"].startswith(words)


async def test_newer_models_do_not_continue_an_answer(messages: Messages) -> None:
    reply = await messages("claude-opus-4-8", messages=[HI, assistant("The answer is")])
    assert reply.json["error"]["message"].startswith("This model does not support assistant message prefill.")
    thinking = await messages(messages=[HI, assistant("The answer is")], thinking=BUDGET)
    assert thinking.status == 400


async def test_newer_models_are_instructed_in_between(messages: Messages) -> None:
    between = {"role": "system", "content": "Be brief."}
    model = "claude-opus-4-8"
    assert (await messages(model, messages=[HI, between])).status == 200
    assert (await messages(model, messages=[HI, assistant("Hello."), HI, between])).status == 200
    for turns in ([between, HI], [HI, assistant("Hello."), between, HI]):
        reply = await messages(model, messages=turns)
        assert "a `system` message must come immediately after a user turn" in reply.json["error"]["message"]
