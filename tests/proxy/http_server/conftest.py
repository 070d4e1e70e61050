"""The HTTP server as the worker runs it: on uvloop, on a real socket, with an application that tells what it got."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from proxy.http_server.bounds import Bounds
from proxy.http_server.request import ClientLeft, Request
from proxy.http_server.server import HttpServer
from proxy.refusal import Refusal
from proxy.settings import Caps
from tests.kit.bad_requests import BODY_CAP
from tests.kit.waiting import until

JSON_TYPE = (b"content-type", b"application/json")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


class Served:
    """A running server and what its application was asked. `act` replaces what is done with a sound request."""

    def __init__(self, port: int, bounds: Bounds, server: HttpServer) -> None:
        self.port = port
        self.bounds = bounds
        self.server = server
        self.requests: list[tuple[str, str, bytes]] = []
        self.rejected: list[str] = []
        self.left = asyncio.Event()
        """Set when a client has left before it was answered."""
        self.act: Callable[[Request], object] = self.echo

    async def application(self, request: Request) -> None:
        try:
            if request.refusal:
                raise request.refusal
            answer = self.act(request)
            if asyncio.iscoroutine(answer):
                await answer
        except Refusal as refusal:
            request.keep_alive = request.keep_alive and not refusal.close
            request.reply(refusal.status, [JSON_TYPE, *refusal.headers], refusal.openai_body())
        except ClientLeft:
            self.left.set()

    async def echo(self, request: Request) -> None:
        body = await request.body(self.bounds.caps.body_bytes)
        self.requests.append((request.method, request.path, body))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
        told = {"path": request.path, "headers": headers, "body": body.decode("latin-1")}
        request.reply(200, [JSON_TYPE], json.dumps(told).encode())

    def later(self, seconds: float) -> None:
        """Enforce the deadlines as if so many seconds had passed."""
        self.bounds.sweep(asyncio.get_running_loop().time() + seconds)


@pytest.fixture
def caps() -> Caps:
    """Override it to have others."""
    return Caps(body_bytes=BODY_CAP)


@pytest.fixture
async def served(caps: Caps) -> AsyncIterator[Served]:
    bounds = Bounds(caps, ("127.0.0.1", "localhost", "[::1]"))
    listening = socket.create_server(("127.0.0.1", 0))

    async def application(request: Request) -> None:
        await running.application(request)

    server = HttpServer(application, bounds)
    running = Served(listening.getsockname()[1], bounds, server)
    bounds.rejected = lambda _source, kind: running.rejected.append(kind)
    await server.start(listening)
    yield running
    await server.drain(5)
    server.close()
    await until(lambda: not bounds.open)
    assert not bounds.per_source
