"""A key is revoked while its calls run: each of them ends, wherever it waits, and no other key's does."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.control.store import ControlStore
from tests.kit.dialect_worker import DIALECTS, asked, by_provider, dialect_worker, route
from tests.kit.raw_http import RawReply, ask, connect, read_reply, request
from tests.kit.scripted_upstream import STREAM_HEAD, Conversation, chunk, delta, http, silence
from tests.kit.waiting import eventually, until
from tests.kit.worker_process import PEPPER, Worker, make_key
from tests.proxy.worker.conftest import Serve
from tests.proxy.worker.test_stream_ends import FAR, TEXT, spoken
from tests.proxy.worker.test_translated import deltas_of

AWS_HEAD = STREAM_HEAD.replace(b"text/event-stream", b"application/vnd.amazon.eventstream")
PAIRS = [(app, provider) for app in ("chat", "completions", "responses", "messages") for provider in DIALECTS]
PAIRS.remove(("completions", "chat"))  # has frames of its own


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("worker")
    with dialect_worker(folder, listening, route("either", "messages", "chat", "gemini")) as worker:
        yield worker


class Key:
    """A key of one test, and what its operator does with it."""

    def __init__(self, worker: Worker, name: str) -> None:
        self._worker = worker
        self.id, self.secret = make_key(worker.home, name)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def revoke(self) -> None:
        with ControlStore.open(self._worker.home.control) as store:
            store.revoke_key(self.id)

    async def row(self) -> dict[str, Any]:
        """Of its only call."""
        return await self._worker.closed(key_id=self.id)


@pytest.fixture
def key(worker: Worker, request: pytest.FixtureRequest) -> Key:
    return Key(worker, request.node.name.replace("[", ".").replace("]", "")[:60])


def error_of(app: str, lines: list[bytes]) -> dict[str, Any]:
    """The error object of an event, in the form of this app's vendor."""
    data: dict[str, Any] = json.loads(lines[-1].removeprefix(b"data: "))
    if app == "responses":
        assert (lines[0], data["type"]) == (b"event: error", "error")
        return data
    if app == "messages":
        assert (lines[0], data["type"]) == (b"event: error", "error")
        assert data["error"]["type"] == "authentication_error"
        return {"code": data["error"]["details"]["error_code"]}
    assert len(lines) == 1
    assert data["error"].keys() == {"message", "type", "param", "code"}
    return dict(data["error"])


