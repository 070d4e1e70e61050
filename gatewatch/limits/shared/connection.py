"""One connection to the store: commands go out in the order in which they are asked, answers come back in it.

Keeps true: who asks hears of it, by an answer or by the reason why there is none; a store that answers nothing for too
long, while something is asked, is away, and the connection is closed. Belongs to one event loop.
"""

import asyncio
import contextlib
import os
import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import cast

from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.resp import Answers, NotTheStore, StoreError, encoded

Heard = Callable[[object], object]
"""Told the answer; StoreAway where there is none."""

_LONGEST_WAY = 3
"""How often a store may send one on to another of its nodes."""


class StoreAway(Exception):
    """The store does not answer, or not as it should. Says why, for the operator."""


class Connection(asyncio.Protocol):
    """To one node. Made by `connect`."""

    def __init__(self, address: Address, patience: float) -> None:
        """`patience`: seconds that it may be silent while something is asked."""
        self.address = address
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when the connection is closed: with why."""
        self._patience = patience
        self._transport: asyncio.Transport | None = None
        self._answers = Answers()
        self._waiting: deque[tuple[Heard, float]] = deque()
        self._heard_at = 0.0
        self._unsent: list[bytes] = []
        """What was asked since the loop's last turn: it goes out in one piece."""
        self._watch: asyncio.TimerHandle | None = None

    def ask(self, *parts: bytes | str | int) -> "asyncio.Future[object]":
        """The answer of the store; raises StoreAway or StoreError."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.send(encoded(parts), lambda heard: _tell(answer, heard))
        return answer

    def send(self, command: bytes, heard: Heard) -> None:
        """An encoded command; `heard` is called once, perhaps before this returns."""
        if self._transport is None or self._transport.is_closing():
            heard(StoreAway(self._reason()))
            return
        now = time.monotonic()
        self._waiting.append((heard, now))
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(self._patience, self._look)
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(command)

    def close(self, reason: str) -> None:
        """Whoever waits is told the reason."""
        if not self.lost.done():
            self.lost.set_result(reason)
        if self._watch:
            self._watch.cancel()
            self._watch = None
        if self._transport:
            self._transport.abort()
        waiting, self._waiting = self._waiting, deque()
        for heard, _ in waiting:
            heard(StoreAway(reason))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(unsent))

    def _reason(self) -> str:
        return str(self.lost.result()) if self.lost.done() else "it is not connected"

    def _look(self, *, again: bool = False) -> None:
        """Has it been silent for too long? What has come meanwhile is read before that is said."""
        loop = asyncio.get_running_loop()
        self._watch = None
        if not self._waiting:
            return
        left = max(self._waiting[0][1], self._heard_at) + self._patience - time.monotonic()
        if left > 0.001:
            self._watch = loop.call_later(left, self._look)
        elif not again:
            self._watch = loop.call_later(0.002, lambda: self._look(again=True))
        else:
            self.close(f"it did not answer within {self._patience:g} s")

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def data_received(self, data: bytes) -> None:
        try:
            answers = self._answers.feed(data)
        except NotTheStore as error:
            self.close(f"it speaks another language: {error}")
            return
        if answers:
            self._heard_at = time.monotonic()
        for answer in answers:
            if not self._waiting:
                self.close("it said something that nobody had asked")
                return
            heard, _ = self._waiting.popleft()
            heard(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close(f"the connection was lost: {exc}" if exc else "it closed the connection")


async def connect(address: Address, patience: float, *, seconds: float) -> Connection:
    """A connection that is logged in. `patience`: see `Connection`. Raises StoreAway."""
    try:
        async with asyncio.timeout(seconds):
            return await _logged_in(address, patience)
    except TimeoutError:
        raise StoreAway(f"{address.text} did not answer within {seconds:g} s") from None
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        number = getattr(error, "errno", None) if not isinstance(error, ssl.SSLError) else None
        said = os.strerror(number) if number and number > 0 else getattr(error, "reason", None) or str(error)
        raise StoreAway(f"{address.text} cannot be reached: {said}") from None
    except StoreError as error:
        raise StoreAway(f"{address.text} does not let us in: {error}") from None


async def on_the_right_node(address: Address, key: str, patience: float, *, seconds: float) -> Connection:
    """As `connect`; of a cluster that node that has the key, and with it all of its hash tag. Raises StoreAway."""
    for _ in range(_LONGEST_WAY):
        connection = await connect(address, patience, seconds=seconds)
        try:
            await connection.ask("EXISTS", key)
        except StoreError as error:
            connection.close(str(error))
            if error.kind != "MOVED":
                raise StoreAway(f"{address.text} says {error}") from None
            address = address.moved(str(error).split(" ")[2])
        else:
            return connection
    raise StoreAway(f"{address.text} sends one around in a circle")


async def _logged_in(address: Address, patience: float) -> Connection:
    loop = asyncio.get_running_loop()
    connection = Connection(address, patience)
    try:
        if address.path:
            await loop.create_unix_connection(lambda: connection, address.path)
        else:
            context = address.context()
            name = address.host if context else None
            await loop.create_connection(
                lambda: connection, address.host, address.port, ssl=context, server_hostname=name
            )
        if address.password is not None:
            login = (address.user, address.password) if address.user else (address.password,)
            await connection.ask("AUTH", *login)
        if address.database:
            await connection.ask("SELECT", address.database)
    except BaseException:
        connection.close("it was not let in")
        raise
    return connection


def _tell(answer: "asyncio.Future[object]", heard: object) -> None:
    if answer.done():  # whoever asked has left
        return
    with contextlib.suppress(asyncio.InvalidStateError):
        if isinstance(heard, StoreAway | StoreError):
            answer.set_exception(heard)
        else:
            answer.set_result(heard)
