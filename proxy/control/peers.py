"""Recognises who asks the control API over its unix socket: the user behind the process at the other end.

Keeps true: only processes of this account or of root are served. Who it is is asked when the connection is made, not
with the request: a socket can be handed on, and the number of a process that has ended be given to another. A process
that ended before it was looked at is not served; with SO_PEERPIDFD (Linux 6.5) that is certain, before it there is a
gap of microseconds. What a name proves stands in `gatewatch.authority.login_user`.
"""

import asyncio
import os
import select
import socket
import sqlite3
import struct
from collections.abc import Callable
from contextlib import ExitStack
from weakref import WeakKeyDictionary

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.authority.login_user import login_user
from gatewatch.authority.permissions import RoleName
from gatewatch.ids import new_call_id
from proxy.control.turned_away import TurnedAway
from proxy.http_server.request import Request

_SO_PEERPIDFD = 77


class Peers:
    """Everybody who is connected. Used in the event loop's thread."""

    def __init__(self, role_of: Callable[[str], RoleName]) -> None:
        """`role_of` tells a login user's role, now."""
        self._role_of = role_of
        self._actors: WeakKeyDictionary[asyncio.BaseTransport, Actor] = WeakKeyDictionary()

    def admits(self, transport: asyncio.BaseTransport) -> bool:
        """Whether a new connection's peer is served at all."""
        actor = peer_of(transport.get_extra_info("socket"))
        if actor is not None:
            self._actors[transport] = actor
        return actor is not None

    def recognise(self, request: Request) -> Actor:
        """The actor behind a request, with the role that it has now. Raises TurnedAway."""
        actor = self._actors.get(request.connection.transport)
        if actor is None:
            raise TurnedAway(403, "Nobody knows who is asking.")
        try:
            role = self._role_of(actor.id)
        except sqlite3.Error as error:
            raise TurnedAway(503, f"Your role cannot be read just now: {error}", "See `gatewatch doctor`.") from error
        return msgspec.structs.replace(actor, role=role, request_id=new_call_id())


def peer_of(sock: socket.socket) -> Actor | None:
    """Who is at the other end of a unix socket; None for other accounts, and for processes that are gone.

    Where the system does not tell (macOS), the socket's mode has decided, and it is the account.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return login_user(0, os.getuid())
    pid, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    if uid not in (os.getuid(), 0):
        return None
    with ExitStack() as opened:
        is_there = _watched(sock, pid, opened)
        actor = login_user(pid, uid)
        return actor if is_there() else None


def _watched(sock: socket.socket, pid: int, opened: ExitStack) -> Callable[[], bool]:
    """Tells whether the very process that connected is still there. One of another pid namespace (0) is not seen."""
    if pid == 0:
        return lambda: True
    try:
        descriptor = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError:
        return lambda: _lives(pid)
    opened.callback(os.close, descriptor)
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    return lambda: not ended.poll(0)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
