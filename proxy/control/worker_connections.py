"""Workers' connections to the control process: what each reports, and what each is told.

Keeps true: what is no report ends its own connection and no other; a worker has told of itself before it is told
anything.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

import msgspec

from proxy.control.listening import bind_unix
from proxy.worker.live import LiveState

GREETING_BYTES = 64 * 1024
REPORT_BYTES = 4 * 1024 * 1024
"""The longest report: one that was written while no control process lived names every key that was used."""
ACCEPT_PAUSE = 0.5

log = logging.getLogger("gatewatch.control")


class Supervisor(Protocol):
    """Who hears of workers. All of it is called on the event loop."""

    def greeted(self, listening: socket.socket) -> None:
        """A worker has handed over its listening socket, which is the supervisor's from now on."""
        ...

    def welcome(self, state: LiveState, writer: asyncio.StreamWriter) -> None:
        """A worker's first report; `states` does not have it yet."""
        ...

    def heard(self, state: LiveState) -> None:
        """Each report; `states` has it."""
        ...

    def lost(self, pid: int) -> None:
        """The connection has ended; 0: nothing was said on it."""
        ...


class WorkerConnections:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], object], supervisor: Supervisor) -> None:
        """`spawn`: run this beside, and say so where it fails."""
        self.states: dict[int, LiveState] = {}
        """The last report of each worker, by pid."""
        self.writers: dict[int, asyncio.StreamWriter] = {}
        self._spawn = spawn
        self._supervisor = supervisor

    def listen(self, path: Path) -> None:
        """Take connections on a unix socket of mode 0600."""
        server = bind_unix(path)
        server.setblocking(False)
        self._spawn(self._accept(server))

    def tell(self, command: dict[str, object]) -> None:
        """Every worker that is connected."""
        line = command_line(command)
        for writer in self.writers.values():
            writer.write(line)

    async def _accept(self, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with server:
            while True:
                try:
                    connection, _ = await loop.sock_accept(server)
                except OSError as error:  # no descriptor is free: some other time there is one
                    log.error("a worker's connection was not taken: %s", error)
                    await asyncio.sleep(ACCEPT_PAUSE)
                    continue
                connection.setblocking(False)
                self._spawn(self._session(connection))

    async def _session(self, connection: socket.socket) -> None:
        """One worker's connection, from its greeting to its end."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(REPORT_BYTES)
        try:
            await _readable(loop, connection)
            greeting, fds, _, _ = socket.recv_fds(connection, GREETING_BYTES, 1)
            for fd in fds:
                self._supervisor.greeted(socket.socket(fileno=fd))
            reader.feed_data(greeting)  # it need not be one whole line
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.create_unix_connection(lambda: protocol, sock=connection)
        except BaseException:
            connection.close()
            raise
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        pid = 0
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                state = msgspec.json.decode(line, type=LiveState)
                pid = state.pid
                if pid not in self.states:
                    self.writers[pid] = writer
                    self._supervisor.welcome(state, writer)
                self.states[pid] = state
                self._supervisor.heard(state)
        except (OSError, ValueError, msgspec.DecodeError) as error:
            log.warning("lost worker %d: %s", pid, error)
        finally:
            writer.close()
            if self.writers.get(pid) is writer:
                del self.writers[pid], self.states[pid]
            self._supervisor.lost(pid)


def command_line(command: dict[str, object]) -> bytes:
    """As a worker reads it."""
    return msgspec.json.encode(command) + b"\n"


async def _readable(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> None:
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(connection)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
