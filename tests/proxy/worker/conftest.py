"""A call on its way, for tests of single stages."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gatewatch.paths import Home
from proxy.http_server.bounds import Bounds
from proxy.http_server.connection import ClientConnection
from proxy.http_server.request import Request
from proxy.settings import Caps
from proxy.worker.inbound import Inbound


async def nobody(_request: Request) -> None:
    raise AssertionError("no request is served here")


@pytest.fixture
async def inbound() -> Callable[..., Inbound]:
    """`inbound({b"header": b"value"})` → a call with these headers on a connection without a socket."""

    def make(headers: dict[bytes, bytes] | None = None) -> Inbound:
        connection = ClientConnection(nobody, Bounds(Caps(), None), asyncio.get_running_loop())
        request = Request(connection)
        request.headers = headers or {}
        return Inbound(request, "chat")

    return make


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()
