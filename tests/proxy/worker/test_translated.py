"""Streams between two dialects: the same whatever the cuts are, what the plain reply says, and nothing waits.

What providers send is the sandbox's, what callers read is put together by the vendors' references in tests/kit.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewatch.providers.quirks import Quirks
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.settings import Caps, Provider, Way
from proxy.worker.channel import Upstream
from proxy.worker.translated import TranslatedPassage, TranslatedTap
from tests.kit.caller_streams import heard, payloads
from tests.kit.provider_streams import DIALECTS, SSE_DIALECTS, Said, dialect_of, said
from tests.kit.taps import BODIES, CALLERS, an_exchange, in_reads, passed, translated, whole

PAIRS = [
    (provider, caller)
    for provider, caller in itertools.product(DIALECTS, BODIES)
    if caller not in dialect_of(provider).endpoints
]
BOM = b"\xef\xbb\xbf"
NASTY = [
    "é",
    "漢字",
    "🙂",
    "👩‍👩‍👧",
    "\u2028",
    "\u2029",
    "\x85",
    "\ufeff",
    "\r",
    "\n",
    "\n\n",
    "\r\n\r\n",
    "\\u00e9",
    '"',
    "\\",
]
NASTY += [
    "data: ",
    "data: [DONE]",
    "[DONE]",
    "event: error\n",
    ": ping\n\n",
    '{"error":{}}',
    "\x00",
    "\x7f",
    "\t",
    "gw1.",
]
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), min_size=1, max_size=8).map("".join).filter(bool)
ARGUMENTS = st.dictionaries(TEXTS, TEXTS | st.integers(-(2**31), 2**31) | st.booleans() | st.none(), max_size=3)


class Given(NamedTuple):
    """What a provider is made to say."""

    text: str
    thinking: str
    calls: list[tuple[str, dict[str, Any]]]


THOUGHTS = TEXTS.map(lambda text: text.replace("\n", " "))
"""Without paragraphs, of which the sandbox's Responses makes summaries of their own."""
GIVEN = st.builds(Given, TEXTS, THOUGHTS, st.lists(st.tuples(st.just("f"), ARGUMENTS), max_size=3))


def in_order(given: Given, provider: str) -> Said:
    return said(provider, given.text, thinking=given.thinking, calls=given.calls)


def used(provider: str, plain: bytes) -> tuple[int, int]:
    """Tokens in and out of a plain reply, by the provider's reference."""
    reply = json.loads(plain)
    usage = reply["usageMetadata"] if provider == "gemini" else reply["usage"]
    if provider == "openai-chat":
        return usage["prompt_tokens"], usage["completion_tokens"]
    if provider == "gemini":
        return usage["promptTokenCount"], usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    if provider == "bedrock-converse":
        cached = usage["cacheReadInputTokens"] + usage["cacheWriteInputTokens"]
        return usage["inputTokens"] + cached, usage["outputTokens"]
    return usage["input_tokens"], usage["output_tokens"]


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(given=GIVEN)
def test_a_stream_says_what_the_plain_reply_says(provider: str, caller: str, given: Given) -> None:
    reply = in_order(given, provider)

    async def read() -> bytes:
        return await whole(translated(an_exchange(reply.frames), provider, caller))

    told = heard(caller, asyncio.run(read()))
    assert told.text == given.text
    assert told.usage == used(provider, reply.plain)
    if caller != "completions":  # it can say neither
        assert told.thoughts == given.thinking
        assert [(name, json.loads(arguments)) for name, arguments in told.calls] == given.calls


def harmless(frames: list[bytes], noise: Callable[[int], bytes], line_end: bytes, mark: bytes) -> bytes:
    """The same stream as another server, or something between, would send it."""
    stream = b"".join(noise(at) + frame for at, frame in enumerate(frames))
    return mark + stream.replace(b"\r\n", b"\n").replace(b"\n", line_end)


