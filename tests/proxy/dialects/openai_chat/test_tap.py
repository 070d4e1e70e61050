"""What the tap reads of replies, and what is sent to an upstream of the same dialect."""

import json

import msgspec
import pytest

from proxy.dialects.openai_chat.tap import (
    decode_chunk,
    decode_reply,
    plain_characters,
    produced_characters,
    upstream_body,
    wants_usage,
)

SOUND = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def test_an_upstream_gets_what_was_parsed_with_its_own_model() -> None:
    body = {"model": "chat", "messages": [{"role": "user", "content": "h\u00e9"}], "seed": 2**70, "temperature": 0.1}
    sent = json.loads(upstream_body(body, "gpt-4o-mini", stream=False))
    assert sent == body | {"model": "gpt-4o-mini"}
    assert body["model"] == "chat"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (None, {"include_usage": True}),
        ({"include_usage": False}, {"include_usage": True}),
        ({"include_obfuscation": False}, {"include_obfuscation": False, "include_usage": True}),
        ("nonsense", {"include_usage": True}),
    ],
)
def test_a_stream_is_always_asked_for_its_usage(options: object, sent: dict[str, bool]) -> None:
    body = {"model": "chat", "stream": True} | ({} if options is None else {"stream_options": options})
    before = json.dumps(body)
    assert json.loads(upstream_body(body, "m", stream=True))["stream_options"] == sent
    assert json.dumps(body) == before
    assert wants_usage(body) is False


def test_a_client_that_asked_for_usage_is_known() -> None:
    assert wants_usage({"stream_options": {"include_usage": True}})
    assert not wants_usage({"stream_options": {"include_usage": 1}})


def test_metadata_for_attribution_stays_here_unless_it_is_stored_there() -> None:
    body = {"model": "chat", "metadata": {"feature": "x"}}
    assert "metadata" not in json.loads(upstream_body(body, "m", stream=False))
    assert "metadata" in json.loads(upstream_body(body | {"store": True}, "m", stream=False))


SAID = {
    "content": "abc",
    "refusal": "no",
    "reasoning_content": "hmm?",
    "tool_calls": [{"index": 0, "function": {"name": "look_up", "arguments": '{"a":1}'}}],
}
CHARACTERS = 3 + 2 + 4 + 7 + 7


def test_streamed_and_plain_output_are_counted_alike() -> None:
    chunk = decode_chunk(json.dumps({"choices": [{"delta": SAID}, {"text": "12345"}]}))
    assert chunk.choices is not None
    assert sum(produced_characters(choice) for choice in chunk.choices) == CHARACTERS + 5
    reply = decode_reply(json.dumps({"choices": [{"message": SAID}, {"text": "12345"}]}))
    assert plain_characters(reply) == CHARACTERS + 5


@pytest.mark.parametrize(
    "said",
    [
        {"content": None, "tool_calls": None},
        {"content": [{"type": "text"}], "refusal": 5},
        {"tool_calls": "x"},
        {"tool_calls": [None, 1, {"function": None}, {"function": {"name": None, "arguments": None}}]},
        {},
    ],
)
def test_output_of_a_shape_that_we_do_not_know_counts_nothing(said: object) -> None:
    chunk = decode_chunk(json.dumps({"choices": [{"delta": said}]}))
    assert chunk.choices is not None
    assert produced_characters(chunk.choices[0]) == 0
    assert plain_characters(decode_reply(json.dumps({"choices": [{"message": said}]}))) == 0


@pytest.mark.parametrize("text", ["[1]", "1", '"x"', "{", "", '{"choices":"x"}', '{"choices":[null]}', "[DONE]"])
def test_what_is_no_reply_of_this_api_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_chunk(text)
    with pytest.raises(msgspec.DecodeError):
        decode_reply(text)
