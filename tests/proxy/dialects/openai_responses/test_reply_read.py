"""A provider's whole response (OpenAI API reference: the response object; guides: reasoning, tools-web-search)."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation, Declined, Reasoning, Text, ToolCall
from proxy.dialects.openai_responses.reply_read import read_reply
from proxy.dialects.provider_error import NotThisDialect, ProviderError

CITED = {"type": "url_citation", "start_index": 0, "end_index": 2, "url": "https://x", "title": "X"}
WHOLE: dict[str, Any] = {
    "id": "resp_67ccd2bed1ec8190b14f964abc054267",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5-2025-08-07",
    "service_tier": "default",
    "output": [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
            "encrypted_content": "gAAAA",
        },
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
        {
            "type": "message",
            "id": "msg_67ccd2bf17f0819081ff3bb2cf6508e6",
            "status": "completed",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "Hi",
                    "annotations": [CITED],
                    "logprobs": [{"token": "Hi", "bytes": [72, 105], "logprob": -0.5, "top_logprobs": []}],
                },
                {"type": "hologram", "text": "?"},
            ],
        },
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "g", "input": "text"},
        {"type": "brand_new_item", "content": 5},
    ],
    "usage": {
        "input_tokens": 36,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 87,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 123,
    },
}


def read(**changes: Any) -> Any:
    return read_reply(msgspec.json.encode({**WHOLE, **changes}))


def test_everything_that_is_known_is_read() -> None:
    answer = read()
    (choice,) = answer.choices
    assert choice.parts == [
        Reasoning(text="one\n\ntwo", signature="gAAAA", id="rs_1", origin="openai-responses"),
        Text(text="Hi", citations=[Citation(url="https://x", title="X", start=0, end=2, native=CITED)]),
        ToolCall(id="c1", name="f", arguments='{"a":1}'),
        ToolCall(id="c2", name="g", arguments="text", free=True),
    ]
    assert choice.finish == "tool_calls"
    assert choice.logprobs == [TokenLogprob(token="Hi", logprob=-0.5, bytes=[72, 105])]
    assert (answer.id, answer.model) == ("resp_67ccd2bed1ec8190b14f964abc054267", "gpt-5-2025-08-07")
    assert (answer.created, answer.service_tier) == (1741476542, "default")
    assert answer.usage.tokens == Tokens(input_uncached=36, output=87, output_reasoning=7)
    assert answer.usage.searches == 1


def test_thoughts_without_a_summary_and_thoughts_in_plain_text() -> None:
    output = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "plain"}]},
        {"type": "reasoning", "summary": []},
    ]
    assert read(output=output).choices[0].parts == [
        Reasoning(signature="gAAAA", redacted=True, id="rs_1", origin="openai-responses"),
        Reasoning(text="plain"),
    ]


def test_a_refusal() -> None:
    message = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
    (choice,) = read(output=[message]).choices
    assert (choice.parts, choice.finish) == ([Declined(text="no")], "refusal")


def test_a_cut_reply() -> None:
    (choice,) = read(status="incomplete", incomplete_details={"reason": "max_output_tokens"}).choices
    assert choice.finish == "length"


def test_an_error_with_status_200() -> None:
    with pytest.raises(ProviderError, match="broke"):
        read(status="failed", error={"code": "server_error", "message": "it broke"})
    with pytest.raises(ProviderError, match="nope"):
        read_reply(b'{"error":{"message":"nope","code":502}}')


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"output":5}', b'{"output":[{"type":"message","content":7}]}', b"\xff"]
)
def test_what_is_no_response(body: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read_reply(body)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_what_has_not_ended_is_no_reply(status: str) -> None:
    with pytest.raises(NotThisDialect):
        read(status=status, output=[])
