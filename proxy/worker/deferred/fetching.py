"""`/v1/deferred/ID`: a call's state, its reply once it is there, and its end before that.

Keeps true: a call is shown to keys of its own team and environment alone, and that of a person's key to keys of that
person; to all others it does not exist.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from gatewatch.control.records import KeyRecord
from gatewatch.deferred.entry import Entry
from gatewatch.deferred.store import DeferredStore
from proxy.http_server.request import Headers
from proxy.worker.answer_headers import JSON, id_headers
from proxy.worker.deferred.kept import Kept
from proxy.worker.deferred.told import described, is_gone, not_found, not_kept, waiting_headers
from proxy.worker.inbound import Inbound

T = TypeVar("T")


class Fetching:
    """Of one worker."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.cancelled: Callable[[], object] = bool
        """Told when a caller has cancelled a call."""

    async def answer(self, inbound: Inbound, key: KeyRecord, id: str) -> None:
        """The reply, or 202 as long as there is none. Raises Refusal."""
        entry, ended = await self._look(key, id, lambda store: store.ended(id))
        if ended is not None:
            headers: Headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in ended.headers]
            inbound.request.reply(ended.status, headers, ended.body)
        elif entry.state in ("ended", "done", "deleted"):
            raise is_gone()
        else:
            _tell(inbound, entry, 202)

    async def cancel(self, inbound: Inbound, key: KeyRecord, id: str) -> None:
        """One that waits is to be ended; of one that has ended, what is kept is deleted. Raises Refusal."""
        now = time.time_ns() // 1000
        entry, _ = await self._look(key, id, lambda store: store.cancel(id, now))
        if entry.state == "deleted":
            raise is_gone()
        if entry.state == "done":
            entry.state = "deleted"
        elif entry.state != "ended":
            entry.cancelled_at = entry.cancelled_at or now
            self.cancelled()
        _tell(inbound, entry, 200 if entry.state in ("deleted", "ended") else 202)

    async def _look(self, key: KeyRecord, id: str, further: Callable[[DeferredStore], T]) -> tuple[Entry, T]:
        """The call, if it is this key's business, and what is done with it in the same go. Raises Refusal."""

        def look(store: DeferredStore) -> tuple[Entry, T]:
            entry = store.find(id)
            if entry is None or not _is_its_business(key, entry):
                raise not_found()
            return entry, further(store)

        if not self._kept.any_there:
            raise not_found()
        try:
            return await self._kept.do(look)
        except (sqlite3.Error, OSError) as error:
            raise not_kept(str(error)) from None


def _is_its_business(key: KeyRecord, entry: Entry) -> bool:
    same = (key.team, key.environment) == (entry.team, entry.environment)
    return same and entry.user in (None, key.user)


def _tell(inbound: Inbound, entry: Entry, status: int) -> None:
    waits = waiting_headers(entry, time.time_ns() // 1000) if status == 202 else []
    inbound.request.reply(status, [JSON, *id_headers(inbound), *waits], msgspec.json.encode(described(entry)))
