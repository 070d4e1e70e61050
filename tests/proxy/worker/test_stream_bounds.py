"""Streams are bounded: in memory however long they are, and in what a hostile provider can make of them.

Memory is what tracemalloc counts while a stream is read, translated and let go of.
"""

import tracemalloc
from collections.abc import Iterable
from itertools import product

import msgspec
import pytest

from gatewatch.call import Tokens
from proxy.refusal import Refusal
from proxy.settings import Caps
from proxy.worker.relay_stream import StreamTap
from proxy.worker.translated import LONGEST, SLACK, TranslatedTap
from tests.kit.caller_streams import heard
from tests.kit.provider_streams import DIALECTS, dialect_of, said
from tests.kit.taps import BODIES, CALL_ID, CALLERS, an_exchange, broken, straight, translated, whole
from tests.proxy.worker.test_stream_ends import aws
from tests.proxy.worker.test_translated import PAIRS, deltas_of

MANY = 50_000
PIECE = "aaaa"
BATCH = 200
"""Frames that arrive together."""
STEADY = 768 * 1024
"""What a stream takes at most, however long: a batch as it came, its events, and what is written of it."""
HELD = 1.5
"""Responses repeats each text at its end: until then it is held once. Lists and joins are the half."""
AT_THE_END = 9
"""How often the end of a Responses stream has the text in memory: it stands in it four times, and is put together."""


def a_long_stream(provider: str, count: int) -> tuple[list[bytes], bytes, list[bytes]]:
    """The frames before the text, one of its deltas, and the frames after it."""
    frames = said(provider, PIECE * 2).frames
    at = next(at for at, frame in enumerate(frames) if PIECE.encode() in frame)
    return frames[:at], frames[at], frames[at + 2 :]


