"""Replies by the API reference: they fit the SDK's `ChatCompletion` to the letter, but for the extensions by name."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Finish, TokenLogprob, Usage
from proxy.canonical.parts import Citation, Declined, Reasoning, Text, ToolCall
from proxy.dialects.openai_chat.reply_write import write
from tests.kit.strict_types import assert_fits

EXTENSIONS = ("reasoning_content", "reasoning_details")
TOKENS = Tokens(input_uncached=3, output=2)
BODY: dict[str, Any] = {"model": "support-bot", "messages": []}


def written(*choices: Choice, body: dict[str, Any] = BODY, **said: Any) -> dict[str, Any]:
    """The reply, after its plain part was held against the SDK's types."""
    raw = write(Answer(choices=list(choices), usage=Usage(), **said), TOKENS, body, "c1")
    plain = json.loads(raw)
    for choice in plain["choices"]:
        choice["message"] = {name: value for name, value in choice["message"].items() if name not in EXTENSIONS}
        for call in choice["message"].get("tool_calls", ()):
            call.pop("extra_content", None)
    assert_fits(plain, ChatCompletion)
    reply: dict[str, Any] = json.loads(raw)
    return reply


def test_a_text_reply_has_all_that_a_client_reads() -> None:
    reply = written(Choice(parts=[Text(text="Hi "), Text(text="there.")], finish="stop"), model="claude-x", created=5)
    assert reply == {
        "id": "chatcmpl-c1",
        "object": "chat.completion",
        "created": 5,
        "model": "claude-x",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi there.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    }


def test_parallel_tool_calls_stand_without_content() -> None:
    calls = [
        ToolCall(id="a", name="f", arguments="{}"),
        ToolCall(id="b", name="g", arguments='{"x":1}', signature="sig", origin="gemini"),
        ToolCall(id="c", name="shell", arguments="ls", free=True),
    ]
    choice = written(Choice(parts=[*calls], finish="tool_calls"))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {
            "id": "b",
            "type": "function",
            "function": {"name": "g", "arguments": '{"x":1}'},
            "extra_content": {"google": {"thought_signature": "gw1.gemini.sig"}},
        },
        {"id": "c", "type": "custom", "custom": {"name": "shell", "input": "ls"}},
    ]


def test_who_asked_for_functions_gets_a_function_call() -> None:
    body = BODY | {"functions": [{"name": "f"}]}
    call = ToolCall(id="a", name="f", arguments="{}")
    choice = written(Choice(parts=[call], finish="tool_calls"), body=body)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    assert choice["finish_reason"] == "function_call"
    assert "tool_calls" not in choice["message"]


def test_thoughts_stand_beside_the_text_with_their_signatures() -> None:
    thoughts = [
        Reasoning(text="Hm.", signature="abc", origin="anthropic-messages"),
        Reasoning(signature="red", redacted=True, origin="anthropic-messages"),
    ]
    message = written(Choice(parts=[*thoughts, Text(text="Yes.")], finish="stop"))["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("Yes.", "Hm.")
    assert message["reasoning_details"] == [
        {
            "type": "reasoning.text",
            "text": "Hm.",
            "index": 0,
            "signature": "gw1.anthropic-messages.abc",
            "format": "anthropic-claude-v1",
        },
        {
            "type": "reasoning.encrypted",
            "data": "gw1.anthropic-messages.red",
            "format": "anthropic-claude-v1",
            "index": 1,
        },
    ]


def test_who_excludes_thoughts_gets_none() -> None:
    body = BODY | {"reasoning": {"exclude": True}}
    parts: list[Any] = [Reasoning(text="Hm."), Text(text="Yes.")]
    message = written(Choice(parts=parts, finish="stop"), body=body)["choices"][0]["message"]
    assert not set(EXTENSIONS) & message.keys()


def test_citations_count_characters_of_the_whole_message() -> None:
    parts: list[Any] = [
        Text(text="Rain. "),
        Text(text="Wind.", citations=[Citation(url="https://e.com/w", title="Weather"), Citation(quote="no address")]),
        Text(text=" Sun.", citations=[Citation(url="https://e.com/s", start=1, end=4)]),
    ]
    message = written(Choice(parts=parts, finish="stop"))["choices"][0]["message"]
    assert [each["url_citation"] for each in message["annotations"]] == [
        {"url": "https://e.com/w", "title": "Weather", "start_index": 6, "end_index": 11},
        {"url": "https://e.com/s", "title": "https://e.com/s", "start_index": 12, "end_index": 15},
    ]


def test_logprobs_are_told() -> None:
    told = TokenLogprob(
        token="Hi", logprob=-0.1, bytes=[72, 105], top=[TokenLogprob(token="Ho", logprob=-2.5, bytes=None)]
    )
    choice = written(Choice(parts=[Text(text="Hi")], finish="stop", logprobs=[told]))["choices"][0]
    assert choice["logprobs"] == {
        "content": [
            {
                "token": "Hi",
                "logprob": -0.1,
                "bytes": [72, 105],
                "top_logprobs": [{"token": "Ho", "logprob": -2.5, "bytes": None}],
            }
        ],
        "refusal": None,
    }


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        ("stop", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("refusal", "content_filter"),
        ("pause", "length"),
    ],
)
def test_every_end_has_one_of_openais_words(finish: Finish, word: str) -> None:
    assert written(Choice(parts=[Text(text="x")], finish=finish))["choices"][0]["finish_reason"] == word


def test_a_refusal_in_words_stands_in_its_own_field() -> None:
    choice = written(Choice(parts=[Declined(text="I can't.")], finish="refusal"))["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": None, "refusal": "I can't."}
    assert choice["finish_reason"] == "stop"


def test_several_choices_and_the_callers_own_model_name() -> None:
    reply = written(Choice(parts=[Text(text="a")], finish="stop"), Choice(parts=[Text(text="b")], finish="length"))
    assert [(each["index"], each["message"]["content"]) for each in reply["choices"]] == [(0, "a"), (1, "b")]
    assert reply["model"] == "support-bot"


@pytest.mark.parametrize(("tier", "told"), [("flex", "flex"), ("standard", None), (None, None)])
def test_only_openais_tiers_are_told(tier: str | None, told: str | None) -> None:
    reply = written(Choice(parts=[Text(text="a")], finish="stop"), service_tier=tier)
    assert reply.get("service_tier") == told
