"""Replies that workers share in the store of the limits.

Keeps true: a store that is away, slow or says something else means a miss, after PATIENCE_SECONDS at most, and is not
asked again for RETRY_SECONDS; a reply stands there with the marks that its labels had when it began to be bought, and
is given only where they are still the same. An invalidation changes marks; what could not be told is told before
anything else is asked.
"""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.connection import Connection, StoreAway, on_the_right_node
from gatewatch.limits.shared.names import Names
from gatewatch.limits.shared.resp import StoreError, encoded
from proxy.worker.caching.entry import Entry
from proxy.worker.caching.invalidation import entry_labels

PATIENCE_SECONDS = 0.05
CONNECT_SECONDS = 1.0
RETRY_SECONDS = 1.0
MOST_OWED = 10_000
"""Marks; beyond that all replies are invalidated."""
MARKS_SECONDS = 3600.0
"""Marks outlive the replies that were there before them by so much."""

Marks = dict[str, bytes | None]

log = logging.getLogger("gatewatch.worker")


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    entry: Entry
    """Born by the wall clock."""
    marks: dict[str, bytes | None]


class Looked(NamedTuple):
    """What there was."""

    entry: Entry | None
    """Born by this machine's monotonic clock."""
    marks: Marks | None
    """Of the labels that were asked for; None: the store is away."""


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Stored).decode


class SharedReplies:
    """Of one worker. Made on a running event loop, which keeps the connection."""

    def __init__(self, address: Address, gateway: str) -> None:
        prefix = f"{Names(gateway).prefix}cache:"
        self._entries, self._marks = f"{prefix}e:", f"{prefix}m:"
        self._address = address
        self._connection: Connection | None = None
        self._owed: dict[str, bytes] = {}
        self.away: str | None = "it is not connected yet"
        """Why it is not asked at the moment."""
        self.longest = 0.0
        """Seconds that any reply is kept."""
        self._keeping = asyncio.create_task(self._keep_connected())

    async def look(self, key: bytes, labels: Sequence[str], tenant: str, *, reads: bool) -> Looked:
        """The reply, and the labels' marks as they are before it is bought anew."""
        connection = self._connection
        if connection is None:
            return Looked(None, None)
        try:
            found, marks = await asyncio.gather(
                connection.ask("GET" if reads else "EXISTS", f"{self._entries}{key.hex()}"),
                self._marks_of(connection, labels),
            )
            entry = await self._good(connection, found, marks) if isinstance(found, bytes) else None
        except (StoreAway, StoreError) as error:
            connection.close(str(error))
            return Looked(None, None)
        if entry is not None and entry.tenant != tenant:
            return Looked(None, marks)
        return Looked(entry, marks)

    def keep(self, key: bytes, entry: Entry, ttl: float, marks: Marks) -> None:
        """`marks`: as `look` has said before it was bought; of a label that is not among them nothing is known."""
        labels = entry_labels(entry)
        if self._connection is None or not marks.keys() >= set(labels):
            return
        age = time.monotonic() - entry.born
        if (left := round((ttl - age) * 1000)) <= 0:
            return
        stored = _Stored(
            msgspec.structs.replace(entry, born=time.time() - age), {label: marks[label] for label in labels}
        )
        command = encoded(("SET", f"{self._entries}{key.hex()}", _encode(stored), "PX", left))
        self._connection.send(command, _nobody_waits)

    def invalidate(self, labels: Sequence[str]) -> None:
        """No reply with one of these labels is given any more."""
        for label in labels:
            self._owed[label] = os.urandom(12)
        if len(self._owed) > MOST_OWED:
            self._owed = {"": os.urandom(12)}
        if self._connection is not None:
            self._tell(self._connection)

    def close(self) -> None:
        """Ask it no more."""
        self._keeping.cancel()
        if self._connection is not None:
            self._connection.close("the worker has closed it")

    async def _good(self, connection: Connection, found: bytes, marks: Marks) -> Entry | None:
        """The reply, where its labels have the marks that it was kept with."""
        try:
            stored = _decode(found)
        except msgspec.MsgspecError:
            return None
        if others := [label for label in entry_labels(stored.entry) if label not in marks]:
            marks = marks | await self._marks_of(connection, others)
        if any(stored.marks.get(label, b"") != marks[label] for label in entry_labels(stored.entry)):
            return None
        age = max(0.0, time.time() - stored.entry.born)
        return msgspec.structs.replace(stored.entry, born=time.monotonic() - age)

    async def _marks_of(self, connection: Connection, labels: Sequence[str]) -> Marks:
        said = await connection.ask("MGET", *(self._marks + label for label in labels))
        if not isinstance(said, list):
            raise StoreAway("it answers something else than it was asked")
        return dict(zip(labels, said, strict=True))

    def _tell(self, connection: Connection) -> None:
        life = round((self.longest + MARKS_SECONDS) * 1000)
        for label, mark in list(self._owed.items()):
            command = encoded(("SET", self._marks + label, mark, "PX", life))
            connection.send(command, partial(self._told, connection, label, mark))

    def _told(self, connection: Connection, label: str, mark: bytes, said: object) -> None:
        if isinstance(said, StoreError):
            connection.close(str(said))
        elif not isinstance(said, StoreAway) and self._owed.get(label) == mark:
            del self._owed[label]

    async def _keep_connected(self) -> None:
        while True:
            try:
                connection = await on_the_right_node(
                    self._address, self._marks, PATIENCE_SECONDS, seconds=CONNECT_SECONDS
                )
            except StoreAway as error:
                self._is_away(str(error))
            else:
                self._tell(connection)
                self._connection, self.away = connection, None
                try:
                    self._is_away(await asyncio.shield(connection.lost))
                finally:
                    self._connection = None
            await asyncio.sleep(RETRY_SECONDS)

    def _is_away(self, why: str) -> None:
        if self.away is None:
            log.warning("the shared cache is not asked: %s", why)
        self.away = why


def _nobody_waits(said: object) -> None:
    """A reply that was not taken is bought again."""
