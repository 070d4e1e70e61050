"""Whole replies of providers that speak chat, as their references show them."""

import json
from typing import Any

import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Finish, TokenLogprob
from proxy.canonical.parts import Citation, Declined, Part, Reasoning, Text, ToolCall
from proxy.dialects.openai_chat.reply_read import content_parts, finish_of, read
from proxy.dialects.provider_error import NotThisDialect, ProviderError

OPENAI: dict[str, Any] = {
    "id": "chatcmpl-B9",
    "object": "chat.completion",
    "created": 1741569952,
    "model": "gpt-4.1-2025-04-14",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 19,
        "completion_tokens": 10,
        "total_tokens": 29,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    },
    "service_tier": "default",
}
"""The example of the API reference, Create chat completion."""


def answer(value: object) -> Answer:
    return read(json.dumps(value).encode())


def parts(message: dict[str, Any], finish: str = "stop") -> list[Part]:
    return answer({"choices": [{"index": 0, "message": message, "finish_reason": finish}]}).choices[0].parts


def test_openais_example_is_read_whole() -> None:
    read = answer(OPENAI)
    assert (read.id, read.model, read.created, read.service_tier) == (
        "chatcmpl-B9",
        "gpt-4.1-2025-04-14",
        1741569952,
        "default",
    )
    assert read.choices[0].parts == [Text(text="Hello!")]
    assert read.choices[0].finish == "stop"
    assert read.usage.raw == OPENAI["usage"]
    assert read.usage.tokens == Tokens(input_uncached=19, output=10)


def test_parallel_tool_calls_are_read() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "custom", "custom": {"name": "sh", "input": "ls"}},
        {
            "id": "c",
            "type": "function",
            "function": {"name": "g", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "sig"}},
        },
    ]
    assert parts({"content": None, "tool_calls": calls}, "tool_calls") == [
        ToolCall(id="a", name="f", arguments='{"x":1}'),
        ToolCall(id="b", name="sh", arguments="ls", free=True),
        ToolCall(id="c", name="g", arguments="{}", signature="sig", origin="openai-chat"),
    ]


def test_calls_without_ids_get_some_and_arguments_as_objects_become_json() -> None:
    calls = [{"id": "", "function": {"name": "f", "arguments": {"x": 1}}}, {"function": {"name": "f"}}]
    first, second = parts({"tool_calls": calls})
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert (first.arguments, second.arguments) == ('{"x":1}', "{}")
    assert first.id
    assert first.id != second.id


def test_a_deprecated_function_call_is_a_tool_call() -> None:
    (call,) = parts({"content": None, "function_call": {"name": "f", "arguments": "{}"}}, "function_call")
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("f", "{}")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param({"reasoning_content": "Hm."}, [Reasoning(text="Hm.")], id="DeepSeek, Qwen, xAI"),
        pytest.param({"reasoning": "Hm."}, [Reasoning(text="Hm.")], id="Groq, vLLM, Together"),
        pytest.param(
            {
                "reasoning": "Hm.",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Hm.", "signature": "s", "format": "anthropic-claude-v1"},
                    {"type": "reasoning.encrypted", "data": "b", "id": "rs_1"},
                ],
            },
            [
                Reasoning(text="Hm.", signature="s", origin="openai-chat"),
                Reasoning(signature="b", redacted=True, id="rs_1", origin="openai-chat"),
            ],
            id="OpenRouter says it twice",
        ),
        pytest.param(
            {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.encrypted", "data": "b"}]},
            [Reasoning(text="Hm."), Reasoning(signature="b", redacted=True, origin="openai-chat")],
            id="OpenRouter, encrypted beside a summary",
        ),
    ],
)
def test_thoughts_are_read_once(message: dict[str, Any], expected: list[Part]) -> None:
    assert parts(message | {"content": "Yes."}) == [*expected, Text(text="Yes.")]


def test_mistrals_chunks_are_thoughts_and_text() -> None:
    content = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Yes."},
        {"type": "reference", "reference_ids": [1]},
    ]
    assert parts({"content": content}) == [Reasoning(text="Hm."), Text(text="Yes.")]
    assert content_parts(7) == []


