"""A stream that has cost as much as it may ends with one clear event, and its provider is left.

Through a whole worker. gpt-4o-mini: 0.15 USD per million tokens in, 0.60 out; the question is 104 tokens, 15.6
micro-dollars; four characters of a reply are a token. So 20 micro-dollars are seven tokens of output: 28 characters.
"""

import asyncio
from typing import Any

import pytest

from tests.kit.raw_http import ask, connect
from tests.kit.scripted_upstream import (
    DONE,
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    answers,
    chat_reply,
    chunk,
    delta,
    http,
    usage_event,
)
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import ESTIMATED_INPUT, IN, OUT, Chat, Serve

CEILING = {"x-gatewatch-max-cost-usd": "0.00002"}
TEN = "0123456789"
Asked = Any


class Drip:
    """Sends each piece when the app has had the one before."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.had = asyncio.Semaphore(0)
        self.left = asyncio.Event()

    async def __call__(self, conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD)
        dripping = asyncio.create_task(self._drip(conversation))
        await conversation.gone()
        dripping.cancel()
        self.left.set()

    async def _drip(self, conversation: Conversation) -> None:
        for piece in self.pieces:
            conversation.send(chunk(piece))
            await self.had.acquire()


async def ended(worker: Worker, request: bytes, drip: Drip, pieces: int) -> list[bytes]:
    """The frames that the app gets where the stream ends behind so many pieces."""
    async with connect(worker.port) as (reader, writer):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        parts = []
        for _ in range(pieces):
            size = int(await reader.readuntil(b"\r\n"), 16)
            parts.append((await reader.readexactly(size + 2))[:-2])
            drip.had.release()
        rest = await reader.readuntil(b"0\r\n\r\n")
        async with asyncio.timeout(1):
            await drip.left.wait()
    parts.append(rest.split(b"\r\n")[1])
    return b"".join(parts).removesuffix(b"\n\n").split(b"\n\n")


async def test_a_stream_ends_when_its_output_has_cost_too_much(
    worker: Worker, serve: Serve, asked: Asked, request: pytest.FixtureRequest
) -> None:
    drip = Drip(*(delta(TEN) for _ in range(10)))
    async with serve(drip):
        frames = await ended(worker, asked(CEILING, stream=True), drip, 3)
    *said, last = frames
    assert len(said) == 3, "28 characters may be paid: the third piece has passed that"
    assert b'"code":"cost_ceiling"' in last
    assert b"0.00002 USD" in last
    assert not any(b"error" in frame for frame in said)
    row = await worker.closed(user=request.node.name)
    assert (row["status"], row["http_status"], row["error_kind"]) == ("truncated", 200, "cost_ceiling")
    assert (row["cost_basis"], row["output_tokens"]) == ("estimated", 8)
    assert row["cost_picos"] == ESTIMATED_INPUT * IN + 8 * OUT


async def test_what_the_provider_says_of_its_usage_on_the_way_counts(
    worker: Worker, serve: Serve, asked: Asked, request: pytest.FixtureRequest
) -> None:
    """It has read more than was reckoned with: 140 tokens cost 21 micro-dollars."""
    drip = Drip(delta("Hi"), usage_event({"prompt_tokens": 140, "completion_tokens": 1}) + delta(" you"), delta("."))
    async with serve(drip):
        frames = await ended(worker, asked(CEILING, stream=True), drip, 2)
    assert b"cost_ceiling" in frames[-1]
    row = await worker.closed(user=request.node.name)
    assert (row["status"], row["error_kind"]) == ("truncated", "cost_ceiling")
    assert row["cost_picos"] == 140 * IN + 2 * OUT


async def test_usage_that_is_less_than_was_reckoned_with_leaves_more(
    worker: Worker, serve: Serve, asked: Asked, request: pytest.FixtureRequest
) -> None:
    """4 tokens read cost 0.6 micro-dollars: 32 tokens of output, 128 characters, are left."""
    usage = usage_event({"prompt_tokens": 4, "completion_tokens": 0})
    drip = Drip(usage + delta(TEN), *(delta(TEN) for _ in range(20)))
    async with serve(drip):
        frames = await ended(worker, asked(CEILING, stream=True), drip, 13)
    assert sum(TEN.encode() in frame for frame in frames) == 13
    row = await worker.closed(user=request.node.name)
    assert row["error_kind"] == "cost_ceiling"


@pytest.mark.parametrize("in_one", [True, False])
async def test_a_reply_that_has_said_its_end_is_not_cut(worker: Worker, serve: Serve, chat: Chat, in_one: bool) -> None:
    """It has been bought: the rest would save nothing."""
    pieces = [delta(TEN * 5) + delta("", "stop"), usage_event({"prompt_tokens": 9999, "completion_tokens": 13}), DONE]
    chunks = chunk(b"".join(pieces)) if in_one else b"".join(map(chunk, pieces))
    async with serve(answers(STREAM_HEAD + chunks + LAST_CHUNK)):
        reply = await chat(CEILING, stream=True)
    assert reply.body.endswith(DONE)
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["cost_picos"]) == ("ok", 9999 * IN + 13 * OUT)


@pytest.mark.parametrize(
    ("headers", "changed", "status", "code"),
    [
        ({"x-gatewatch-max-cost-usd": "0.00001"}, {}, 400, "cost_ceiling"),
        ({"x-gatewatch-max-cost-usd": "0.00001"}, {"stream": True}, 400, "cost_ceiling"),
        ({"x-gatewatch-max-cost-usd": "much"}, {}, 400, "invalid_max_cost"),
        (CEILING, {"model": "unpriced"}, 403, "model_without_price"),
    ],
)
async def test_what_cannot_be_paid_is_not_sent(
    worker: Worker, serve: Serve, chat: Chat, headers: dict[str, str], changed: Any, status: int, code: str
) -> None:
    async with serve(answers()) as upstream:
        reply = await chat(headers, **changed)
    assert (reply.status, reply.json["error"]["code"]) == (status, code)
    assert upstream.conversations == []
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["http_status"], row["error_kind"]) == ("blocked", status, code)
    assert row.get("cost_picos", 0) == 0


async def test_a_plain_reply_is_asked_to_be_short_enough(serve: Serve, chat: Chat) -> None:
    async with serve(answers(http(200, chat_reply({"prompt_tokens": 104, "completion_tokens": 7})))) as upstream:
        reply = await chat(CEILING)
    assert reply.status == 200
    assert upstream.requests[0].json["max_tokens"] == 7


async def test_embeddings_have_a_ceiling_too(worker: Worker, serve: Serve, asked: Asked) -> None:
    async with serve(answers()) as upstream:
        request = asked({"x-gatewatch-max-cost-usd": "0.000001"}, path="embeddings", input="x" * 400, messages=None)
        reply = await ask(worker.port, request)
    assert (reply.status, reply.json["error"]["code"]) == (400, "cost_ceiling")
    assert upstream.conversations == []
