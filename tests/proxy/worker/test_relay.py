"""Plain replies that are too long to be held: they go on as they come, and no part of one looks like the whole."""

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest

from gatewatch.control.store import ControlStore
from tests.kit.raw_http import connect, request
from tests.kit.scripted_upstream import Conversation, answers, chat_reply, http
from tests.kit.worker_process import Worker, make_key, worker_process
from tests.proxy.worker.conftest import CAPS, PATIENT, Chat, Serve, further

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}
LONG = chat_reply(USAGE, text="x" * 3 * CAPS.held_reply_bytes)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    folder = tmp_path_factory.mktemp("worker")
    with worker_process(folder, url, caps=CAPS, deadlines=PATIENT, change=further) as worker:
        yield worker
        assert "Traceback" not in worker.log, worker.log


async def test_a_long_reply_arrives_whole_and_its_row_is_there_with_its_end(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    async with serve(answers(http(200, LONG))):
        reply = await chat()
    assert (reply.status, reply.body, reply.ended) == (200, LONG, "length")
    close = worker.records_of(call_id=reply.headers["x-gatewatch-call-id"])[-1]
    assert (close["k"], close["status"], close["output_tokens"]) == ("close", "ok", 20)


async def test_a_long_reply_whose_key_is_revoked_does_not_look_whole(worker: Worker, serve: Serve) -> None:
    kid, secret = make_key(worker.home, "stolen")
    reply, begun = http(200, LONG), asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(reply[: 2 * CAPS.held_reply_bytes])
        await begun.wait()
        conversation.send(reply[2 * CAPS.held_reply_bytes : -10])
        await conversation.gone()

    body = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "hi"}]}).encode()
    async with serve(script), connect(worker.port) as (reader, writer):
        writer.write(request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {secret}"}))
        head = await reader.readuntil(b"\r\n\r\n")
        begun.set()
        part = await reader.readexactly(CAPS.held_reply_bytes)
        with ControlStore.open(worker.home.control) as store:
            store.revoke_key(kid)
        try:
            rest = await reader.read()
        except ConnectionResetError:
            rest = b""
    assert b"content-length: %d\r\n" % len(LONG) in head
    assert len(part + rest) < len(LONG)
    row = await worker.closed(key_id=kid)
    assert (row["status"], row["error_kind"], row["cost_picos"] > 0) == ("truncated", "key_revoked", True)


async def test_a_reply_that_says_it_will_be_too_long_is_refused_before_it_begins(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    too_long = CAPS.reply_bytes + 1
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {too_long}\r\n\r\n".encode()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(head + b" " * 2 * CAPS.held_reply_bytes)
        await conversation.gone()

    async with serve(script):
        reply = await chat()
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_invalid")