def test_a_refusal_in_words_is_why_the_reply_ends() -> None:
    """developers.openai.com/api/docs/guides/structured-outputs, Refusals: it ends with `stop`."""
    assert finish_of("stop", called=False, declined=True) == "refusal"
    assert finish_of("length", called=False, declined=True) == "length"
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "refusal": "No."}, "finish_reason": "stop"}
    reply = {"id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "gpt-x", "choices": [choice]}
    assert read(json.dumps(reply).encode()).choices[0].finish == "refusal"


def test_a_refusal_and_citations_are_read() -> None:
    assert parts({"content": None, "refusal": "No."}) == [Declined(text="No.")]
    cited = {"url": "https://e.com", "title": "E", "start_index": 0, "end_index": 4}
    annotation = {"type": "url_citation", "url_citation": cited}
    (text,) = parts({"content": "Rain.", "annotations": [annotation, {"type": "file"}]})
    assert isinstance(text, Text)
    assert text.citations == [Citation(url="https://e.com", title="E", start=0, end=4, native=annotation)]


@pytest.mark.parametrize(
    ("word", "called", "finish"),
    [
        ("stop", False, "stop"),
        ("length", False, "length"),
        ("content_filter", False, "content_filter"),
        ("tool_calls", True, "tool_calls"),
        ("function_call", True, "tool_calls"),
        ("stop", True, "tool_calls"),
        ("model_length", False, "length"),
        ("eos", False, "stop"),
        (None, False, "stop"),
        (7, False, "stop"),
    ],
)
def test_every_word_for_the_end_is_understood(word: object, called: bool, finish: Finish) -> None:
    assert finish_of(word, called=called) == finish


@pytest.mark.parametrize(("word", "status"), [("error", 502), ("insufficient_system_resource", 503), ("abort", 502)])
def test_a_reply_that_broke_off_is_an_error(word: str, status: int) -> None:
    with pytest.raises(ProviderError) as failed:
        parts({"content": "Half"}, word)
    assert failed.value.status == status


def test_the_stop_sequence_is_told_where_the_provider_says_it() -> None:
    choice = {"message": {"content": "a"}, "finish_reason": "stop", "stop_reason": "END"}
    read = answer({"choices": [choice, choice | {"stop_reason": 2}]}).choices
    assert [(each.finish, each.stop_sequence) for each in read] == [("stop_sequence", "END"), ("stop", None)]


def test_logprobs_are_read_and_odd_ones_skipped() -> None:
    told = {
        "content": [{"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -2.5}]}]
    }
    choice = {"message": {"content": "a"}, "finish_reason": "stop"}
    read = answer(
        {"choices": [choice | {"logprobs": told}, choice | {"logprobs": {"content": [{"token": 1}]}}]}
    ).choices
    assert read[0].logprobs == [
        TokenLogprob(token="a", logprob=-1.0, bytes=[97], top=[TokenLogprob(token="b", logprob=-2.5)])
    ]
    assert read[1].logprobs is None


def test_usage_that_is_unsound_is_kept_raw() -> None:
    read = answer(OPENAI | {"usage": {"prompt_tokens": -1}})
    assert (read.usage.raw, read.usage.tokens) == ({"prompt_tokens": -1}, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"error": {"code": 402, "message": "Insufficient credits"}}, 402, id="OpenRouter with status 200"),
        pytest.param({"object": "error", "message": "no such model", "code": 404}, 404, id="vLLM, flat"),
        pytest.param({"detail": "Internal Server Error"}, None, id="FastAPI"),
    ],
)
def test_an_error_with_status_200_is_an_error(body: object, status: int | None) -> None:
    with pytest.raises(ProviderError) as failed:
        answer(body)
    assert failed.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"choices":',
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":{}}',
        b'{"choices":["x"]}',
        b"[" * 99_999,
    ],
)
def test_what_is_no_chat_completion_says_so(body: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read(body)


def test_odd_fields_are_skipped() -> None:
    odd = {"content": 5, "tool_calls": ["x", {}, {"function": 1}, {"custom": {}}], "annotations": {}, "refusal": []}
    assert parts(odd) == []
    assert answer({"choices": [{"message": None, "finish_reason": "stop"}]}).choices[0].parts == []
