"""Both sides speak the same dialect: what goes out is what came in, byte by byte, and its usage is read on the way."""

import asyncio
import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewatch.call import Tokens
from gatewatch.providers.quirks import Quirks
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal
from proxy.settings import Caps, Provider, Way
from proxy.worker.channel import Channel, Upstream
from proxy.worker.straight import ReaderTap, StraightPassage
from tests.kit.provider_streams import SSE_DIALECTS, dialect_of, said
from tests.kit.taps import an_exchange, broken, in_reads, straight, whole

STRAIGHT = [name for name in SSE_DIALECTS if dialect_of(name).endpoints]
BOM = b"\xef\xbb\xbf"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("🙂\u2028\r\n\x85"), min_size=1, max_size=20)
NOISE = [b"", b": ping\n\n", b": \xe2\x80\xa8 data: {\n\n", b"event: ping\n\n", b"id: 7\nretry: 10\n\n", b"id: 8\n"]
NOISE += [b'data: {"type":"an.event.that.is.new","choices":[]}\n\n']


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({each % (len(stream) + 1) for each in cuts}), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges) if start < end]


async def read_in(reads: list[bytes], provider: str) -> tuple[bytes, Tokens | None]:
    exchange = an_exchange(ends=False)
    tap = straight(exchange, provider)
    return await in_reads(tap, exchange, reads), tap.tokens()


@pytest.mark.parametrize("provider", STRAIGHT)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=TEXTS,
    noise=st.lists(st.sampled_from(NOISE), min_size=1, max_size=8),
    line_end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    mark=st.sampled_from([b"", BOM]),
    cuts=st.lists(st.integers(0, 60_000), max_size=30),
)
def test_a_stream_passes_byte_by_byte(
    provider: str, text: str, noise: list[bytes], line_end: bytes, mark: bytes, cuts: list[int]
) -> None:
    """All but the byte order mark, which stands before the first line alone and would stand in the midst of ours."""
    frames = said(provider, text, calls=[("f", {text: text})]).frames
    before = b"".join(noise[at % len(noise)] + frame for at, frame in enumerate(frames[:-1])).replace(b"\n", line_end)
    end = frames[-1].replace(b"\n", line_end)
    out, tokens = asyncio.run(read_in(cut(mark + before + end, cuts), provider))
    assert out == before + (end if provider != "openai-chat" else frames[-1]), "chat's end is a constant"
    assert tokens
    assert tokens.output > 0


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("provider", STRAIGHT)
async def test_single_bytes_pass_too(provider: str, line_end: bytes) -> None:
    frames = said(provider, "Grüße, 漢字 🙂!").frames
    stream = b"".join(frames[:-1]).replace(b"\n", line_end)
    end = frames[-1].replace(b"\n", line_end)
    sent = BOM + stream + end
    out, _ = await read_in([sent[at : at + 1] for at in range(len(sent))], provider)
    assert out == stream + (end if provider != "openai-chat" else frames[-1])


@pytest.mark.parametrize("provider", STRAIGHT)
async def test_every_frame_passes_on_its_own(provider: str) -> None:
    frames = said(provider, "one two three").frames
    exchange = an_exchange(ends=False)
    tap = straight(exchange, provider)
    for frame in frames[:-1]:
        exchange.feed(frame)
        assert await tap.next() == frame
    exchange.feed(frames[-1])
    assert await tap.next() == b"", "the end waits for the record of the call"
    assert tap.last(Tokens()) == frames[-1]


@pytest.mark.parametrize("provider", STRAIGHT)
async def test_what_comes_after_the_end_does_not_pass(provider: str) -> None:
    frames = said(provider, "one").frames
    late = frames[2] + b": late\n\n" + b'data: {"error":{"message":"late"}}\n\n'
    assert await whole(straight(an_exchange([b"".join(frames) + late, late]), provider)) == b"".join(frames)


@pytest.mark.parametrize("provider", STRAIGHT)
async def test_the_call_is_settled_by_what_the_stream_says(provider: str) -> None:
    reply = said(provider, "one two three", model="the-served-model")
    tap = straight(an_exchange(reply.frames), provider)
    await whole(tap)
    usage = json.loads(reply.plain)["usage"]
    assert tap.served_model == "the-served-model"
    assert tap.tokens() == Tokens(
        input_uncached=usage.get("prompt_tokens") or usage["input_tokens"],
        output=usage.get("completion_tokens") or usage["output_tokens"],
    )
    assert tap.produced_characters == len("one two three")
    assert tap.finish_reason == "stop"


