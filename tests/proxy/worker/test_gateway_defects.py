"""A gateway inside the test, broken where no client and no provider can: one row all the same, nothing left over."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from gatewatch.control.key_table import KeyTable
from gatewatch.journal.writer import Journal, JournalFull
from gatewatch.limits.memory import MemoryCounters
from gatewatch.paths import Home
from proxy.http_server.bounds import Bounds
from proxy.http_server.server import HttpServer
from proxy.settings import Caps, Deadlines, Route, Settings, Target, Way
from proxy.worker.allowance import KeyAllowances
from proxy.worker.gateway import Gateway
from proxy.worker.settle import Meter
from tests.kit.raw_http import RawReply, ask, connect, read_reply, request
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
    silence,
    usage_event,
)
from tests.kit.waiting import until
from tests.kit.worker_process import PEPPER, make_key, settings_for
from tests.proxy.worker.conftest import ESTIMATED_INPUT, HELLO, IN, LIMIT, OUT, PATIENT

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}
OK = http(200, chat_reply(USAGE))
STREAM = STREAM_HEAD + chunk(delta("Hello")) + chunk(usage_event(USAGE) + DONE) + LAST_CHUNK


class Running:
    """A gateway on a socket. `settings_to` makes the settings with which it starts and those of a reload."""

    def __init__(self, home: Home) -> None:
        self.home = home
        _, self.key = make_key(home)
        self.journal = Journal(home.journal)
        self.gateway: Gateway
        self.port = 0

    async def start(self, upstream_url: str, change: Callable[[Settings], Settings] = lambda s: s) -> None:
        self.settings = change(settings_for(self.home, upstream_url, Caps(), PATIENT))
        keys = KeyTable(self.home.control, PEPPER)
        meter = Meter(self.home.control)
        allowances = KeyAllowances(self.home.control, meter)
        self.gateway = Gateway(self.settings, keys, self.journal, meter, allowances, MemoryCounters(), "gatewatch/test")
        self.server = HttpServer(self.gateway, Bounds(Caps(), ("127.0.0.1",)))
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await self.server.start(listening)

    def asked(self, **changed: Any) -> bytes:
        body = {"model": "chat", "messages": HELLO, "max_tokens": LIMIT} | changed
        headers = {"Authorization": f"Bearer {self.key}"}
        return request("POST", "/v1/chat/completions", json.dumps(body).encode(), headers)

    async def chat(self, **changed: Any) -> RawReply:
        return await ask(self.port, self.asked(**changed))

    def records(self) -> list[dict[str, Any]]:
        lines = b"".join(path.read_bytes() for path in sorted(self.home.journal.glob("*.jsonl"))).splitlines()
        return [json.loads(line) for line in lines]

    def closed(self) -> list[dict[str, Any]]:
        return [record for record in self.records() if record["k"] == "close"]

    @property
    def upstream_sockets(self) -> int:
        return sum(len(pool._all) for upstream in self.gateway._upstreams.values() for pool in upstream.pools)

    async def end(self) -> None:
        await self.server.drain(5)
        self.server.close()
        self.gateway.close()
        await until(lambda: not self.upstream_sockets)
        assert not self.gateway.in_flight
        self.journal.stop()


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    running = Running(home)
    yield running
    await running.end()


def break_down(*_: object, **__: object) -> None:
    raise RuntimeError("a defect")


async def test_a_defect_before_the_answer_is_one_error_and_ends_the_upstream_call(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted_upstream(answers(STREAM_HEAD + chunk(delta("Hello")))) as upstream:
        await running.start(upstream.url)
        monkeypatch.setattr("proxy.worker.relay.stream_headers", break_down)
        reply = await running.chat(stream=True)
        assert (reply.status, reply.json["error"]["code"]) == (500, "internal_error")
        assert "defect" not in reply.body.decode()
        await (await upstream.conversation(0)).left()
    (closed,) = running.closed()
    assert (closed["status"], closed["http_status"], closed["error_kind"]) == ("error", 500, "internal_error")
    assert "a defect" in caplog.text
    assert running.gateway.live.begun == running.gateway.live.finished == 1


async def test_a_defect_inside_a_stream_ends_it_with_an_event(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted_upstream(answers(STREAM)) as upstream:
        await running.start(upstream.url)
        monkeypatch.setattr("proxy.worker.relay.relay_stream.relay_frames", break_down)
        reply = await running.chat(stream=True)
    assert (reply.status, reply.ended) == (200, "chunks")
    assert reply.events[-1]["error"]["code"] == "internal_error"
    (closed,) = running.closed()
    assert (closed["status"], closed["error_kind"]) == ("truncated", "internal_error")


async def test_a_defect_behind_the_row_writes_no_second_one(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url)
        monkeypatch.setattr("proxy.worker.relay.plain_headers", break_down)
        reply = await running.chat()
    assert reply.status == 500
    assert len(running.closed()) == 1


def full_at_the_close(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up while the call runs, and the reserve is used up, too."""

    def close(*_: object) -> None:
        raise JournalFull

    monkeypatch.setattr(running.journal, "close", close)


async def test_a_plain_reply_that_cannot_be_recorded_is_not_given_out(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url)
        full_at_the_close(running, monkeypatch)
        reply = await running.chat()
    assert (reply.status, reply.json["error"]["code"]) == (503, "ledger_full")
    assert "Hello" not in reply.body.decode()
    assert "failed inside the gateway" not in caplog.text