NOISE = st.sampled_from(
    [
        b"",
        b": ping\n\n",
        b": \xf0\x9f\x99\x82 data: {\n\n",
        b"event: ping\n\n",
        b"id: 7\nretry: 10\n\n",
        b": a\n: b\n",
        b"id: 8\n",
    ]
)
CUTS = st.lists(st.integers(0, 60_000), max_size=30)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({each % (len(stream) + 1) for each in cuts}), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges) if start < end]


async def read_in(reads: list[bytes], provider: str, caller: str) -> bytes:
    exchange = an_exchange(ends=False)
    return await in_reads(translated(exchange, provider, caller), exchange, reads)


def unaged(stream: bytes) -> bytes:
    """Without the times at which replies were made, where the provider does not say them."""
    for field in (b'"created":', b'"created_at":', b'"completed_at":'):
        head, *rest = stream.split(field)
        stream = head + b"".join(field + part.lstrip(b"0123456789.") for part in rest)
    return stream


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    given=GIVEN,
    noise=st.lists(NOISE, min_size=1, max_size=8),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
    mark=st.sampled_from([b"", BOM]),
    cuts=CUTS,
)
def test_it_does_not_matter_how_the_bytes_arrive_nor_what_else_is_between_them(
    provider: str, caller: str, given: Given, noise: list[bytes], line_end: bytes, mark: bytes, cuts: list[int]
) -> None:
    frames = in_order(given, provider).frames
    stream = b"".join(frames)
    if provider in SSE_DIALECTS:
        stream = harmless(frames, lambda at: noise[at % len(noise)], line_end, mark)
    at_once = asyncio.run(read_in(frames, provider, caller))
    assert unaged(asyncio.run(read_in(cut(stream, cuts), provider, caller))) == unaged(at_once)


GREETING = Given("Grüße, 漢字 🙂!\n\ndata: [DONE]", "hm 🙂", [("f", {"where": "Zürich"}), ("f", {})])


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(("provider", "caller"), PAIRS)
async def test_byte_by_byte_it_is_the_same(provider: str, caller: str, line_end: bytes) -> None:
    frames = in_order(GREETING, provider).frames
    stream = b"".join(frames)
    if provider in SSE_DIALECTS:
        stream = harmless(frames, lambda at: b": ping\n\n" if at % 3 else b"id: 1\n", line_end, BOM)
    bytewise = await read_in([stream[at : at + 1] for at in range(len(stream))], provider, caller)
    assert unaged(bytewise) == unaged(await read_in(frames, provider, caller))


class Deltas(NamedTuple):
    """What some frames add, apart from what repeats it."""

    text: str = ""
    thoughts: str = ""
    arguments: str = ""


def deltas_of(caller: str, data: bytes) -> Deltas:
    found = {"text": "", "thoughts": "", "arguments": ""}
    for event in payloads(data):
        if isinstance(event, dict):
            for kind, piece in _pieces(caller, event):
                found[kind] += piece
    return Deltas(**found)


