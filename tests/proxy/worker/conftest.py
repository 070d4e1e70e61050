"""A call on its way, for tests of single stages; a whole worker in front of a scripted upstream, for tests of calls."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.dialects.openai_chat import CALLER
from proxy.http_server.bounds import Bounds
from proxy.http_server.connection import ClientConnection
from proxy.http_server.request import Request
from proxy.settings import Caps, Deadlines, Provider, Route, Settings, Target, Way
from proxy.worker.inbound import Inbound
from tests.kit.bad_requests import BODY_CAP
from tests.kit.raw_http import RawReply, ask
from tests.kit.raw_http import request as request_bytes
from tests.kit.scripted_upstream import Script, ScriptedUpstream, scripted_upstream
from tests.kit.worker_process import Worker, worker_process


async def nobody(_request: Request) -> None:
    raise AssertionError("no request is served here")


@pytest.fixture
async def inbound() -> Callable[..., Inbound]:
    """`inbound({b"header": b"value"})` → a call with these headers on a connection without a socket."""

    def make(headers: dict[bytes, bytes] | None = None) -> Inbound:
        connection = ClientConnection(nobody, Bounds(Caps(), None), asyncio.get_running_loop())
        request = Request(connection)
        request.headers = headers or {}
        return Inbound(request, "chat", CALLER)

    return make


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()


PATIENT = Deadlines(connect=20, first_byte=20, idle=20, total=20)
HASTY = Deadlines(connect=20, first_byte=0.15, idle=0.15, total=0.6)
CAPS = Caps(
    body_bytes=BODY_CAP,
    held_reply_bytes=32 * 1024,
    reply_bytes=48 * 1024 * 1024,
    sse_line_bytes=64 * 1024,
    connections_per_source=50,
)
HELLO = [{"role": "user", "content": "x" * 400}]
ESTIMATED_INPUT = 104
"""Tokens of HELLO: 400 characters at 4 a token, and 4 for the message."""
IN, CACHED, OUT = 150_000, 75_000, 600_000
"""Picodollars per token of gpt-4o-mini: 0.15, 0.075 and 0.60 USD per million."""
LIMIT = 50
"""Tokens of output that the calls allow."""


KEY_TROUBLES = tuple(f"{status}-{streamed}" for status in (401, 402, 403, 429) for streamed in (False, True))
"""Routes whose provider's key may go into quarantine."""


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    """Where the upstream of this module's worker listens; each test serves a copy of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def further(settings: Settings) -> Settings:
    """Beside `chat`: `hasty` with short deadlines, `nobody` where no one listens, `unpriced`, `dropping`, which leaves
    out what its provider `picky` refuses: seeds and biases; and those of KEY_TROUBLES, each with a key of its own."""
    openai = settings.providers["openai"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    nowhere = (Way(dialect="openai-chat", base_url=nobody),)
    refusing: Provider = msgspec.structs.replace(openai, name="refusing", ways=nowhere)
    own: Provider = msgspec.structs.replace(openai, name="own", price_provider="own")

    def route(name: str, provider: str, deadlines: Deadlines = PATIENT) -> Route:
        return Route(name=name, targets=(Target(provider=provider, model="gpt-4o-mini"),), deadlines=deadlines)

    picky: Provider = msgspec.structs.replace(
        openai, name="picky", quirks=msgspec.structs.replace(openai.quirks, refuses=("seed", "logit_bias"))
    )
    routes = (route("hasty", "openai", HASTY), route("nobody", "refusing"), route("unpriced", "own"))
    routes += (msgspec.structs.replace(route("dropping", "picky"), drop_params=True),)
    routes += tuple(route(name, name) for name in KEY_TROUBLES)
    troubled = {name: msgspec.structs.replace(openai, name=name) for name in KEY_TROUBLES}
    return msgspec.structs.replace(
        settings,
        providers=settings.providers | {"refusing": refusing, "own": own, "picky": picky} | troubled,
        routes=settings.routes | {each.name: each for each in routes},
    )


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    folder = tmp_path_factory.mktemp("worker")
    with worker_process(folder, url, caps=CAPS, deadlines=PATIENT, change=further) as worker:
        yield worker
        assert worker.process.poll() is None, f"the worker has died: {worker.log}"
        assert "Traceback" not in worker.log, worker.log


Serve = Callable[[Script], AbstractAsyncContextManager[ScriptedUpstream]]
Chat = Callable[..., Any]


@pytest.fixture
def serve(listening: socket.socket) -> Serve:
    """`async with serve(script) as upstream:` is the worker's upstream meanwhile."""
    return lambda script: scripted_upstream(script, listening=listening)


@pytest.fixture
def asked(worker: Worker, request: pytest.FixtureRequest) -> Callable[..., bytes]:
    """`asked(stream=True)` → the bytes of a chat request; its `user` is the test's name."""

    def make(headers: dict[str, str] | None = None, *, path: str = "chat/completions", **changed: Any) -> bytes:
        body = {"model": "chat", "messages": HELLO, "max_tokens": LIMIT, "user": request.node.name} | changed
        return request_bytes("POST", f"/v1/{path}", json.dumps(body).encode(), worker.headers | (headers or {}))

    return make


@pytest.fixture
def chat(worker: Worker, asked: Callable[..., bytes]) -> Chat:
    """`await chat(stream=True)` → the raw reply to a chat request."""

    async def ask_chat(headers: dict[str, str] | None = None, **changed: Any) -> RawReply:
        return await ask(worker.port, asked(headers, **changed))

    return ask_chat
