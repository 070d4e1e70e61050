"""A worker's connection to the store, made anew whenever it is lost.

Keeps true: there is one at a time, with a number of its own, by which the store tells it from older ones
(`lua/hello.lua`); why there is none is known.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.commands import parts
from gatewatch.limits.shared.connection import Connection, StoreAway, on_the_right_node
from gatewatch.limits.shared.names import Names
from gatewatch.limits.shared.resp import StoreError
from gatewatch.limits.shared.scripts import HELLO, OF_WORKERS
from gatewatch.limits.shared.store_id import load, store_id

CONNECT_SECONDS = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
LOOK_SECONDS = 1.0
"""Between two looks whether the store still knows this worker."""

log = logging.getLogger("gatewatch.limits")


class Made(Protocol):
    """Told of a connection that is not in use yet. `done`: the last of the worker's deeds that the store has done."""

    def __call__(self, connection: Connection, done: int) -> Awaitable[None]: ...


class Session:
    """Of one worker run. Belongs to one event loop."""

    def __init__(self, address: Address, names: Names, run: str, patience: float, made: Made) -> None:
        self.connection: Connection | None = None
        self.away: str | None = "the worker is not connected yet"
        """Why there is none."""
        self.number = 0
        """Of the connection."""
        self.store = ""
        """Which run of the store it is."""
        self._address = address
        self._names = names
        self._run = run
        self._patience = patience
        self._made = made
        self._first_try = asyncio.Event()

    async def tried(self) -> None:
        """Wait for the first try to connect, not for long."""
        if self.connection is None and not self._first_try.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._first_try.wait(), CONNECT_SECONDS)

    async def keep(self, then: Callable[[Connection], None]) -> None:
        """Until cancelled: have a connection, or try again, slower and slower. `then`: it is in use from now on."""
        pause = FIRST_PAUSE
        while True:
            try:
                connection = await self._connected()
            except (StoreAway, StoreError) as error:
                self._is_away(str(error))
            else:
                pause = FIRST_PAUSE
                try:
                    self.connection, self.away = connection, None
                    then(connection)
                    self._first_try.set()
                    reason = await self._until_lost(connection)
                finally:
                    connection.close("the worker ends")
                self._is_away(reason)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _until_lost(self, connection: Connection) -> str:
        """Why. A store that was emptied is noticed without a call, too."""
        known = str(self.number).encode()
        while True:
            done, _ = await asyncio.wait({connection.lost}, timeout=LOOK_SECONDS)
            if done:
                return connection.lost.result()
            with contextlib.suppress(StoreAway, StoreError):
                if await connection.ask("HGET", self._names.run(self._run), "connection") != known:
                    connection.close("it has forgotten this worker")

    def _is_away(self, reason: str) -> None:
        if reason != self.away:
            log.error("limits store: %s", reason)
        self.connection, self.away = None, reason
        self._first_try.set()

    async def _connected(self) -> Connection:
        """A new connection. Raises StoreAway, StoreError."""
        names = self._names
        connection = await on_the_right_node(self._address, names.runs, self._patience, seconds=CONNECT_SECONDS)
        try:
            self.store = await store_id(connection)
            await load(connection, OF_WORKERS)
            self.number += 1
            done = await connection.ask(*parts(HELLO, [names.run(self._run), names.runs], self.number, self._run))
            assert isinstance(done, int)
            await self._made(connection, done)
        except BaseException:
            connection.close("it was not made ready")
            raise
        return connection
