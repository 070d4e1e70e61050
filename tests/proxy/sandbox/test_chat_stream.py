"""Streams that carry more than text, against the plain reply and the types of the official SDK."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.kit.raw_http import RawReply
from tests.kit.strict_types import assert_fits

Chat = Callable[..., Awaitable[RawReply]]

CALLS = [{"name": "get_weather", "arguments": {"city": "Ulm"}}, {"name": "get_time", "arguments": {}}]


def demand(**values: Any) -> dict[str, str]:
    return {f"x-sandbox-{name.replace('_', '-')}": json.dumps(value) for name, value in values.items()}


def put_together(reply: RawReply) -> dict[str, Any]:
    """The message that the deltas make, with its logprobs and its finish reason."""
    message: dict[str, Any] = {}
    logprobs: list[Any] = []
    calls: dict[int, dict[str, Any]] = {}
    finish = None
    for event in reply.events:
        (choice,) = event["choices"]
        finish = choice["finish_reason"] or finish
        for name in ("content", "refusal"):
            logprobs += (choice["logprobs"] or {}).get(name) or []
        for name, value in choice["delta"].items():
            if name == "tool_calls":
                for call in value:
                    kind = "custom" if "custom" in call else "function"
                    known = calls.setdefault(call["index"], {"arguments": ""} | call)
                    known["arguments"] += call[kind]["input" if kind == "custom" else "arguments"]
            elif isinstance(value, str) and name != "role":
                message[name] = (message.get(name) or "") + value
            else:
                message[name] = value
    return {"message": message, "calls": list(calls.values()), "logprobs": logprobs, "finish": finish}


async def both(chat: Chat, headers: dict[str, str], **asked: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The one choice of the plain reply, and what the stream of the same makes."""
    plain, stream = await chat(headers=headers, **asked), await chat(headers=headers, stream=True, **asked)
    for event in stream.events:
        known = {name: value for name, value in event["choices"][0]["delta"].items() if name not in _NOT_OPENAIS}
        event["choices"][0]["delta"] = known
        assert_fits(event, ChatCompletionChunk)
    body = plain.json
    body["choices"][0]["message"].pop("reasoning_content", None)
    assert_fits(body, ChatCompletion)
    return plain.json["choices"][0], put_together(stream)


_NOT_OPENAIS = ("reasoning_content", "annotations")
"""DeepSeek's, and what OpenAI streams without documenting it."""


async def test_thoughts_text_and_parallel_calls_come_in_this_order(chat: Chat) -> None:
    headers = demand(thinking="Let me see.", text="I look.", calls=CALLS)
    plain, streamed = await both(chat, headers)
    message = plain["message"]
    assert message["reasoning_content"] == streamed["message"]["reasoning_content"] == "Let me see."
    assert message["content"] == streamed["message"]["content"] == "I look."
    called = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]
    assert called == [("get_weather", {"city": "Ulm"}), ("get_time", {})]
    assert [(call["id"], call["arguments"]) for call in streamed["calls"]] == [
        (call["id"], call["function"]["arguments"]) for call in message["tool_calls"]
    ]
    assert plain["finish_reason"] == streamed["finish"] == "tool_calls"
    assert len({call["id"] for call in message["tool_calls"]}) == 2


async def test_calls_alone_come_without_content(chat: Chat) -> None:
    plain, streamed = await both(chat, demand(calls=CALLS))
    assert plain["message"]["content"] is None
    assert streamed["message"]["content"] is None


async def test_a_custom_tool_takes_any_text(chat: Chat) -> None:
    tools = [{"type": "custom", "custom": {"name": "shout"}}]
    headers = demand(calls=[{"name": "shout", "arguments": "HEY\n"}])
    plain = (await chat(headers=headers, tools=tools)).json["choices"][0]["message"]["tool_calls"][0]
    assert (plain["type"], plain["custom"]) == ("custom", {"name": "shout", "input": "HEY\n"})
    streamed = put_together(await chat(headers=headers, tools=tools, stream=True))
    assert streamed["calls"][0]["arguments"] == "HEY\n"
    required = (await chat(tools=tools, tool_choice="required")).json["choices"][0]
    assert required["message"]["tool_calls"][0]["custom"]["name"] == "shout"


async def test_a_refusal_stands_in_place_of_content(chat: Chat) -> None:
    plain, streamed = await both(chat, demand(text="No.") | {"x-sandbox-finish": "refusal"})
    assert (plain["message"]["content"], plain["message"]["refusal"], plain["finish_reason"]) == (None, "No.", "stop")
    assert (streamed["message"]["content"], streamed["message"]["refusal"]) == (None, "No.")


@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
async def test_the_end_is_the_one_that_was_dictated(chat: Chat, finish: str) -> None:
    plain, streamed = await both(chat, {"x-sandbox-finish": finish})
    assert plain["finish_reason"] == streamed["finish"] == finish


async def test_a_chat_never_pauses(chat: Chat) -> None:
    assert (await chat(headers={"x-sandbox-finish": "pause"})).status == 400


async def test_citations_are_annotations(chat: Chat) -> None:
    cited = [{"url": "https://a.test", "title": "A", "quote": "two"}]
    plain, streamed = await both(chat, demand(text="one two", citations=cited))
    assert plain["message"]["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {"url": "https://a.test", "title": "A", "start_index": 4, "end_index": 7},
        }
    ]
    raw = await chat(headers=demand(text="one two", citations=cited), stream=True)
    (added,) = [event for event in raw.events if "annotations" in event["choices"][0]["delta"]]
    assert added["choices"][0]["delta"]["annotations"] == plain["message"]["annotations"]
    assert streamed["message"]["content"] == "one two"


async def test_logprobs_are_said_where_they_are_asked_for(chat: Chat) -> None:
    plain, streamed = await both(chat, demand(text="one two"), logprobs=True, top_logprobs=2)
    known = plain["logprobs"]["content"]
    assert known == streamed["logprobs"]
    assert [each["token"] for each in known] == ["one ", "two"]
    assert all(len(each["top_logprobs"]) == 2 for each in known)
    assert all(each["top_logprobs"][0]["logprob"] == each["logprob"] for each in known)
    without, _ = await both(chat, {})
    assert without["logprobs"] is None
    assert (await chat(top_logprobs=2)).json["error"]["param"] == "top_logprobs"
