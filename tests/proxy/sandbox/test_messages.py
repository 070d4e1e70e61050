"""Every reply of the Messages API and every event of its streams, held against the types of `anthropic`."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply
from tests.kit.strict_types import assert_fits

Messages = Callable[..., Awaitable[RawReply]]

CALLS = json.dumps([{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time", "arguments": {}}])
CITED = json.dumps([{"url": "https://example.com/a", "title": "A", "quote": "grass"}])
WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
LONG = [{"type": "text", "text": "x" * 8192, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
BUDGET = {"type": "enabled", "budget_tokens": 1024}

REPLIES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "text": ({}, {}),
    "a limit": ({"max_tokens": 3}, {}),
    "nothing at all": ({"max_tokens": 0}, {}),
    "a stop sequence": ({"stop_sequences": ["sandbox"]}, {}),
    "a call": ({"tools": [WEATHER], "tool_choice": {"type": "any"}}, {}),
    "a call cut off": ({"tools": [WEATHER], "tool_choice": {"type": "any"}, "max_tokens": 2}, {}),
    "calls": ({}, {"x-sandbox-calls": CALLS}),
    "thinking": ({"thinking": BUDGET}, {}),
    "hidden thinking": ({"model": "claude-opus-4-8", "thinking": {"type": "adaptive"}}, {}),
    "redacted thinking": ({}, {"x-sandbox-thinking": '"redacted"'}),
    "thinking, text and calls": (
        {},
        {"x-sandbox-thinking": '"Let me see."', "x-sandbox-text": '"I look."', "x-sandbox-calls": CALLS},
    ),
    "citations": ({}, {"x-sandbox-text": '"The grass is green."', "x-sandbox-citations": CITED}),
    "a search": (
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}]},
        {"x-sandbox-text": '"The grass is green."', "x-sandbox-citations": CITED},
    ),
    "JSON": ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, {}),
    "a cache": ({"system": LONG}, {}),
    "a refusal": ({}, {"x-sandbox-finish": "refusal"}),
    "a pause": ({}, {"x-sandbox-finish": "pause"}),
    "a dictated stop sequence": ({}, {"x-sandbox-stop-sequence": '"END"'}),
    "a dictated usage": ({}, {"x-sandbox-usage": '{"input_tokens":7,"output_tokens":9,"cache_read_input_tokens":3}'}),
    "very many events": ({}, {"x-sandbox-chunks": "300"}),
}


@pytest.mark.parametrize("case", REPLIES)
async def test_a_reply_is_a_message(messages: Messages, case: str) -> None:
    fields, headers = REPLIES[case]
    reply = await messages(headers=headers, **fields)
    assert reply.status == 200, reply.json
    assert_fits(reply.json, Message)


@pytest.mark.parametrize("case", REPLIES)
async def test_a_stream_is_of_known_events_in_their_order(messages: Messages, case: str) -> None:
    fields, headers = REPLIES[case]
    reply = await messages(headers=headers, stream=True, **fields)
    assert reply.headers["content-type"].startswith("text/event-stream")
    kinds = [event["type"] for event in reply.events]
    assert [frame.split(b"\n")[0] for frame in reply.frames] == [f"event: {kind}".encode() for kind in kinds]
    open_block: int | None = None
    for event in reply.events:
        if event["type"] == "ping":
            assert event == {"type": "ping"}
            continue
        assert_fits(event, RawMessageStreamEvent)
        match event["type"]:
            case "content_block_start":
                assert open_block is None
                open_block = event["index"]
            case "content_block_delta":
                assert event["index"] == open_block
            case "content_block_stop":
                assert event["index"] == open_block
                open_block = None
    assert (kinds[0], kinds[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert kinds.count("message_start") == kinds.count("message_delta") == kinds.count("message_stop") == 1


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=sandbox.url, api_key="test", max_retries=0) as made:
        yield made


@pytest.mark.parametrize("case", REPLIES)
async def test_the_official_client_puts_the_same_message_together_from_both(
    client: anthropic.AsyncAnthropic, case: str
) -> None:
    fields, headers = REPLIES[case]
    asked: Any = {
        "model": "claude-opus-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    } | fields
    whole = await client.messages.create(**asked, extra_headers=headers)
    async with client.messages.stream(**asked, extra_headers=headers) as stream:
        streamed = await stream.get_final_message()
    said, pieced = whole.to_dict(exclude_none=True), streamed.to_dict(exclude_none=True)
    if case == "a call cut off":  # half an object is not put together
        said["content"] = pieced["content"] = []
    assert pieced == said


async def test_the_same_request_gets_the_same_bytes(messages: Messages) -> None:
    first = [await messages(stream=stream) for stream in (False, True)]
    again = [await messages(stream=stream) for stream in (False, True)]
    assert [reply.body for reply in first] == [reply.body for reply in again]


async def test_the_official_client_calls_a_tool_and_hands_back_thoughts_and_result(
    client: anthropic.AsyncAnthropic,
) -> None:
    asked: Any = {"model": "claude-opus-4-5", "max_tokens": 4096, "tools": [WEATHER], "thinking": BUDGET}
    conversation: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    first = await client.messages.create(messages=conversation, **asked, extra_headers={"x-sandbox-calls": CALLS})
    assert [block.type for block in first.content] == ["thinking", "tool_use", "tool_use"]
    assert first.stop_reason == "tool_use"
    conversation.append({"role": "assistant", "content": [block.to_dict() for block in first.content]})
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "20 °C"}
        for block in first.content
        if block.type == "tool_use"
    ]
    conversation.append({"role": "user", "content": results})
    second = await client.messages.create(messages=conversation, **asked)
    assert [block.type for block in second.content] == ["thinking", "text"]


async def test_errors_are_the_official_clients_own_classes(client: anthropic.AsyncAnthropic) -> None:
    async def ask(model: str, **fields: Any) -> Any:
        message: Any = {"role": "user", "content": "hi"}
        return await client.messages.create(model=model, max_tokens=9, messages=[message], **fields)

    classes: dict[str, type[anthropic.APIStatusError]] = {
        "fault-400": anthropic.BadRequestError,
        "fault-401": anthropic.AuthenticationError,
        "fault-403": anthropic.PermissionDeniedError,
        "fault-404": anthropic.NotFoundError,
        "fault-429": anthropic.RateLimitError,
        "fault-500": anthropic.InternalServerError,
    }
    for model, kind in classes.items():
        with pytest.raises(kind):
            await ask(model)
    with pytest.raises(anthropic.BadRequestError, match="user_id appears to contain an email address"):
        await ask("m", metadata={"user_id": "ann@example.com"})
    with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
        async for _ in await ask("fault-error-event", stream=True):
            pass


async def test_the_official_client_counts_and_lists(client: anthropic.AsyncAnthropic) -> None:
    message: Any = {"role": "user", "content": "hello there"}
    counted = await client.messages.count_tokens(model="claude-opus-4-5", messages=[message])
    assert counted.input_tokens == 3 + 4 + 3  # prompt, message, eleven letters
    names = [model.id async for model in client.models.list(limit=10)]
    assert {"claude-opus-4-5", "fault-429"} <= set(names)
    assert (await client.models.retrieve("claude-opus-4-5")).type == "model"


async def test_a_count_is_what_the_reply_counts(messages: Messages) -> None:
    counted = await messages(path="/v1/messages/count_tokens", system="Be brief.", tools=[WEATHER])
    assert_fits(counted.json, MessageTokensCount)
    usage = (await messages(system="Be brief.", tools=[WEATHER])).json["usage"]
    assert counted.json["input_tokens"] == usage["input_tokens"]
    refused = await messages(path="/v1/messages/count_tokens", max_tokens=9)
    assert refused.json["error"]["message"] == "max_tokens: Extra inputs are not permitted"


async def test_thinking_is_a_part_of_the_output(messages: Messages) -> None:
    reply = await messages(headers={"x-sandbox-thinking": '"12345678"', "x-sandbox-text": '"1234"'})
    assert reply.json["usage"]["output_tokens"] == 3
    assert reply.json["usage"]["output_tokens_details"] == {"thinking_tokens": 2}


async def test_a_stream_begins_with_one_token_and_ends_with_all(messages: Messages) -> None:
    events = (await messages(stream=True, headers={"x-sandbox-chunks": "40"})).events
    assert events[0]["message"]["usage"]["output_tokens"] == 1
    assert events[-2]["usage"]["output_tokens"] == 40
    assert events[-2]["usage"]["input_tokens"] == events[0]["message"]["usage"]["input_tokens"]


async def test_a_dictated_usage_is_reported_word_for_word(messages: Messages) -> None:
    usage = {"input_tokens": 7, "output_tokens": 9, "cache_read_input_tokens": 3, "new": None}
    headers = {"x-sandbox-usage": json.dumps(usage)}
    assert (await messages(headers=headers)).json["usage"] == usage
    assert (await messages(headers=headers, stream=True)).events[-2]["usage"] == usage


async def test_arguments_come_in_pieces(messages: Messages) -> None:
    events = (await messages(headers={"x-sandbox-calls": CALLS}, stream=True)).events
    pieces = [event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"]
    assert pieces[0] == ""
    assert "".join(pieces) == '{"city":"Paris"}{}'
    assert len(pieces) > 4
