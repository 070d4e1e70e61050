"""Streams: whole, well-formed frames pass as they came; usage is read on the way; a break is one error event."""

import asyncio
from collections.abc import Iterable

import pytest

from proxy.dialects.openai_chat import PROVIDER
from proxy.refusal import Refusal
from proxy.settings import Caps, Deadlines
from proxy.upstream.exchange import Exchange
from proxy.worker.relay_stream import StreamTap
from proxy.worker.straight_chat import ChatTap

DELTA = b'data: {"model":"gpt-4o-2024-08-06","choices":[{"delta":{"content":"two"}}],"usage":null}\n\n'
LAST = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n'
DONE = b"data: [DONE]\n\n"


def a_tap(reads: Iterable[bytes], *, wants_usage: bool = False, caps: Caps = Caps(), ends: bool = True) -> StreamTap:  # noqa: B008
    exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 10)
    exchange.started(200, {})
    for data in reads:
        exchange.feed(data)
    if ends:
        exchange.finish()
    return ChatTap(exchange, caps, PROVIDER, wants_usage)


async def passed(tap: StreamTap) -> bytes:
    """Everything that goes out before the end, or before the error."""
    out = b""
    while data := await tap.next():
        out += data
    return out


async def test_frames_pass_as_they_came_and_the_usage_chunk_is_left_out_where_nobody_asked() -> None:
    tap = a_tap([b": ping\n\n" + DELTA + LAST + USAGE + DONE])
    assert await passed(tap) == b": ping\n\n" + DELTA + LAST
    assert tap.usage == {"prompt_tokens": 3, "completion_tokens": 1}
    assert (tap.served_model, tap.finish_reason, tap.produced_characters) == ("gpt-4o-2024-08-06", "stop", 3)


async def test_the_usage_chunk_passes_where_the_client_asked_for_it() -> None:
    assert await passed(a_tap([DELTA + USAGE + DONE], wants_usage=True)) == DELTA + USAGE


async def test_usage_in_the_last_delta_is_read_and_the_delta_passes() -> None:
    both = b'data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'
    tap = a_tap([both + DONE])
    assert await passed(tap) == both
    assert tap.usage == {"prompt_tokens": 1, "completion_tokens": 1}


async def test_groq_tells_its_usage_in_a_place_of_its_own() -> None:
    begun = b'data: {"choices":[{"delta":{"content":"x"}}],"x_groq":{"id":"req_1"}}\n\n'
    ended = b'data: {"choices":[{"delta":{}}],"x_groq":{"id":"req_1","usage":{"prompt_tokens":1,"total_tokens":2}}}\n\n'
    tap = a_tap([begun + ended + DONE])
    assert await passed(tap) == begun + ended
    assert tap.usage == {"prompt_tokens": 1, "total_tokens": 2}


@pytest.mark.parametrize(
    ("reads", "code"),
    [
        ([DELTA], "upstream_truncated"),
        ([DELTA + b'data: {"choices":[],"x_groq":{"error":"over capacity"}}\n\n' + DONE], "upstream_error"),
        ([DELTA, b'data: {"choices":[{"del'], "upstream_truncated"),
        ([DELTA + b"data: {broken\n\n" + DELTA + DONE], "upstream_invalid"),
        ([DELTA + b'data: {"error":{"message":"over","code":503}}\n\n'], "upstream_overloaded"),
        ([DELTA + b"data: " + b"x" * 300], "upstream_invalid"),
    ],
    ids=["no DONE", "Groq's error", "half a frame", "malformed", "error event", "too long a line"],
)
async def test_what_was_whole_goes_out_before_the_break_and_nothing_after_it(reads: list[bytes], code: str) -> None:
    tap = a_tap(reads, caps=Caps(sse_line_bytes=200))
    assert await tap.next() == DELTA
    with pytest.raises(Refusal) as refused:
        await tap.next()
    assert refused.value.code == code


async def test_a_stream_is_capped() -> None:
    tap = a_tap([DELTA * 20], caps=Caps(reply_bytes=len(DELTA) * 10), ends=False)
    with pytest.raises(Refusal) as refused:
        await passed(tap)
    assert refused.value.code == "upstream_invalid"


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
@pytest.mark.parametrize(
    "bare", [b'{"error":{"message":"over","code":503}}', b'[{\n"error":{"message":"over","code":503}}]']
)
async def test_a_bare_error_between_the_frames_is_an_error_and_does_not_pass(bare: bytes, end: bytes) -> None:
    """JSON without `data:`, which a client would pass over, and take what came before it for all there is."""
    tap = a_tap([DELTA, bare + end])
    assert await tap.next() == DELTA
    with pytest.raises(Refusal) as refused:
        await tap.next()
    assert (refused.value.code, refused.value.message) == ("upstream_overloaded", "over")
