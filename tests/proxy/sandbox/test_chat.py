"""Good chat replies; the oracle is what the official SDK makes of them, and figures counted by hand."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError
from pydantic import BaseModel

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply

Chat = Callable[..., Awaitable[RawReply]]

HELLO: Any = [{"role": "user", "content": "hi"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
        },
    },
}
CLOCK: Any = {"type": "function", "function": {"name": "get_time"}}


@pytest.fixture
async def openai(sandbox: Sandbox) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=0) as client:
        yield client


async def streamed(openai: AsyncOpenAI, **asked: Any) -> tuple[list[str], list[Any], Any]:
    """Text per choice, tool calls of the first, usage."""
    texts, usage = ["", "", ""], None
    calls: dict[int, dict[str, Any]] = {}
    async for chunk in await openai.chat.completions.create(
        stream=True, stream_options={"include_usage": True}, **asked
    ):
        if not chunk.choices:
            usage = chunk.usage
            continue
        assert chunk.usage is None
        (choice,) = chunk.choices
        texts[choice.index] += choice.delta.content or ""
        for call in choice.delta.tool_calls or ():
            known = calls.setdefault(call.index, {"id": call.id, "name": call.function.name, "arguments": ""})
            known["arguments"] += call.function.arguments or ""
    return texts, list(calls.values()), usage


@pytest.mark.parametrize(
    "asked",
    [
        {"model": "gpt-4o-mini"},
        {"model": "gpt-4o", "n": 3, "max_tokens": 30},
        {"model": "gpt-5", "max_completion_tokens": 2000},
        {"model": "acme/any", "stop": [" the "]},
        {"model": "gpt-4o", "response_format": {"type": "json_object"}},
    ],
    ids=lambda asked: asked["model"],
)
async def test_streamed_and_plain_replies_say_the_same(openai: AsyncOpenAI, asked: dict[str, Any]) -> None:
    plain = await openai.chat.completions.create(messages=HELLO, **asked)
    texts, _, usage = await streamed(openai, messages=HELLO, **asked)
    assert plain.model == asked["model"]
    assert [choice.message.content for choice in plain.choices] == texts[: asked.get("n", 1)]
    assert plain.usage == usage


async def test_the_same_request_gets_the_same_bytes_and_another_gets_others(chat: Chat) -> None:
    first, again, other = await chat(), await chat(), await chat(messages=[{"role": "user", "content": "ho"}])
    assert first.body == again.body
    assert first.json["id"] != other.json["id"]
    assert first.json["choices"] != other.json["choices"]
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


async def test_the_prompt_is_counted_message_by_message(openai: AsyncOpenAI) -> None:
    messages: Any = [
        {"role": "system", "content": "Be brief."},  # 9 characters: 3, and 4 for the message
        {"role": "user", "content": "hi"},  # 1 and 4; and 3 for the prompt
    ]
    reply = await openai.chat.completions.create(model="gpt-4o", messages=messages)
    assert reply.usage
    assert reply.usage.prompt_tokens == 3 + 4 + 1 + 4 + 3
    assert reply.usage.total_tokens == 15 + reply.usage.completion_tokens


async def test_images_and_sound_are_counted_too(openai: AsyncOpenAI) -> None:
    sound = base64.b64encode(b"\0" * 48_000).decode()  # one second
    parts: Any = [
        {"type": "text", "text": "What?"},  # 2
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},  # 85
        {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},  # 11: ten a second, and one
    ]
    reply = await openai.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": parts}])
    assert reply.usage
    assert reply.usage.prompt_tokens == 3 + 4 + 2 + 85 + 11
    assert reply.usage.prompt_tokens_details
    assert reply.usage.prompt_tokens_details.audio_tokens == 11


async def test_a_limit_ends_the_text(openai: AsyncOpenAI) -> None:
    reply = await openai.chat.completions.create(model="gpt-4o", messages=HELLO, max_tokens=4)
    assert reply.choices[0].message.content == "This is the sandbox"
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage
    assert reply.usage.completion_tokens == 4


async def test_thinking_uses_up_the_limit_first(openai: AsyncOpenAI) -> None:
    reply = await openai.chat.completions.create(model="o4-mini", messages=HELLO, max_completion_tokens=20)
    assert reply.choices[0].message.content == ""
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage
    assert reply.usage.completion_tokens == 20
    assert reply.usage.completion_tokens_details
    assert reply.usage.completion_tokens_details.reasoning_tokens == 20


async def test_a_wrong_prediction_is_part_of_the_output(openai: AsyncOpenAI) -> None:
    prediction: Any = {"type": "content", "content": "x" * 40}  # 10 tokens: 5 right, 5 wrong
    without = await openai.chat.completions.create(model="gpt-4o", messages=HELLO)
    reply = await openai.chat.completions.create(model="gpt-4o", messages=HELLO, prediction=prediction)
    assert reply.usage
    assert without.usage
    assert reply.usage.completion_tokens == without.usage.completion_tokens + 5
    details = reply.usage.completion_tokens_details
    assert details
    assert (details.accepted_prediction_tokens, details.rejected_prediction_tokens) == (5, 5)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
async def test_a_tool_is_called_where_the_choice_asks_for_it(openai: AsyncOpenAI, choice: Any) -> None:
    asked: Any = {"model": "gpt-4o", "messages": HELLO, "tools": [WEATHER], "tool_choice": choice}
    plain = await openai.chat.completions.create(**asked)
    assert plain.choices[0].finish_reason == "tool_calls"
    assert plain.choices[0].message.content is None
    assert plain.choices[0].message.tool_calls
    (call,) = plain.choices[0].message.tool_calls
    assert call.type == "function"
    arguments = json.loads(call.function.arguments)
    assert arguments.keys() == {"city", "days"}
    assert 1 <= arguments["days"] < 7

    _, calls, usage = await streamed(openai, **asked)
    assert calls == [{"id": call.id, "name": "get_weather", "arguments": call.function.arguments}]
    assert usage == plain.usage


@pytest.mark.parametrize("choice", ["auto", "none"])
async def test_left_to_itself_it_answers_with_text(openai: AsyncOpenAI, choice: Any) -> None:
    reply = await openai.chat.completions.create(
        model="gpt-4o", messages=HELLO, tools=[WEATHER, CLOCK], tool_choice=choice
    )
    assert reply.choices[0].message.tool_calls is None
    assert reply.choices[0].message.content


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
        ({"tools": [{"type": "retrieval", "retrieval": {"name": "x"}}]}, "tools[0].type"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
    ],
)
async def test_what_makes_no_sense_is_refused(openai: AsyncOpenAI, asked: Any, param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        await openai.chat.completions.create(model="gpt-4o", messages=HELLO, **asked)
    assert caught.value.param == param


class Recipe(BaseModel):
    title: str
    minutes: int
    steps: list[str]


async def test_a_structured_reply_fits_its_schema(openai: AsyncOpenAI) -> None:
    reply = await openai.chat.completions.parse(model="gpt-4o", messages=HELLO, response_format=Recipe)
    assert isinstance(reply.choices[0].message.parsed, Recipe)


async def test_a_test_dictates_usage_text_and_number_of_deltas(chat: Chat) -> None:
    demanded = {"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}}
    headers = {"x-sandbox-usage": json.dumps(demanded), "x-sandbox-chunks": "7"}
    plain = await chat(headers=headers)
    stream = await chat(headers=headers, stream=True, stream_options={"include_usage": True})
    assert plain.json["usage"] == stream.events[-1]["usage"] == demanded
    assert len(stream.frames) == 1 + 7 + 1 + 1 + 1  # role, deltas, finish reason, usage, [DONE]

    text = "\x1b[2J\u202e[bold]\ud83d\ude42\n=1+1"
    said = await chat(headers={"x-sandbox-text": json.dumps(text)})
    assert said.json["choices"][0]["message"]["content"] == text.encode("utf-16", "surrogatepass").decode("utf-16")


async def test_the_usage_chunk_comes_only_where_it_was_asked_for(chat: Chat) -> None:
    without = await chat(stream=True)
    assert all("usage" not in event for event in without.events)
    wanted = await chat(stream=True, stream_options={"include_usage": True})
    *deltas, last = wanted.events
    assert all(event["usage"] is None for event in deltas)
    assert (last["choices"], last["usage"]["prompt_tokens"]) == ([], 8)