async def test_an_error_that_cannot_be_recorded_is_told_as_that(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted_upstream(answers(http(500, b"{}"))) as upstream:
        await running.start(upstream.url)
        full_at_the_close(running, monkeypatch)
        reply = await running.chat()
    assert (reply.status, reply.json["error"]["code"]) == (503, "ledger_full")
    assert "failed inside the gateway" not in caplog.text


@pytest.mark.parametrize("sent", [STREAM, STREAM_HEAD + chunk(delta("Hello")) + LAST_CHUNK])
async def test_a_stream_that_cannot_be_recorded_has_no_end(
    running: Running, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    async with scripted_upstream(answers(sent)) as upstream:
        await running.start(upstream.url)
        full_at_the_close(running, monkeypatch)
        reply = await running.chat(stream=True)
    assert reply.ended in ("short", "reset")
    assert DONE not in reply.body


async def test_a_full_disk_refuses_calls_and_writes_no_rows_of_it(running: Running) -> None:
    async with scripted_upstream(silence) as upstream:
        await running.start(upstream.url)
        running.journal.full = True
        reply = await running.chat()
        assert (reply.status, reply.json["error"]["code"]) == (503, "ledger_full")
        assert reply.headers["retry-after"] == "1"
        ready = await ask(running.port, request("GET", "/health/ready"))
        assert (ready.status, ready.body) == (503, b"not ready\n")
        assert upstream.conversations == []
    assert running.records() == []


async def test_a_reload_leaves_calls_in_flight_to_end_as_they_began(running: Running) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await may_answer.wait()
        conversation.send(OK)
        await conversation.gone()

    may_answer = asyncio.Event()
    async with scripted_upstream(script) as upstream, connected(running, upstream.url) as (reader, writer):
        writer.write(running.asked())
        await (await upstream.conversation(0)).arrived()
        (old,) = running.gateway._upstreams["openai"].pools
        running.gateway.configure(msgspec.structs.replace(running.settings, providers={}, routes={}))
        may_answer.set()
        reply = await read_reply(reader)
        assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "openai")
        await until(lambda: not old._all)  # what belongs to nobody any more is not kept
        writer.write(running.asked())
        assert (await read_reply(reader)).status == 404
    ok, refused = running.closed()
    assert (ok["status"], ok["cost_picos"]) == ("ok", 100 * IN + 20 * OUT)
    assert (refused["status"], refused["error_kind"]) == ("blocked", "model_not_found")


async def test_settings_that_cannot_be_taken_change_nothing(running: Running) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url)
        openai = running.settings.providers["openai"]
        for broken in (
            msgspec.structs.replace(openai, ways=(Way(dialect="openai-chat", base_url="nonsense"),)),
            msgspec.structs.replace(openai, headers={"x": "\u20ac"}),
        ):
            settings = msgspec.structs.replace(running.settings, config_version="c2", providers={"openai": broken})
            with pytest.raises(ValueError):
                running.gateway.configure(settings)
            assert running.gateway.settings.config_version == "c1"
        assert (await running.chat()).status == 200


@asynccontextmanager
async def connected(
    running: Running, upstream_url: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Starts the gateway, and connects to it."""
    await running.start(upstream_url)
    async with connect(running.port) as both:
        yield both


# two targets


def with_a_second(url: str, first: Deadlines = PATIENT) -> Callable[[Settings], Settings]:
    """The route `chat` goes to `openai` first and to `second`, at this URL, then."""

    def change(settings: Settings) -> Settings:
        way = Way(dialect="openai-chat", base_url=url)
        second = msgspec.structs.replace(settings.providers["openai"], name="second", ways=(way,))
        targets = tuple(Target(provider=name, model="gpt-4o-mini") for name in ("openai", "second"))
        return msgspec.structs.replace(
            settings,
            providers=settings.providers | {"second": second},
            routes={"chat": Route(name="chat", targets=targets, deadlines=first)},
        )

    return change


def lose(how: str) -> Callable[[Conversation], Any]:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        getattr(conversation, how)()

    return script


@pytest.fixture
def nobody() -> str:
    """A URL where no one listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


async def test_a_try_that_was_lost_stays_in_the_cost_of_the_call(running: Running) -> None:
    lost = ESTIMATED_INPUT * IN + LIMIT * OUT
    async with scripted_upstream(lose("reset")) as first, scripted_upstream(answers(OK)) as second:
        await running.start(first.url, with_a_second(second.url))
        reply = await running.chat()
    assert (reply.status, reply.headers["x-gatewatch-attempts"]) == (200, "2")
    (closed,) = running.closed()
    assert (closed["cost_basis"], closed["cost_picos"]) == ("estimated", lost + 100 * IN + 20 * OUT)


async def test_a_try_that_was_lost_stays_in_the_cost_where_the_next_cannot_even_be_made(
    running: Running, nobody: str
) -> None:
    async with scripted_upstream(lose("reset")) as first:
        await running.start(first.url, with_a_second(nobody))
        reply = await running.chat()
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_unreachable")
    (closed,) = running.closed()
    assert (closed["status"], closed["cost_basis"]) == ("error", "estimated")
    assert closed["cost_picos"] == ESTIMATED_INPUT * IN + LIMIT * OUT


async def test_after_two_refusals_of_the_key_the_sdk_is_told_once_not_to_retry(running: Running) -> None:
    async with (
        scripted_upstream(answers(http(401, b"{}"))) as first,
        scripted_upstream(answers(http(401, b"{}"))) as second,
    ):
        await running.start(first.url, with_a_second(second.url))
        async with connect(running.port) as (reader, writer):
            writer.write(running.asked())
            head = await reader.readuntil(b"\r\n\r\n")
    assert head.lower().count(b"x-should-retry: false") == 1
    assert [record["error_kind"] for record in running.records() if record["k"] == "attempt"] == ["upstream_auth"] * 2
