"""A streamed call that hears nothing from its provider hears from the gateway, and is no other call for that.

Through a whole worker. Readers of server-sent events pass over comments (html.spec.whatwg.org, "Interpreting an event
stream"); Anthropic's streams have pings between any two events (platform.claude.com, "Streaming messages").
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proxy.routing import Routing
from proxy.worker.inbound import Inbound
from proxy.worker.streaming.keep_alive import KeepAlive
from tests.kit.dialect_worker import asked, dialect_worker, route
from tests.kit.provider_streams import said
from tests.kit.raw_http import begun, connect, read_reply
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, Conversation, chunk, http, silence
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve
from tests.proxy.worker.test_stream_errors import is_the_error_of, split
from tests.proxy.worker.test_translated import deltas_of

APPS = ("chat", "completions", "responses", "messages")
PING = dict.fromkeys(APPS, b": keep-alive\n\n") | {"messages": b'event: ping\ndata: {"type": "ping"}\n\n'}
TEXT = "Slow and steady wins the race."
FRAMES = said("openai-responses", TEXT).frames
ANSWER = STREAM_HEAD + b"".join(map(chunk, FRAMES)) + LAST_CHUNK
SILENCE = 0.3
BROKEN = http(500, b'{"error":{"message":"Broken","type":"server_error"}}')


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    routes = (route("two", "responses", "gemini"), route("other", "gemini", "responses"))
    folder = tmp_path_factory.mktemp("worker")
    with dialect_worker(folder, listening, *routes, routing=Routing(keep_alive=SILENCE)) as worker:
        yield worker


class Slow:
    """A script that waits until the app has heard from the gateway."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = replies
        self.heard = asyncio.Event()

    async def __call__(self, conversation: Conversation) -> None:
        await conversation.request()
        first, *others = self.replies
        conversation.send(first)
        await self.heard.wait()
        for reply in others:
            conversation.send(reply)
        await conversation.gone()


async def answered(
    worker: Worker, script: Slow, app: str, model: str = "responses", headers: dict[str, str] | None = None
) -> tuple[bytes, dict[str, Any]]:
    """The whole stream and its row, where the provider goes on as soon as the app has heard the gateway."""
    async with connect(worker.port) as (reader, writer):
        writer.write(asked(worker, app, model, headers, stream=True))
        await begun(reader, PING[app])
        script.heard.set()
        whole = await reader.readuntil(b"0\r\n\r\n")
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    call_id = head.partition(b"x-gatewatch-call-id: ")[2].partition(b"\r\n")[0].decode()
    return head + b"\r\n\r\n" + body, await worker.closed(call_id=call_id)


def unchunked(raw: bytes) -> bytes:
    body, left = b"", raw.partition(b"\r\n\r\n")[2]
    while (size := int(left.partition(b"\r\n")[0], 16)) > 0:
        start = left.index(b"\r\n") + 2
        body, left = body + left[start : start + size], left[start + size + 2 :]
    return body


def without_comments(app: str, stream: bytes) -> bytes:
    frames = [frame + b"\n\n" for frame in stream.split(b"\n\n") if frame]
    return b"".join(frame for frame in frames if frame != PING[app] and not frame.startswith(b":"))


@pytest.mark.parametrize("app", APPS)
async def test_a_stream_whose_provider_thinks_for_long_is_kept_alive_from_the_start(
    worker: Worker, serve: Serve, app: str
) -> None:
    script = Slow(b"", ANSWER)
    began = time.monotonic()
    async with serve(script):
        raw, row = await answered(worker, script, app)
    took_us = (time.monotonic() - began) * 1e6
    head, body = raw.partition(b"\r\n\r\n")[0], unchunked(raw)
    assert b"content-type: text/event-stream" in head
    assert b"x-gatewatch-provider" not in head, "nobody knew yet who would answer"
    assert b": x-gatewatch-provider: responses\n: x-gatewatch-model: gpt-4o-mini\n" in body
    assert deltas_of(app, without_comments(app, body)).text == TEXT
    assert (row["status"], row["http_status"], row["attempts"]) == ("ok", 200, 1)
    assert SILENCE * 1e6 < row["ttft_us"] <= took_us, "comments are no first byte"