@pytest.mark.parametrize("provider", STRAIGHT)
async def test_a_broken_stream_is_settled_by_what_was_seen_of_it(provider: str) -> None:
    frames = said(provider, "one two three").frames
    spoken = next(at for at, frame in enumerate(frames) if b'"one ' in frame)
    tap = straight(an_exchange(frames[: spoken + 1]), provider)
    out, refusal = await broken(tap)
    assert out == b"".join(frames[: spoken + 1])
    assert refusal.code == "upstream_truncated"
    assert tap.produced_characters == len("one ")


def a_channel(dialect: str) -> Channel:
    provider = Provider(
        name="p", ways=(Way(dialect=dialect, base_url="http://127.0.0.1:1"),), keys=(), price_provider="p"
    )
    return Upstream(provider, "agent").channels[0]


@pytest.fixture
def passage(inbound: Any) -> Any:
    def make(dialect: str, **body: Any) -> StraightPassage:
        call = inbound()
        call.body = body
        return StraightPassage(a_channel(dialect), Destination(provider="p", model="m-1"), Losses("p"), call)

    return make


@pytest.mark.parametrize("dialect", ["openai-responses", "anthropic-messages"])
async def test_a_request_keeps_what_only_its_vendor_knows(passage: Any, dialect: str) -> None:
    sent = json.loads(passage(dialect, model="route", brand_new={"a": [1]}).request)
    assert sent["model"] == "m-1"
    assert sent["brand_new"] == {"a": [1]}


@pytest.mark.parametrize("dialect", ["openai-responses", "anthropic-messages"])
async def test_a_plain_reply_goes_out_as_it_came_and_is_read_for_the_ledger(passage: Any, dialect: str) -> None:
    reply = said(dialect, "one two three", calls=[("f", {"a": 1})]).plain
    going = passage(dialect, model="route")
    seen = going.read(reply)
    assert going.reply(Tokens()) is None
    assert seen.produced_characters == len("one two three") + len("f") + len('{"a":1}')
    assert seen.finish_reason == "tool_calls"
    assert seen.tokens()


@pytest.mark.parametrize("dialect", ["openai-responses", "anthropic-messages"])
@pytest.mark.parametrize("reply", [b"", b"{", b"[]", b'{"x":"\xff"}', b"<html>"])
async def test_a_200_that_is_no_reply_is_the_providers_fault(passage: Any, dialect: str, reply: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        passage(dialect, model="route").read(reply)
    assert (refused.value.status, refused.value.code) == (502, "upstream_invalid")


@pytest.mark.parametrize(
    ("dialect", "reply", "status", "code"),
    [
        ("openai-responses", {"error": {"message": "no", "type": "server_error", "code": "x"}}, 502, "upstream_error"),
        ("openai-responses", {"error": {"message": "no", "code": 429}}, 429, "upstream_rate_limited"),
        (
            "anthropic-messages",
            {"type": "error", "error": {"type": "overloaded_error", "message": "no"}},
            503,
            "upstream_overloaded",
        ),
    ],
)
async def test_a_200_with_an_error_becomes_the_error_it_is(
    passage: Any, dialect: str, reply: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        passage(dialect, model="route").read(json.dumps(reply).encode())
    assert (refused.value.status, refused.value.code) == (status, code)


RESPONSES_USAGE = {"input_tokens": 9, "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 5}}
MESSAGES_USAGE = {"input_tokens": 9, "output_tokens": 2, "cache_read_input_tokens": 4}


@pytest.mark.parametrize(
    ("dialect", "usage", "tokens"),
    [
        ("openai-responses", RESPONSES_USAGE, Tokens(input_uncached=9, output=7, output_reasoning=5)),
        ("anthropic-messages", MESSAGES_USAGE, Tokens(input_uncached=9, input_cache_read=4, output=2)),
    ],
)
async def test_a_provider_that_counts_reasoning_beside_the_output_is_believed_where_it_speaks_as_openai(
    inbound: Any, dialect: str, usage: dict[str, Any], tokens: Tokens
) -> None:
    call = inbound()
    to = Destination(provider="p", model="m", quirks=Quirks(reasoning_outside=True))
    passage = StraightPassage(a_channel(dialect), to, Losses("p"), call)
    reply = json.dumps({**json.loads(said(dialect, "hi").plain), "usage": usage}).encode()
    assert passage.read(reply).tokens() == tokens
    tap = passage.tap(an_exchange(), Caps())
    assert isinstance(tap, ReaderTap)
    assert tap.reasoning_outside == (dialect == "openai-responses")