def _pieces(caller: str, event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if caller == "completions":
        yield from (("text", choice["text"]) for choice in event["choices"])
    elif caller == "chat":
        for choice in event["choices"]:
            delta = choice["delta"]
            yield "text", delta.get("content") or ""
            yield "thoughts", delta.get("reasoning_content") or ""
            yield from (("arguments", call["function"]["arguments"]) for call in delta.get("tool_calls", ()))
    elif caller == "messages" and event["type"] == "content_block_delta":
        delta = event["delta"]
        yield "text", delta.get("text", "")
        yield "thoughts", delta.get("thinking", "")
        yield "arguments", delta.get("partial_json", "")
    elif caller == "responses" and event["type"].endswith(".delta"):
        what = {"output_text": "text", "reasoning_summary_text": "thoughts", "function_call_arguments": "arguments"}
        yield what[event["type"].split(".")[1]], event["delta"]


async def frame_by_frame(frames: list[bytes], provider: str, caller: str) -> list[Deltas]:
    """What goes out after each frame, before the next one is there."""
    exchange = an_exchange(ends=False)
    tap = translated(exchange, provider, caller)
    found = []
    reading = asyncio.ensure_future(tap.next())
    for frame in frames:
        exchange.feed(frame)
        for _ in range(3):
            await asyncio.sleep(0)
        out = b""
        if reading.done() and (out := reading.result()):
            reading = asyncio.ensure_future(tap.next())
        found.append(deltas_of(caller, out))
    exchange.finish()
    assert await reading == b""
    return found


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
async def test_a_frame_goes_out_at_once_with_all_that_it_says(provider: str, caller: str) -> None:
    """No dialect makes a delta wait. What waits is what ends: the usage with Messages' `message_delta` or chat's last
    chunk, and what Responses repeats in its `done` events."""
    wanted = Given("The rain in Zürich ", "I am wondering é", [("f", {"city": "Zürich am See"})])
    reply = in_order(wanted, provider)
    going_out = await frame_by_frame(reply.frames, provider, caller)
    assert [each.text for each in going_out if each.text] == four_by_four(wanted.text)
    if caller == "completions":
        return
    assert [each.thoughts for each in going_out if each.thoughts] == four_by_four(wanted.thinking)
    arguments = json.dumps(wanted.calls[0][1], ensure_ascii=False, separators=(",", ":"))
    pieces = [arguments] if provider == "gemini" else four_by_four(arguments)  # Google sends them whole
    assert [each.arguments for each in going_out if each.arguments] == pieces


def four_by_four(text: str) -> list[str]:
    """As the sandbox cuts what it is made to say."""
    return [text[at : at + 4] for at in range(0, len(text), 4)]


async def test_what_one_read_brings_goes_out_in_one_write() -> None:
    frames = said("anthropic-messages", "one two three four").frames
    tap = translated(an_exchange(frames[:-2], ends=False), "anthropic-messages", "chat")
    assert deltas_of("chat", await tap.next()).text == "one two three four"


async def test_the_end_repeats_nothing_that_the_caller_did_not_ask_for() -> None:
    tap = translated(an_exchange(said("anthropic-messages", "hi").frames), "anthropic-messages", "chat")
    await passed(tap)
    assert len(payloads(tap.last(tap.tokens()))) == 2, "usage and the mark"  # type: ignore[arg-type]


async def test_caps_hold_for_what_is_read() -> None:
    frames = said("anthropic-messages", "word " * 200).frames
    size = sum(map(len, frames))
    good = translated(an_exchange(frames), "anthropic-messages", "chat", Caps(reply_bytes=size))
    assert heard("chat", await whole(good)).text == "word " * 200


@pytest.mark.parametrize("provider", ["openai-chat", "openai-responses", "anthropic-messages"])
async def test_reasoning_beside_the_output_is_counted_on_the_way_to_another_dialect_too(
    inbound: Any, provider: str
) -> None:
    """Without a total, only the provider's own arithmetic says it (docs.x.ai)."""
    caller = "messages" if provider != "anthropic-messages" else "chat"
    call = inbound()
    call.caller, call.body = CALLERS[caller], {**BODIES[caller], "messages": [{"role": "user", "content": "hi"}]}
    to = Destination(provider="p", model="m", quirks=Quirks(reasoning_outside=True))
    way = Way(dialect=provider, base_url="http://127.0.0.1:1")
    channel = Upstream(Provider(name="p", ways=(way,), keys=(), price_provider="p"), "agent").channels[0]
    passage = TranslatedPassage(channel, to, Losses("p"), call)
    plain = json.loads(said(provider, "hi").plain)
    names = ("prompt", "completion") if provider == "openai-chat" else ("input", "output")
    plain["usage"] = {f"{names[0]}_tokens": 9, f"{names[1]}_tokens": 2}
    plain["usage"][f"{names[1]}_tokens_details"] = {"reasoning_tokens": 5}
    tokens = passage.read(json.dumps(plain).encode()).tokens()
    assert tokens
    openai = provider != "anthropic-messages"
    assert (tokens.output, tokens.output_reasoning) == ((7, 5) if openai else (2, 0))
    tap = passage.tap(an_exchange(), Caps())
    assert isinstance(tap, TranslatedTap)
    assert tap.reasoning_outside == openai