def beginning(provider: str) -> bytes:
    """Of a stream: three deltas of text."""
    head = AWS_HEAD if provider == "bedrock" else STREAM_HEAD
    return head + b"".join(chunk(frame) for frame in spoken(DIALECTS[provider][0]))


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_stream_ends_at_once_in_one_error_event(
    worker: Worker, serve: Serve, key: Key, app: str, provider: str
) -> None:
    """Also where the provider says nothing for a long time."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(beginning(provider))
        await conversation.gone()

    async with serve(script) as upstream, connect(worker.port) as (reader, writer):
        writer.write(asked(worker, app, provider, key.headers, stream=True))
        arrived = b""
        while TEXT[4 * FAR - 4 : 4 * FAR].encode() not in arrived:
            arrived += await reader.read(65536)
        key.revoke()
        whole = asyncio.StreamReader()
        whole.feed_data(arrived + await reader.readuntil(b"\r\n0\r\n\r\n"))
        got = await read_reply(whole)
        await upstream.conversations[0].left()
    assert (got.status, got.ended) == (200, "chunks")
    before, _, last = got.body.removesuffix(b"\n\n").rpartition(b"\n\n")
    assert deltas_of(app, before + b"\n\n").text == TEXT[: 4 * FAR]
    assert error_of(app, last.split(b"\n"))["code"] == "key_revoked"
    assert not any(mark in got.body for mark in (b"[DONE]", b"message_stop", b"response.completed"))
    row = await key.row()
    assert (row["status"], row["http_status"], row["error_kind"]) == ("truncated", 200, "key_revoked")
    assert (row["cost_basis"], row["cost_picos"] > 0, row["output_tokens"] > 0) == ("estimated", True, True)
    (attempt,) = [record for record in worker.records_of(key_id=key.id) if record["k"] == "attempt"]
    assert (attempt["status"], attempt["error_kind"]) == ("truncated", "key_revoked")


async def _half_a_reply(conversation: Conversation) -> None:
    await conversation.request()
    conversation.send(http(200, b'{"choices":[' + b" " * 100)[:-50])
    await conversation.gone()


@pytest.mark.parametrize("script", [silence, _half_a_reply])
@pytest.mark.parametrize("app", ["chat", "responses", "messages", "embeddings"])
async def test_a_plain_call_is_a_401_and_what_may_have_been_bought_is_in_its_row(
    worker: Worker, serve: Serve, key: Key, app: str, script: Any
) -> None:
    async with serve(script) as upstream:
        reply = asyncio.create_task(ask(worker.port, asked(worker, app, "chat", key.headers)))
        await (await upstream.conversation(0)).arrived()
        key.revoke()
        got = await reply
        await upstream.conversations[0].left()
    assert got.status == 401
    error = got.json["error"]
    assert (error["details"]["error_code"] if app == "messages" else error["code"]) == "key_revoked"
    row = await key.row()
    assert (row["status"], row["http_status"], row["error_kind"]) == ("error", 401, "key_revoked")
    assert row["cost_picos"] > 0
    assert len(upstream.requests) == 1


async def test_a_count_is_a_401(worker: Worker, serve: Serve, key: Key) -> None:
    async with serve(silence) as upstream:
        reply = asyncio.create_task(ask(worker.port, asked(worker, "count_tokens", "messages", key.headers)))
        await (await upstream.conversation(0)).arrived()
        key.revoke()
        got = await reply
    assert (got.status, got.json["error"]["type"]) == (401, "authentication_error")
    row = await key.row()
    assert (row["error_kind"], row.get("cost_picos", 0)) == ("key_revoked", 0)


async def test_an_upload_that_takes_long_buys_nothing(worker: Worker, serve: Serve, key: Key) -> None:
    """It is told what any caller with such a key is told."""
    body = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "hi"}]}).encode()
    whole = request("POST", "/v1/chat/completions", body, key.headers | {"Expect": "100-continue"})
    async with serve(by_provider()) as upstream, connect(worker.port) as (reader, writer):
        writer.write(whole[:-10])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        key.revoke()
        got = await read_reply(reader)
        other = await ask(worker.port, request("POST", "/v1/chat/completions", body, key.headers))
    assert (got.status, got.body) == (other.status, other.body)
    assert got.json["error"]["code"] == "invalid_api_key"
    assert upstream.requests == []
    rows = [record for record in worker.records() if key.id in record.get("error_message", "")]
    assert [(row["k"], row["status"]) for row in rows] == [("close", "blocked")] * 2
    assert {row["error_message"] for row in rows} == {f"The API key is not valid here. ({key.id}: revoked)"}


async def test_a_stream_whose_client_does_not_read_ends_behind_what_it_has(
    worker: Worker, serve: Serve, key: Key
) -> None:
    frame = delta("x" * 60_000)

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD)
        while True:
            conversation.send(chunk(frame))
            await conversation.flushed()

    async with serve(script) as upstream, connect(worker.port) as (reader, writer):
        writer.write(asked(worker, "chat", "chat", key.headers, stream=True))
        conversation = await upstream.conversation(0)
        await conversation.arrived()
        await eventually(lambda: conversation.unsent)
        key.revoke()
        row = await key.row()
        assert (row["status"], row["error_kind"]) == ("truncated", "key_revoked")
        got = await read_reply(reader)
    assert got.ended == "chunks"
    *frames, last = got.frames
    assert set(frames) == {frame.removesuffix(b"\n\n")}, "whole frames"
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "key_revoked"


async def test_a_call_in_the_middle_of_a_failover_goes_no_further(worker: Worker, serve: Serve, key: Key) -> None:
    async def script(conversation: Conversation) -> None:
        while True:
            received = await conversation.request()
            if received.line.split()[1].startswith("/messages"):
                conversation.send(http(503, b'{"error":{"message":"down"}}'))

    async with serve(script) as upstream:
        reply = asyncio.create_task(ask(worker.port, asked(worker, "chat", "either", key.headers)))
        await eventually(lambda: len(upstream.requests) == 2)
        key.revoke()
        got = await reply
    assert (got.status, got.json["error"]["code"]) == (401, "key_revoked")
    assert [each.line.split()[1].split("/")[1] for each in upstream.requests] == ["messages", "chat"]
    row = await key.row()
    assert (row["attempts"], row["error_kind"], row["cost_picos"] > 0) == (2, "key_revoked", True)


async def test_other_keys_calls_go_on(worker: Worker, serve: Serve, key: Key) -> None:
    let_go = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(beginning("chat"))
        await let_go.wait()
        conversation.send(chunk(delta("", "stop")) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    other = Key(worker, "somebody-elses")
    async with serve(script) as upstream:
        replies = [
            asyncio.create_task(ask(worker.port, asked(worker, "chat", "chat", each.headers, stream=True)))
            for each in (key, other)
        ]
        for number in range(2):
            await (await upstream.conversation(number)).arrived()
        key.revoke()
        cut = await replies[0]
        let_go.set()
        whole = await replies[1]
    assert cut.frames[-1].startswith(b'data: {"error"')
    assert whole.frames[-1] == b"data: [DONE]"


async def _streamed_while(worker: Worker, serve: Serve, headers: dict[str, str], happens: Any) -> RawReply:
    """A stream that goes on until the worker refuses new calls with its key, and has cut another key's call since."""
    let_go, other = asyncio.Event(), Key(worker, "revoked-beside-it")

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(beginning("chat"))
        await let_go.wait()
        conversation.send(chunk(delta("", "stop")) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    async with serve(script) as upstream:
        reply = asyncio.create_task(ask(worker.port, asked(worker, "chat", "chat", headers, stream=True)))
        await (await upstream.conversation(0)).arrived()
        beside = asyncio.create_task(ask(worker.port, asked(worker, "chat", "chat", other.headers, stream=True)))
        await (await upstream.conversation(1)).arrived()
        happens()
        models = request("GET", "/v1/models", b"", headers)
        await until(lambda: ask(worker.port, models), lambda reply: reply.status == 401)
        other.revoke()
        await beside
        let_go.set()
        return await reply


async def test_a_key_that_expires_lets_its_calls_end(worker: Worker, serve: Serve, key: Key) -> None:
    def expire() -> None:
        with ControlStore.open(worker.home.control) as store:
            store.connection.execute("UPDATE virtual_keys SET expires_at = ? WHERE id = ?", (store.clock(), key.id))

    got = await _streamed_while(worker, serve, key.headers, expire)
    assert got.frames[-1] == b"data: [DONE]"
    assert (await key.row())["status"] == "ok"


async def test_a_secret_whose_grace_is_over_lets_its_calls_end(worker: Worker, serve: Serve, key: Key) -> None:
    def rotate() -> None:
        with ControlStore.open(worker.home.control) as store:
            store.rotate_key(key.id, pepper=PEPPER, grace_us=1)

    got = await _streamed_while(worker, serve, key.headers, rotate)
    assert got.frames[-1] == b"data: [DONE]"


async def test_a_secret_that_is_rotated_without_a_grace_takes_its_calls_with_it(
    worker: Worker, serve: Serve, key: Key
) -> None:
    async with serve(silence) as upstream:
        plain = asyncio.create_task(ask(worker.port, asked(worker, "chat", "chat", key.headers)))
        await (await upstream.conversation(0)).arrived()
        with ControlStore.open(worker.home.control) as store:
            store.rotate_key(key.id, pepper=PEPPER, grace_us=0)
        assert (await plain).json["error"]["code"] == "key_revoked"


@pytest.mark.parametrize("grace_is_over", [False, True])
async def test_a_secret_that_is_ended_takes_its_own_calls_with_it(
    worker: Worker, serve: Serve, key: Key, grace_is_over: bool
) -> None:
    with ControlStore.open(worker.home.control) as store:
        new = store.rotate_key(key.id, pepper=PEPPER, grace_us=600_000_000).secret

    def end() -> None:
        with ControlStore.open(worker.home.control) as store:
            if grace_is_over:
                store.connection.execute("UPDATE key_secrets SET valid_until = 1 WHERE kid = ?", (key.id,))
            store.end_old_secrets(key.id)

    async with serve(silence) as upstream:
        of_new = asyncio.create_task(
            ask(worker.port, asked(worker, "chat", "chat", {"Authorization": f"Bearer {new}"}, stream=True))
        )
        await (await upstream.conversation(0)).arrived()
        of_old = asyncio.create_task(ask(worker.port, asked(worker, "chat", "chat", key.headers)))
        await (await upstream.conversation(1)).arrived()
        end()
        assert (await of_old).json["error"]["code"] == "key_revoked"
        upstream.conversations[0].send(beginning("chat") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        assert (await of_new).status == 200
