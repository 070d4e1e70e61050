"""The control API: what consoles and `gatewatch show` ask. JSON over HTTP on a unix socket.

Keeps true: only the user that runs the gateway, or root, is answered (peer credentials); queries are named and
parameterised, no SQL crosses; a slow query blocks nobody else.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from gatewatch.ledger.service import LedgerService
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gatewatch.errors import GatewatchError, NotAllowed, NotFound

BODY_BYTES = 1024 * 1024
QUERY_SECONDS = 30.0

Answer = Callable[[dict[str, Any]], Awaitable[object]]


class PeerProtocol(HttpToolsProtocol):
    """Closes connections of other users."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not _same_user(transport.get_extra_info("socket")):
            transport.abort()


class ControlApi:
    """The ASGI application of the control socket."""

    def __init__(self, service: Callable[[], LedgerService], live: Callable[[], dict[str, Any]]) -> None:
        self._service = service
        self._live = live

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await _read(receive)
            status, answer = 200, await self._answer(scope["method"], scope["path"], body)
        except GatewatchError as error:
            status = {NotFound: 404, NotAllowed: 403}.get(type(error), 400 if error.exit_code == 2 else 503)
            answer = {"error": {"title": error.title, "next_step": error.next_step, "exit_code": error.exit_code}}
        payload = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(payload))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    async def _answer(self, method: str, path: str, body: bytes) -> object:
        if (method, path) == ("GET", "/v1/live"):
            return self._live()
        if method == "POST" and path.startswith("/v1/query/"):
            params = _object(body)
            name = path.removeprefix("/v1/query/")
            return await asyncio.to_thread(self._ask, name, params)
        if (method, path) == ("POST", "/v1/ledger/snapshot"):
            target = _object(body).get("path")
            if not isinstance(target, str):
                raise NotFound("A snapshot needs a path.")
            return await asyncio.to_thread(self._snapshot, target)
        if (method, path) == ("POST", "/v1/ledger/check"):
            return await asyncio.to_thread(self._check)
        raise NotFound(f"The control API has no {method} {path}.", "Is the console of another version?")

    def _ask(self, name: str, params: dict[str, Any]) -> object:
        return self._service().ask(name, **params)

    def _snapshot(self, target: str) -> object:
        raise NotImplementedError

    def _check(self) -> object:
        raise NotImplementedError


async def _read(receive: Any) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES:
            raise NotAllowed("The request is too long for the control API.")
        if not message.get("more_body"):
            return b"".join(parts)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError as error:
        raise NotAllowed(f"The request is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise NotAllowed("The request is not a JSON object.")
    return value


def _same_user(sock: socket.socket) -> bool:
    """Whether a unix socket's peer is this user or root. Where the system cannot tell, the socket's mode decides."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return uid in (os.getuid(), 0)
