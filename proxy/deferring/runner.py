"""Runs the deferred calls of a home, in the one worker that has the lock: each when it is due, by its way.

Keeps true: no call is run by two; what waits costs the worker nothing; a call that is late for its cheaper way runs
like any other; a call whose key was revoked, or that its caller has cancelled, is not run any more.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Coroutine
from typing import Any

from gatewatch.deferred.deadline import late_from
from gatewatch.deferred.entry import WAITING, Batch, Entry, Way
from gatewatch.paths import Home
from proxy.deferring.batching import MOST_BYTES, Batching
from proxy.deferring.collecting import Collecting
from proxy.deferring.direct import Direct
from proxy.deferring.early_end import EarlyEnd
from proxy.deferring.finishing import Finishing, now_us
from proxy.deferring.holds import Holds
from proxy.deferring.lock import RunnersLock
from proxy.deferring.recovery import Recovery
from proxy.deferring.waiting import Waiting, group_of, parts
from proxy.worker.gateway import Gateway
from proxy.worker.inbound import Inbound

LOOK_SECONDS = 1.0
PURGE_SECONDS = 60.0
_RECENT_US = 60_000_000
"""Clocks, and commits, of other workers may be so far behind."""
_REST_US = 5_000_000
"""Before what failed by a defect, or a disk, is looked at again."""

log = logging.getLogger("gatewatch.worker")


class Runner:
    """Of one worker."""

    def __init__(self, gateway: Gateway, home: Home) -> None:
        self._gateway = gateway
        self._kept = gateway.deferred.kept
        self._lock = RunnersLock(home.deferred_lock)
        self._holds = Holds(gateway)
        finishing = Finishing(gateway)
        self._direct = Direct(gateway, finishing, self._holds)
        self._early_end = EarlyEnd(gateway, finishing)
        self._batching = Batching(gateway, self._direct, self._holds)
        self._collecting = Collecting(gateway, finishing, self._direct)
        self._recovery = Recovery(gateway, finishing, self._direct, home)
        self._waiting = Waiting()
        self._ready: dict[str, Entry] = {}
        """Calls that may run now, and have no place yet, in their order."""
        self._running = 0
        self._batches: dict[str, Batch] = {}
        self._busy: set[str] = set()
        """Calls and batches that something is done with."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._version: int | None = None
        self._was_cancelled = False
        """Whether a caller of this worker has cancelled a call."""
        self._has_begun = False
        self._purge_at = 0.0
        self._is_stopping = False
        gateway.deferred.on_taken = self._taken
        gateway.deferred.on_cancelled(self._cancelled)

    @property
    def is_here(self) -> bool:
        """Whether deferred calls are run by this worker."""
        return self._lock.is_held

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._news.clear()
            pause = LOOK_SECONDS
            try:
                if not self._is_stopping and self._kept.any_there:
                    await self._look()
                    pause = self._pause()
            except (sqlite3.Error, OSError) as error:
                log.error("deferred: the store cannot be used: %s", error)
                self._version = None
            except Exception:
                log.exception("deferred: looking failed; it is tried again")
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def stop(self, seconds: float) -> None:
        """Begin nothing any more; wait for what runs, so long at most, then put it back; let others run the rest."""
        self._is_stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for inbound in list(self._direct.running.values()):
            inbound.stop("gateway_stopping", "the gateway is stopping")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        for task in self._tasks:
            task.cancel()
        self._lock.release()

    # what there is

    def _taken(self, inbound: Inbound, entry: Entry) -> bool:
        """A call was taken here."""
        self._news.set()
        if not self._lock.is_held or self._is_stopping:
            return False
        self._holds.keep(inbound)
        self._waiting.add(entry, now_us())
        return True

    def _cancelled(self) -> None:
        """A caller of this worker has cancelled a call."""
        self._was_cancelled = True
        self._news.set()

    async def _look(self) -> None:
        if not self._lock.is_held and not self._lock.take():
            return
        if not self._has_begun:
            await self._begin()
            self._has_begun = True
        await self._take_news()
        if time.monotonic() >= self._purge_at:
            self._purge_at = time.monotonic() + PURGE_SECONDS
            keep = self._gateway.settings.deferring.keep
            await self._kept.do(lambda store: store.purge(now_us(), keep))
        self._sort_out()
        self._start()
        self._ask_about_batches()

    async def _begin(self) -> None:
        """This worker runs them from here on."""
        self._waiting.clear()
        entries = await self._kept.do(lambda store: store.waiting())
        batches = await self._kept.do(lambda store: store.batches())
        await self._recovery.recover(entries, batches)
        self._batches = {batch.id: batch for batch in batches if batch.upstream_id is not None}
        for entry in entries:
            if entry.state in WAITING:
                self._waiting.add(entry, now_us())
                await self._holds.hold(entry)
        if entries:
            log.info("deferred: %d calls wait", len(self._waiting))

    async def _take_news(self) -> None:
        """What other workers have taken, and what anybody has cancelled."""
        version = await self._kept.do(lambda store: store.version())
        if version == self._version and not self._was_cancelled:
            return
        self._was_cancelled = False
        since = now_us() - _RECENT_US if self._version is not None else 0
        for entry in await self._kept.do(lambda store: store.news(since)):
            if cancelled := self._waiting.add(entry, now_us()):
                self._end_what_runs(cancelled)
            elif entry.id not in self._holds and entry.state == "queued" and entry.id not in self._busy:
                await self._holds.hold(entry)
        self._version = version

    def _end_what_runs(self, entry: Entry) -> None:
        """A call was cancelled: its exchange ends now, and its batch, once nobody wants any of it."""
        if inbound := self._direct.running.get(entry.id):
            inbound.request.client_left()
        batch = self._batches.get(entry.batch or "")
        if batch is None or batch.stopping or batch.id in self._busy:
            return
        if all(each.cancelled_at for each in self._waiting.in_batch(batch.id).values()):
            self._do(self._collecting.stop(batch), batch=batch.id)

    # what is done

    def _sort_out(self) -> None:
        """What is due, by what is to be done with it."""
        now, deferring = now_us(), self._gateway.settings.deferring
        groups = set(self._waiting.full(deferring.batch))
        late_in: dict[str, list[Entry]] = {}
        for entry in self._waiting.due(now):
            if entry.id in self._busy:
                continue
            is_late = now >= late_from(entry.accepted_at, entry.deadline)
            if entry.state == "batched":
                if is_late and not entry.cancelled_at:
                    late_in.setdefault(entry.batch or "", []).append(entry)
            elif entry.cancelled_at or now >= entry.deadline:
                self._do(self._early_end.end(entry), entry)
            elif entry.way == "batch" and not is_late:
                groups.add(group_of(entry))
            else:
                self._ready.setdefault(entry.id, entry)
        for group in groups:
            for part in parts(self._waiting.take(group), deferring.batch, MOST_BYTES):
                if free := [entry for entry in part if entry.id not in self._busy]:
                    self._do(self._submit(free), *free)
        for id, entries in late_in.items():
            self._do(self._leave(id, entries), *entries, batch=id)

    def _start(self) -> None:
        while self._ready and self._running < self._gateway.settings.deferring.running:
            entry = self._ready.pop(next(iter(self._ready)))
            if entry.id in self._busy or entry.id not in self._waiting.entries:
                continue
            way: Way = "off_peak" if entry.way == "off_peak" and now_us() >= entry.next_at else "standard"
            self._running += 1
            self._do(self._run(entry, way), entry)

    def _ask_about_batches(self) -> None:
        now = now_us()
        for batch in list(self._batches.values()):
            if batch.id not in self._busy and batch.next_at <= now:
                entries = self._waiting.in_batch(batch.id)
                self._do(self._collect(batch, entries), *entries.values(), batch=batch.id)

    async def _run(self, entry: Entry, way: Way) -> None:
        try:
            await self._direct.run(entry, way)
        finally:
            self._running -= 1

    async def _submit(self, entries: list[Entry]) -> None:
        for batch in await self._batching.submit(entries):
            self._batches[batch.id] = batch

    async def _collect(self, batch: Batch, entries: dict[str, Entry]) -> None:
        if await self._collecting.look(batch, entries):
            await self._drop(batch)

    async def _leave(self, id: str, late: list[Entry]) -> None:
        """These cannot wait for their batch any longer; it is asked once more."""
        batch = self._batches.get(id)
        if batch is None:
            await self._collecting.lost(late)
            return
        entries = self._waiting.in_batch(id)
        if await self._collecting.look(batch, entries):
            await self._drop(batch)
            return
        await self._collecting.leave(batch, [entry for entry in late if entry.id in entries])
        if not self._waiting.in_batch(id):
            await self._collecting.stop(batch)

    async def _drop(self, batch: Batch) -> None:
        self._batches.pop(batch.id, None)
        await self._kept.do(lambda store: store.drop_batch(batch.id))

    def _do(self, work: Coroutine[Any, Any, None], *entries: Entry, batch: str | None = None) -> None:
        """Beside the looking; nothing else is done with these meanwhile."""
        ids = {entry.id for entry in entries} | ({batch} if batch is not None else set())
        self._busy |= ids
        task = asyncio.create_task(self._done(work, list(entries), ids))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, work: Coroutine[Any, Any, None], entries: list[Entry], ids: set[str]) -> None:
        rest = 0
        try:
            await work
        except (sqlite3.Error, OSError) as error:
            log.error("deferred: the store cannot be used: %s", error)
            rest = now_us() + _REST_US
        except Exception:
            log.exception("deferred: %d calls failed by a defect of ours; they are tried again", len(entries))
            rest = now_us() + _REST_US
        finally:
            self._busy -= ids
        for entry in entries:
            if entry.state not in WAITING:
                self._waiting.forget(entry.id)
                self._holds.let_go(entry.id)
                continue
            entry.next_at = max(entry.next_at, rest)
            self._waiting.look_again(entry, now_us())
        self._news.set()

    def _pause(self) -> float:
        """Until something is due, a second at most: others may have changed something."""
        if not self._lock.is_held:
            return LOOK_SECONDS
        due = [batch.next_at for batch in self._batches.values() if batch.id not in self._busy]
        if (first := self._waiting.next_at) is not None:
            due.append(first)
        return min(LOOK_SECONDS, max(0.0, (min(due) - now_us()) / 1e6)) if due else LOOK_SECONDS
