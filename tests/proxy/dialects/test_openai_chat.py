"""What OpenAI's usage object means, by the tables of the API reference, and what is sent to an upstream."""

import json

import msgspec
import pytest

from gatewatch.call import Call, Tokens, line
from proxy.dialects.openai_chat import (
    USAGE_BYTES,
    decode_chunk,
    decode_reply,
    kept_usage,
    plain_characters,
    produced_characters,
    tokens_of,
    upstream_body,
    wants_usage,
)

SOUND = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            # worked example 1 of the price table: 2006 in, of which 1920 cached
            {"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}},
            Tokens(input_uncached=86, input_cache_read=1920, output=300),
            id="cached tokens are inside the prompt",
        ),
        pytest.param(
            {"prompt_tokens": 1200, "completion_tokens": 2448, "completion_tokens_details": {"reasoning_tokens": 2048}},
            Tokens(input_uncached=1200, output=2448, output_reasoning=2048),
            id="reasoning is inside the completion",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 50}},
            Tokens(input_uncached=20, input_cache_read=30, input_cache_write_5m=50, output=20),
            id="cache writes are inside the prompt",
        ),
        pytest.param(
            SOUND
            | {
                "prompt_tokens_details": {"audio_tokens": 60, "image_tokens": 10},
                "completion_tokens_details": {"audio_tokens": 15},
            },
            Tokens(input_uncached=30, input_audio=60, input_image=10, output=20, output_audio=15),
            id="audio and images are inside",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"cached_tokens": 80, "audio_tokens": 50}},
            Tokens(input_cache_read=80, input_audio=20, output=20),
            id="cached audio stands in both counts and is charged as cached",
        ),
        pytest.param(
            SOUND | {"completion_tokens_details": {"rejected_prediction_tokens": 9, "accepted_prediction_tokens": 3}},
            Tokens(input_uncached=100, output=20),
            id="rejected predictions are inside the completion and billed",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 36,
            },
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="DeepSeek: hits are inside the prompt",
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": None}},
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="DeepSeek's own field stands where OpenAI's is null",
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 64}},
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="one number in both fields counts once",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 150,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Tokens(input_uncached=100, output=50, output_reasoning=30),
            id="xAI: reasoning beside the completion, as the total shows",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 20,
                "input_tokens_details": {"cached_tokens": 10},
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            Tokens(input_uncached=90, input_cache_read=10, output=20, output_reasoning=5),
            id="the names of the responses API",
        ),
        pytest.param(
            {"prompt_tokens": 8, "total_tokens": 8}, Tokens(input_uncached=8), id="embeddings have no completion"
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": 0}, Tokens(input_uncached=10), id="a stated 0 is an answer"
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": None, "completion_tokens_details": None},
            Tokens(input_uncached=100, output=20),
            id="null details",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"audio_tokens": None}, "cost": 0.5, "unknown": {"x": [1]}},
            Tokens(input_uncached=100, output=20),
            id="null counts are 0, and fields that we do not know do not matter",
        ),
    ],
)
def test_a_sound_usage_falls_into_disjoint_classes(usage: dict[str, object], expected: Tokens) -> None:
    tokens = tokens_of(usage)
    assert tokens == expected
    assert tokens.input == (usage.get("prompt_tokens") or usage.get("input_tokens"))


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="null"),
        pytest.param({}, id="empty"),
        pytest.param([], id="a list"),
        pytest.param("12", id="a text"),
        pytest.param({"completion_tokens": 20}, id="no prompt"),
        pytest.param({"prompt_tokens": None, "completion_tokens": 20}, id="null prompt"),
        pytest.param({"prompt_tokens": 100}, id="no completion and no total"),
        pytest.param({"prompt_tokens": 100, "total_tokens": 120}, id="a total that says there is a completion"),
        pytest.param(SOUND | {"completion_tokens": None}, id="null completion"),
        pytest.param({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, id="zeros: nobody asks nothing"),
        pytest.param(SOUND | {"prompt_tokens": -1}, id="negative prompt"),
        pytest.param(SOUND | {"completion_tokens": -20}, id="negative completion"),
        pytest.param(SOUND | {"prompt_tokens": "100"}, id="prompt as text"),
        pytest.param(SOUND | {"prompt_tokens": 100.0}, id="prompt as fraction"),
        pytest.param(SOUND | {"completion_tokens": True}, id="a truth value"),
        pytest.param(SOUND | {"prompt_tokens": 10**15}, id="absurdly many"),
        pytest.param(SOUND | {"prompt_tokens": [100]}, id="a list as count"),
        pytest.param(SOUND | {"prompt_tokens_details": [1]}, id="details as list"),
        pytest.param(SOUND | {"prompt_tokens_details": {"cached_tokens": 101}}, id="more cached than sent"),
        pytest.param(SOUND | {"prompt_tokens_details": {"cached_tokens": -5}}, id="negative cached"),
        pytest.param(SOUND | {"prompt_tokens_details": {"image_tokens": "3"}}, id="images as text"),
        pytest.param(SOUND | {"completion_tokens_details": {"reasoning_tokens": 21}}, id="more reasoning than output"),
        pytest.param(
            SOUND | {"completion_tokens_details": {"reasoning_tokens": 15, "audio_tokens": 15}}, id="parts above whole"
        ),
        pytest.param(SOUND | {"completion_tokens_details": "x"}, id="details as text"),
    ],
)
def test_a_usage_that_is_not_whole_and_sound_is_none(usage: object) -> None:
    assert tokens_of(usage) is None


def test_the_usage_in_the_journal_is_the_providers_own_and_stays_one_line() -> None:
    usage = SOUND | {"cost": 0.25, "note": "a\nb", "more": {"deep": [1, 2, None]}}
    call = Call(call_id="c", started_at=1, usage=kept_usage(usage))
    written = line("close", call)
    assert written.count(b"\n") == 1
    assert json.loads(written)["usage"] == usage


@pytest.mark.parametrize("size", [USAGE_BYTES + 1, 8 << 20])
def test_a_usage_beyond_any_sense_is_not_kept(size: int) -> None:
    assert kept_usage(SOUND | {"x": "x" * size}) is None


def test_a_usage_nested_without_end_is_not_kept() -> None:
    nested: object = 1
    for _ in range(5000):
        nested = [nested]
    assert kept_usage({"prompt_tokens": 1, "x": nested}) is None
    assert kept_usage(None) is None


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