async def peaks(provider: str, caller: str, count: int) -> tuple[int, int, int]:
    """Characters that went out, and the peak of memory before the end of the stream and at it."""
    before, delta, after = a_long_stream(provider, count)
    exchange = an_exchange([*before, delta], ends=False)
    tap = translated(exchange, provider, caller) if caller else straight(exchange, provider)
    await tap.next()
    tracemalloc.start()
    try:
        going_out = 0
        for _ in range(count // BATCH):
            exchange.feed(delta * BATCH)
            going_out += len(await tap.next())
        running = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        for frame in after:
            exchange.feed(frame)
        exchange.finish()
        while await tap.next():
            pass
        tap.last(tap.tokens() or Tokens())
        return going_out, running, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


EACH = [*PAIRS, *((name, "") for name in DIALECTS if dialect_of(name).endpoints)]


LONGEST_ONES = [
    ("openai-chat", "responses"),
    ("openai-responses", "messages"),
    ("anthropic-messages", "chat"),
    ("gemini", "completions"),
    ("bedrock-converse", "responses"),
    ("openai-chat", ""),
    ("anthropic-messages", ""),
]
"""Every reader and every writer once."""


@pytest.mark.parametrize(
    ("provider", "caller", "count"),
    [
        *((*pair, 8_000) for pair in EACH),
        *(pytest.param(*pair, MANY, marks=pytest.mark.slow) for pair in LONGEST_ONES),
    ],
)
async def test_memory_does_not_grow_with_a_stream(provider: str, caller: str, count: int) -> None:
    text = len(PIECE) * count
    going_out, running, ending = await peaks(provider, caller, count)
    assert going_out > text
    kept = text if caller == "responses" else 0
    assert running < STEADY + HELD * kept
    assert ending < STEADY + AT_THE_END * kept


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
async def test_the_cap_of_a_reply_holds_for_what_is_read(provider: str, caller: str) -> None:
    before, delta, after = a_long_stream(provider, 100)
    reads = [*before, *[delta] * 100, *after]
    size = sum(map(len, reads))
    good = translated(an_exchange(reads), provider, caller, Caps(reply_bytes=size))
    assert heard(caller, await whole(good)).text == PIECE * 100
    _, refusal = await broken(translated(an_exchange(reads, ends=False), provider, caller, Caps(reply_bytes=size - 1)))
    assert refusal.code == "upstream_invalid"


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
async def test_the_cap_of_a_line_holds(provider: str, caller: str) -> None:
    """AWS says a message's length beforehand, so that nothing of it has to come."""
    before, delta, _ = a_long_stream(provider, 1)
    long = delta.replace(PIECE.encode(), PIECE.encode() * 4096)
    if provider == "bedrock-converse":
        long = aws(b'{"delta":{"text":"%s"}}' % (b"a" * 16_384), "contentBlockDelta")[:12]
    exchange = an_exchange([*before, delta, long[:9000], long[9000:-1]], ends=False)
    out, refusal = await broken(translated(exchange, provider, caller, Caps(sse_line_bytes=8192)))
    assert refusal.code == "upstream_invalid"
    assert deltas_of(caller, out).text == PIECE


def chunk(**fields: object) -> bytes:
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


def calls_of_chat(count: int) -> bytes:
    return chunk(choices=[{"index": 0, "delta": {"tool_calls": [{"function": {"name": "f"}}] * count}}])


def parts_of_gemini(part: Iterable[object], count: int) -> bytes:
    return chunk(candidates=[{"index": 0, "content": {"parts": [*part] * count}}])


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def blocks(count: int) -> list[bytes]:
    """Blocks that start and never end."""
    tool = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    return [chunk(type="content_block_start", index=at, content_block=tool) for at in range(count)]


HOSTILE: dict[str, tuple[str, list[bytes]]] = {
    "a frame of empty tool calls": ("openai-chat", [calls_of_chat(50_000)]),
    "a tool call a frame": ("openai-chat", [calls_of_chat(1)] * 2000),
    "calls without names": (
        "openai-chat",
        [chunk(choices=[{"delta": {"tool_calls": [{"index": at} for at in range(50_000)]}}])],
    ),
    "arguments without a name": (
        "openai-chat",
        [chunk(choices=[{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "x" * 8000}}]}}])] * 20,
    ),
    "thoughts and text by turns": (
        "openai-chat",
        [chunk(choices=[{"delta": {"reasoning": "a"}}]) + chunk(choices=[{"delta": {"content": "a"}}])] * 8_000,
    ),
    "blocks that never end": ("anthropic-messages", blocks(2000)),
    "parts without end": ("gemini", [parts_of_gemini([{"text": "a"}, {"thought": True, "text": "a"}], 25_000)]),
    "calls of Google's without end": ("gemini", [parts_of_gemini([{"functionCall": {"name": "f"}}], 25_000)]),
    "arguments 10,000 deep": (
        "gemini",
        [b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":%s}}]}}]}\n\n' % deep(10_000)],
    ),
    "a frame 10,000 deep": ("openai-chat", [b"data: " + deep(10_000) + b"\n\n"]),
    "a field 10,000 deep": ("openai-chat", [b'data: {"choices":[],"x":' + deep(10_000) + b"}\n\n"]),
    "a block 10,000 deep": (
        "anthropic-messages",
        [b'data: {"type":"content_block_start","index":"0","content_block":{"input":' + deep(10_000) + b"}}\n\n"],
    ),
    "an item 10,000 deep": (
        "openai-responses",
        [
            b'data: {"type":"response.output_item.done","item":{"type":"function_call","arguments":%s}}\n\n'
            % deep(10_000)
        ],
    ),
    "a message 10,000 deep": ("bedrock-converse", [aws(b'{"x":' + deep(10_000) + b"}", "contentBlockDelta")]),
}
"""What nobody sends who means well."""
FACTOR = 45
"""Memory that one byte of a hostile frame may take for a moment: its JSON, its events, and what is written of them."""


async def drained(tap: StreamTap) -> tuple[int, Refusal]:
    """How much goes out of a stream that breaks, and why it broke."""
    written = 0
    try:
        while data := await tap.next():
            written += len(data)
    except Refusal as refusal:
        return written, refusal
    raise AssertionError("the stream ended well")


@pytest.mark.parametrize(
    ("harm", "caller"),
    [
        (harm, caller)
        for harm, caller in product(HOSTILE, BODIES)
        if caller not in dialect_of(HOSTILE[harm][0]).endpoints
    ],
)
async def test_a_hostile_stream_is_over_soon_and_takes_little(harm: str, caller: str) -> None:
    """Everything in it is looked at a fixed number of times: what is not, here takes hours."""
    provider, frames = HOSTILE[harm]
    size = sum(map(len, frames))
    tracemalloc.start()
    try:
        exchange = an_exchange(frames)
        written, refusal = await drained(translated(exchange, provider, caller, Caps(sse_line_bytes=64 * 1024 * 1024)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refusal.code in ("upstream_invalid", "upstream_truncated")
    assert written <= SLACK + LONGEST * (size + 100)
    assert peak < STEADY + SLACK + FACTOR * size


async def test_a_long_request_may_be_repeated_as_long_as_it_is() -> None:
    """Responses says instructions and tools of the request in its first two events and in its last."""
    body = BODIES["responses"] | {"instructions": "x" * 1_000_000}
    writer = CALLERS["responses"].writer(body, CALL_ID)
    exchange = an_exchange(said("openai-chat", "hi").frames)
    tap = TranslatedTap(exchange, Caps(), dialect_of("openai-chat"), writer, asked=1_000_000)
    assert heard("responses", await whole(tap)).text == "hi"
