"""One worker process: it serves, it drains, and it ends with 0."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.settings import Caps
from tests.kit.raw_http import ask, connect, read_reply, request
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
    scripted_upstream,
    usage_event,
)
from tests.kit.waiting import eventually
from tests.kit.worker_process import Worker, worker_process

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def chat(worker: Worker, *, stream: bool = False) -> bytes:
    body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "stream": stream, "user": f"{stream}"}
    return request("POST", "/v1/chat/completions", json.dumps(body).encode(), worker.headers)


async def ready(worker: Worker) -> None:
    reply = await ask(worker.port, b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert reply.status == 200


async def test_a_worker_that_is_told_to_end_finishes_what_it_has_begun(
    tmp_path: Path, listening: socket.socket
) -> None:
    async def script(conversation: Conversation) -> None:
        received = await conversation.request()
        if received.json["stream"]:
            conversation.send(STREAM_HEAD + chunk(delta("Hello")))
        await may_answer.wait()
        rest = chunk(usage_event(USAGE) + DONE) + LAST_CHUNK
        conversation.send(rest if received.json["stream"] else http(200, chat_reply(USAGE)))
        await conversation.gone()

    may_answer = asyncio.Event()
    with worker_process(tmp_path, url(listening)) as worker:
        async with (
            scripted_upstream(script, listening=listening) as upstream,
            connect(worker.port) as (stream_reader, stream_writer),
            connect(worker.port) as (plain_reader, plain_writer),
            connect(worker.port) as (idle_reader, idle_writer),
        ):
            await ready(worker)
            stream_writer.write(chat(worker, stream=True))
            await (await upstream.conversation(0)).arrived()
            plain_writer.write(chat(worker))
            await (await upstream.conversation(1)).arrived()
            idle_writer.write(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert (await read_reply(idle_reader)).status == 200
            worker.terminate()
            assert await idle_reader.read() == b"", "an idle connection is closed at once"
            assert worker.process.poll() is None
            may_answer.set()
            stream, plain = await read_reply(stream_reader), await read_reply(plain_reader)
            assert (stream.status, stream.ended) == (200, "chunks")
            assert stream.body.endswith(DONE)
            assert (plain.status, plain.headers["connection"]) == (200, "close")
            assert await worker.exit_code() == 0
        for user in ("True", "False"):
            assert (await worker.closed(user=user))["status"] == "ok"
        with pytest.raises(ConnectionRefusedError):
            await ask(worker.port, chat(worker))
        assert "Traceback" not in worker.log
        assert not list(worker.home.journal.glob("*.reserve"))


async def test_what_does_not_end_within_the_drain_ends_with_an_error(tmp_path: Path, listening: socket.socket) -> None:
    async def script(conversation: Conversation) -> None:
        received = await conversation.request()
        if received.json.get("stream"):
            conversation.send(STREAM_HEAD + chunk(delta("Hello")))
        await conversation.gone()

    with worker_process(tmp_path, url(listening), drain_seconds=0.1) as worker:
        async with (
            scripted_upstream(script, listening=listening) as upstream,
            connect(worker.port) as (stream_reader, stream_writer),
            connect(worker.port) as (plain_reader, plain_writer),
        ):
            stream_writer.write(chat(worker, stream=True))
            plain_writer.write(chat(worker))
            for number in (0, 1):
                await (await upstream.conversation(number)).arrived()
            await stream_reader.readuntil(delta("Hello"))
            worker.terminate()
            rest = await stream_reader.read()
            assert b'"code":"gateway_stopping"' in rest
            assert rest.endswith(b"0\r\n\r\n")
            plain = await read_reply(plain_reader)
            assert (plain.status, plain.json["error"]["code"]) == (503, "gateway_stopping")
            assert await worker.exit_code() == 0
        stream_row, plain_row = await worker.closed(user="True"), await worker.closed(user="False")
        assert (stream_row["status"], stream_row["error_kind"]) == ("truncated", "gateway_stopping")
        assert (plain_row["status"], plain_row["http_status"]) == ("error", 503)
        assert {stream_row["cost_basis"], plain_row["cost_basis"]} == {"estimated"}


async def test_what_the_terminal_interrupts_is_the_control_process(tmp_path: Path, listening: socket.socket) -> None:
    with worker_process(tmp_path, url(listening)) as worker:
        await ready(worker)
        worker.process.send_signal(signal.SIGINT)
        async with scripted_upstream(answers(http(200, chat_reply(USAGE))), listening=listening):
            assert (await ask(worker.port, chat(worker))).status == 200


async def test_headers_and_bodies_that_drip_meet_a_real_clock(tmp_path: Path, listening: socket.socket) -> None:
    caps = Caps(header_seconds=0.2, body_seconds=0.4, keep_alive_seconds=0.2)
    with worker_process(tmp_path, url(listening), caps=caps) as worker:
        await ready(worker)
        async with (
            connect(worker.port) as (headers, to_headers),
            connect(worker.port) as (body, to_body),
            connect(worker.port) as (idle, to_idle),
        ):
            to_headers.write(chat(worker)[:50])
            to_body.write(chat(worker)[:-5])
            to_idle.write(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert (await read_reply(idle)).status == 200
            for reader in (headers, body):
                reply = await read_reply(reader)
                assert (reply.status, reply.json["error"]["code"]) == (408, "request_timeout")
                assert await reader.read() == b""
            assert await idle.read() == b""
        assert worker.records_of(user="False") == []
        rejected = [record for record in worker.records() if record["k"] == "rejected"]
        if not rejected:
            await eventually(lambda: [record for record in worker.records() if record["k"] == "rejected"])
            rejected = [record for record in worker.records() if record["k"] == "rejected"]
        assert {record["error_kind"] for record in rejected} == {"request_timeout"}


def test_settings_that_are_none_end_the_process_without_repeating_them(tmp_path: Path) -> None:
    secret = "sk-proj-canarycanarycanary"
    for sent in (b"", b"nonsense " + secret.encode(), json.dumps({"pepper": secret}).encode()):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            done = subprocess.run(
                [sys.executable, "-m", "gatewatch", "_worker", "--listen-fd", str(listening.fileno())],
                input=sent,
                capture_output=True,
                pass_fds=[listening.fileno()],
                env=os.environ | {"GATEWATCH_HOME": str(tmp_path)},
                check=False,
            )
        assert done.returncode != 0
        assert secret.encode() not in done.stdout + done.stderr
