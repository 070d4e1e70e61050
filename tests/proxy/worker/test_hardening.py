"""A whole worker from raw sockets: what must not be served is refused, closed, and reaches no provider."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from tests.kit.bad_requests import BAD_REQUESTS, BODY_CAP, KEY, BadRequest
from tests.kit.raw_http import RawReply, ask, connect, read_reply, request
from tests.kit.scripted_upstream import answers, chat_reply, http, silence
from tests.kit.waiting import eventually
from tests.kit.worker_process import PEPPER, Worker, make_key, worker_process
from tests.proxy.worker.conftest import CAPS, HELLO, Serve

Chat = Callable[..., Awaitable[RawReply]]
Asked = Callable[..., bytes]

OK = http(200, chat_reply({"prompt_tokens": 1, "completion_tokens": 1}))


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """A GET without a key, unless one is among the headers."""
    return request("GET", path, b"", {"Authorization": ""} | (headers or {}))


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("bad", BAD_REQUESTS)
async def test_a_bad_request_is_refused_closed_and_never_forwarded(
    worker: Worker, serve: Serve, bad: BadRequest
) -> None:
    opened = worker.raw_journal.count(b'{"k":"open"')
    async with serve(silence) as upstream, connect(worker.port) as (reader, writer):
        writer.write(bad.raw.replace(KEY, worker.key.encode()))
        reply = await read_reply(reader)
        assert reply.status == bad.status
        assert reply.headers["connection"] == "close"
        assert await until_closed(reader) == b""
        assert upstream.conversations == []
    assert worker.raw_journal.count(b'{"k":"open"') == opened
    assert worker.key.encode() not in reply.body


async def test_trailers_do_not_speak_for_anybody(worker: Worker, serve: Serve) -> None:
    body = b'{"model":"chat","messages":[]}'
    chunks = b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
    authorization = b"Authorization: Bearer %s\r\n" % worker.key.encode()
    async with serve(answers(OK)) as upstream:
        reply = await ask(worker.port, head + b"\r\n" + chunks + authorization + b"\r\n")
        assert reply.status == 401
        assert upstream.conversations == []
        tags = b'x-gatewatch-tags: {"forged":"1"}\r\n'
        reply = await ask(worker.port, head + authorization + b"\r\n" + chunks + tags + b"\r\n")
        assert reply.status == 200
    (closed,) = [row for row in worker.records_of(call_id=reply.headers["x-gatewatch-call-id"]) if row["k"] == "close"]
    assert "tags" not in closed


async def test_pipelined_calls_get_their_own_answers(worker: Worker, serve: Serve, asked: Asked) -> None:
    replies = [http(200, chat_reply({"prompt_tokens": n, "completion_tokens": n})) for n in range(1, 6)]
    async with serve(answers(*replies)) as upstream, connect(worker.port) as (reader, writer):
        writer.write(b"".join(asked(seed=n) for n in range(1, 6)))
        for n in range(1, 6):
            assert (await read_reply(reader)).json["usage"]["prompt_tokens"] == n
        assert [received.json["seed"] for received in upstream.requests] == [1, 2, 3, 4, 5]


async def test_chunked_bodies_and_expect_are_served(worker: Worker, serve: Serve, asked: Asked) -> None:
    head, _, body = asked().partition(b"\r\n\r\n")
    chunked = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    async with serve(answers(OK, OK)) as upstream, connect(worker.port) as (reader, writer):
        writer.write(chunked + b"\r\n\r\n" + pieces)
        assert (await read_reply(reader)).status == 200
        writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await read_reply(reader)).status == 200
        assert [received.json["user"] for received in upstream.requests] == [json.loads(body)["user"]] * 2


async def test_a_stream_to_http_1_0_ends_with_its_connection(worker: Worker, serve: Serve, asked: Asked) -> None:
    async with serve(answers(http(200, b"data: [DONE]\n\n", content_type="text/event-stream"))):
        reply = await ask(worker.port, asked(stream=True).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert (reply.status, reply.ended) == (200, "eof")
    assert reply.body.endswith(b"data: [DONE]\n\n")


async def test_a_body_of_the_cap_is_taken_and_one_byte_more_is_not(worker: Worker, serve: Serve, asked: Asked) -> None:
    head, _, body = asked().partition(b"\r\n\r\n")

    def padded(size: int) -> bytes:
        return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % size, head) + b"\r\n\r\n" + body.ljust(size)

    async with serve(answers(OK)) as upstream:
        assert (await ask(worker.port, padded(BODY_CAP))).status == 200
        assert (await ask(worker.port, padded(BODY_CAP + 1))).status == 413
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "HEAD", "GET", "PROPFIND"])
async def test_other_methods_want_a_key_and_then_are_not_served(worker: Worker, method: str) -> None:
    without_a_key = 405 if method == "OPTIONS" else 401  # which is what browsers ask first, and CORS is off
    for headers, status in (({"Authorization": ""}, without_a_key), (worker.headers, 405)):
        async with connect(worker.port) as (reader, writer):
            writer.write(request(method, "/v1/chat/completions", b"", headers))
            head = await reader.readuntil(b"\r\n\r\n")
            assert int(head.split()[1]) == status
            assert worker.key.encode() not in head


async def test_a_model_name_cannot_bring_a_header_of_its_own(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(answers(OK, OK)):
        reply = await chat(model="openai/\u6a21\u578b \u00e9")
        assert reply.headers["x-gatewatch-model"] == "?? ?"
        for model in ("openai/a\r\nset-cookie: x", "openai/a\nb", "openai/a\x00", "openai/\u2028"):
            reply = await chat(model=model)
            assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_model")
            assert "set-cookie" not in reply.headers


# keys


async def test_all_ways_to_be_no_key_look_alike(worker: Worker) -> None:
    make_key(worker.home, "revoked")
    with ControlStore.open(worker.home.control) as store:
        revoked, secret_of_revoked = store.create_key("revoked-too", team="search", pepper=PEPPER)
        store.revoke_key(revoked.id)
    with ControlStore.open(worker.home.control, clock=lambda: 1_000_000) as store:
        _, secret_of_expired = store.create_key("expired", team="search", pepper=PEPPER, expires_at=2_000_000)
    with ControlStore.open(worker.home.control) as store:
        _, of_another_home = store.create_key("other", team="search", pepper=b"another pepper")
    tokens = {
        "revoked": secret_of_revoked,
        "expired": secret_of_expired,
        "of another home": of_another_home,
        "unknown": "gwk_sk_live_" + "0" * 57,
        "malformed": "nonsense",
        "SQL": "' OR '1'='1",
        "not ASCII": "sch\u00f6n",
        "long": "x" * 20_000,
    }
    seen = set()
    for token in tokens.values():
        reply = await ask(worker.port, get("/v1/models", {"Authorization": f"Bearer {token}"}))
        headers = {name: value for name, value in reply.headers.items() if not name.endswith(("request-id", "call-id"))}
        seen.add((reply.status, tuple(headers.items()), reply.body))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 401
    for token in tokens.values():
        assert token.encode() not in worker.raw_journal
        assert token not in worker.log


async def test_a_key_is_taken_from_any_of_four_headers_and_two_different_ones_are_refused(worker: Worker) -> None:
    for name in ("x-api-key", "api-key", "x-goog-api-key"):
        assert (await ask(worker.port, get("/v1/models", {name: worker.key}))).status == 200
        reply = await ask(worker.port, get("/v1/models", {name: worker.key, "Authorization": "Bearer other"}))
        assert (reply.status, reply.json["error"]["code"]) == (400, "two_keys")


async def test_a_key_that_is_revoked_is_refused_by_the_running_worker(worker: Worker) -> None:
    kid, secret = make_key(worker.home, "short-lived")

    async def status() -> int:
        return (await ask(worker.port, get("/v1/models", {"x-api-key": secret}))).status

    async with asyncio.timeout(10):
        while await status() != 200:  # it looks at the store ten times a second
            pass
        with ControlStore.open(worker.home.control) as store:
            store.revoke_key(kid)
        while await status() != 401:
            pass


async def test_a_key_in_a_url_is_no_key_and_is_written_nowhere(worker: Worker) -> None:
    for path in (
        f"/v1/models?key={worker.key}",
        f"/v1/models?api_key={worker.key}&x=1",
        f"/v1/{worker.key}/models",
        f"/health/{worker.key}",
    ):
        reply = await ask(worker.port, get(path))
        assert reply.status in (401, 404)
        assert worker.key.encode() not in reply.body
        assert (await ask(worker.port, get(path, worker.headers))).status in (200, 404)
    assert worker.key.encode() not in worker.raw_journal
    assert worker.key not in worker.log


async def test_health_needs_no_key_and_tells_nothing(worker: Worker) -> None:
    for path in ("/health/live", "/health/ready"):
        reply = await ask(worker.port, get(path))
        assert (reply.status, reply.body) == (200, b"ok\n")
        assert set(reply.headers) == {"content-type", "content-length"}
    for path in ("/health/", "/health/version", "/health/live/x"):
        assert (await ask(worker.port, get(path))).status == 404
    assert (await ask(worker.port, get("/health/live", {"Host": "evil.example"}))).status == 421


# how much


async def test_rows_before_authentication_are_bounded_and_none_is_lost(tmp_path: Path) -> None:
    with worker_process(tmp_path, "http://127.0.0.1:9/v1") as worker:
        async with connect(worker.port) as (reader, writer):
            for _ in range(300):
                writer.write(get("/v1/models"))
                assert (await read_reply(reader)).status == 401

        def written() -> Counter[int]:
            rows = [record for record in worker.records() if record["k"] == "close"]
            assert {row["error_kind"] for row in rows} <= {"invalid_api_key"}
            return Counter(row["started_at"] // 1_000_000 for row in rows)

        def counted() -> int:
            return sum(record["count"] for record in worker.records() if record["k"] == "rejected")

        await eventually(lambda: written().total() + counted() >= 300)  # counts come when their second is over
        assert written().total() + counted() == 300
        assert max(written().values()) <= 2 * 20  # a row bears the time at which its call began


async def test_one_source_has_no_more_connections_than_the_cap(worker: Worker) -> None:
    kept = [await asyncio.open_connection("127.0.0.1", worker.port) for _ in range(CAPS.connections_per_source)]
    for reader, writer in kept:
        writer.write(get("/health/live"))
        assert (await read_reply(reader)).status == 200
    async with connect(worker.port) as (reader, _):
        reply = await read_reply(reader)
        assert (reply.status, reply.json["error"]["code"]) == (503, "overloaded")
        assert await until_closed(reader) == b""
    for _, writer in kept:
        writer.close()
        await writer.wait_closed()

    async def served() -> bool:
        try:
            return (await ask(worker.port, get("/health/live"))).status == 200
        except ConnectionError:
            return False

    async with asyncio.timeout(10):
        while not await served():
            pass


async def test_the_models_that_a_key_sees_are_its_own(worker: Worker) -> None:
    _, limited = make_key(worker.home, "limited", models=("chat",))

    async def listed() -> RawReply:
        return await ask(worker.port, get("/v1/models", {"x-api-key": limited}))

    async with asyncio.timeout(10):
        while (await listed()).status != 200:
            pass
    assert [entry["id"] for entry in (await listed()).json["data"]] == ["chat"]
    everything = await ask(worker.port, get("/v1/models", worker.headers))
    names = [entry["id"] for entry in everything.json["data"]]
    assert names[:4] == ["chat", "hasty", "nobody", "unpriced"]
    assert "openai/gpt-4o-mini" in names, "what the price list knows of a configured provider"
    reply = await ask(worker.port, get("/v1/models/hasty", {"x-api-key": limited}))
    assert reply.status == 404


async def test_a_key_for_one_route_does_not_reach_other_models_through_its_body(worker: Worker) -> None:
    _, secret = make_key(worker.home, "one-route", models=("nobody",))
    headers = {"Authorization": f"Bearer {secret}"}

    async def said(**more: object) -> RawReply:
        body = json.dumps({"model": "nobody", "messages": HELLO, **more}).encode()
        return await ask(worker.port, request("POST", "/v1/chat/completions", body, headers))

    async with asyncio.timeout(10):
        while (await said()).status == 401:
            pass
    reply = await said(models=["anthropic/claude-opus-5"])
    assert (reply.status, reply.json["error"]["code"]) == (403, "model_not_allowed")
    assert reply.json["error"]["param"] == "models"
    assert (await said(models=["gpt-4o-mini"])).status == 502, "what the route leads to: nobody listens there"


async def test_nothing_of_this_has_left_a_call_in_flight(worker: Worker) -> None:
    records = worker.records()
    opened = {record["call_id"] for record in records if record["k"] == "open"}
    closed = Counter(record["call_id"] for record in records if record["k"] == "close")
    await eventually(lambda: opened <= closed.keys())
    assert set(closed.values()) <= {1}
