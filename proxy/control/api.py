"""The control API: what consoles and `gatewatch show` ask. JSON over HTTP on a unix socket.

Keeps true: only the user that runs the gateway, or root, is answered (peer credentials); queries are named and
parameterised, no SQL crosses; a slow query blocks nobody else.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.authority.login_user import login_user
from gatewatch.errors import GatewatchError, NotFound, UsageError
from proxy.http_server.request import ClientLeft, Request
from proxy.refusal import Refusal

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

BODY_BYTES = 1024 * 1024


class ControlApi:
    """The application of the control socket."""

    def __init__(
        self,
        service: "LedgerService",
        live: Callable[[], dict[str, Any]],
        perform: "Callable[[Actor, str, object], Any]",
    ) -> None:
        self._service = service
        self._live = live
        self._perform = perform

    async def __call__(self, request: Request) -> None:
        try:
            body = await request.body(BODY_BYTES)
            status, answer = 200, await self._answer(peer(request), request.method, request.path, body)
        except GatewatchError as error:
            status = {2: 400, 3: 404, 4: 403}.get(error.exit_code, 503)
            answer = {"error": {"title": error.title, "next_step": error.next_step, "exit_code": error.exit_code}}
        except Refusal as refusal:
            status = refusal.status
            answer = {"error": {"title": refusal.message, "next_step": "", "exit_code": 1}}
        except ClientLeft:
            return
        request.reply(status, [(b"content-type", b"application/json")], msgspec.json.encode(answer))

    async def _answer(self, actor: Actor, method: str, path: str, body: bytes) -> object:
        if method == "POST" and path.startswith("/v1/actions/"):
            name = path.removeprefix("/v1/actions/")
            return await asyncio.to_thread(lambda: self._perform(actor, name, _object(body)))
        if (method, path) == ("GET", "/v1/live"):
            return self._live()
        if method == "POST" and path.startswith("/v1/query/"):
            name = path.removeprefix("/v1/query/")
            return await asyncio.to_thread(lambda: self._service.ask(name, **_object(body)))
        if (method, path) == ("POST", "/v1/ledger/snapshot"):
            target = _object(body).get("path")
            if not isinstance(target, str) or not Path(target).is_absolute():
                raise UsageError("A snapshot needs an absolute path.")
            return {"path": str(await asyncio.to_thread(self._service.snapshot, Path(target)))}
        if (method, path) == ("POST", "/v1/ledger/check"):
            return await asyncio.to_thread(self._service.check)
        raise NotFound(f"The control API has no {method} {path}.", "Is the console of another version?")


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"The request is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("The request is not a JSON object.")
    return value


def peer(request: Request) -> Actor:
    """Who asks over a unix socket: the login user behind the process on its other end."""
    sock = request.connection.transport.get_extra_info("socket")
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return login_user(0, os.getuid())
    pid, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return login_user(pid, uid)


def same_user(transport: asyncio.BaseTransport) -> bool:
    """Whether a unix socket's peer is this user or root. Where the system cannot tell, the socket's mode decides."""
    sock = transport.get_extra_info("socket")
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return uid in (os.getuid(), 0)