@pytest.mark.parametrize("app", APPS)
async def test_a_pause_in_the_middle_is_filled_between_whole_frames(worker: Worker, serve: Serve, app: str) -> None:
    """Half a frame has come when the provider falls silent."""
    whole = b"".join(FRAMES)
    half = next(at for at, frame in enumerate(FRAMES) if b"stea" in frame or b"tead" in frame or b"ady" in frame)
    cut = len(b"".join(FRAMES[:half])) + 20
    script = Slow(STREAM_HEAD + chunk(whole[:cut]), chunk(whole[cut:]) + LAST_CHUNK)
    async with serve(script):
        raw, row = await answered(worker, script, app)
    body = unchunked(raw)
    assert b"x-gatewatch-provider: responses\r\n" in raw, "in the headers, which had not gone out before"
    assert deltas_of(app, without_comments(app, body)).text == TEXT
    before, after = body.split(PING[app])[0], body.split(PING[app])[-1]
    assert deltas_of(app, without_comments(app, before)).text
    assert deltas_of(app, without_comments(app, after)).text
    assert row["status"] == "ok"


@pytest.mark.parametrize("app", APPS)
async def test_the_next_target_answers_a_stream_that_has_heard_comments_only(
    worker: Worker, serve: Serve, app: str
) -> None:
    heard = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        received = await conversation.request()
        if "/gemini" in received.line:
            await heard.wait()
            conversation.send(BROKEN)
        else:
            conversation.send(ANSWER)
        await conversation.gone()

    slow = Slow()
    slow.heard = heard
    async with serve(script):
        raw, row = await answered(worker, slow, app, model="other")
    body = unchunked(raw)
    assert deltas_of(app, without_comments(app, body)).text == TEXT
    assert b": x-gatewatch-attempts: 2\n" in body
    assert (row["status"], row["provider"], row["attempts"]) == ("ok", "responses", 2)


@pytest.mark.parametrize("app", APPS)
async def test_where_nobody_answers_after_comments_there_is_one_error_event(
    worker: Worker, serve: Serve, app: str
) -> None:
    script = Slow(b"", BROKEN)
    async with serve(script), connect(worker.port) as (reader, writer):
        writer.write(asked(worker, app, "responses", stream=True))
        await begun(reader)
        script.heard.set()
        reply = await read_reply(reader)
    before, last = split(reply)
    assert without_comments(app, before) == b""
    error = is_the_error_of(app, last)
    assert error["message"] == "Broken"
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["http_status"], row["error_kind"]) == ("truncated", 200, error["code"])
    assert row.get("cost_picos", 0) == 0, "nothing was bought"
    assert "ttft_us" not in row


async def test_who_waits_for_another_turn_after_429_is_kept_alive(worker: Worker, serve: Serve) -> None:
    over = http(429, b'{"error":{"message":"Slower","type":"rate_limit_error"}}', "retry-after: 1")
    tried: list[str] = []

    async def script(conversation: Conversation) -> None:
        while True:
            received = await conversation.request()
            tried.append(received.line)
            conversation.send(over if len(tried) == 1 else ANSWER)

    slow = Slow()
    async with serve(script):
        raw, row = await answered(worker, slow, "chat", headers={"x-gatewatch-priority": "batch"})
    assert deltas_of("chat", without_comments("chat", unchunked(raw))).text == TEXT
    assert (row["status"], len(tried)) == ("ok", 2)


@pytest.mark.parametrize("app", APPS)
async def test_plain_calls_get_no_comments(worker: Worker, serve: Serve, app: str) -> None:
    """Beside a stream, which has had several when the plain reply comes."""
    script = Slow(b"", http(200, said("openai-responses", TEXT).plain))
    async with serve(script), connect(worker.port) as (reader, writer), connect(worker.port) as (beside, asking):
        writer.write(asked(worker, app, "responses"))
        asking.write(asked(worker, app, "responses", stream=True))
        for _ in range(3):
            await beside.readuntil(PING[app])
        script.heard.set()
        reply = await read_reply(reader)
    assert (reply.status, reply.ended) == (200, "length")
    assert TEXT in json.dumps(reply.json)


@pytest.mark.parametrize("app", APPS)
async def test_who_leaves_while_comments_come_is_followed_at_the_provider_within_a_second(
    worker: Worker, serve: Serve, app: str
) -> None:
    user = f"left-{app}"
    async with serve(silence) as upstream:
        async with connect(worker.port) as (reader, writer):
            writer.write(asked(worker, app, "responses", {"x-litellm-end-user-id": user}, stream=True))
            await reader.readuntil(PING[app])
        async with asyncio.timeout(1):
            await (await upstream.conversation(0)).left()
    row = await worker.closed(user=user)
    assert (row["status"], row["http_status"], row["attempts"]) == ("client_closed", 499, 1)


async def test_a_client_that_does_not_read_is_not_spoken_to(inbound: Callable[..., Inbound]) -> None:
    """Comments would wait in memory without end."""
    call = inbound()
    call.call.stream = call.journalled = call.request.started = True
    call.heard_ns = 0
    call.request.connection.writing_paused = True
    KeepAlive({call}, 5).sweep()
    assert call.heard_ns == 0
