"""Keys with caps: their calls take from the allowance before anything is bought, and settle when they have ended.

Keeps true: the event loop never waits for the store, and a key without caps costs nothing, not even a thread. All work
is done in one thread in the order in which it was asked for, so a call that is cut short while it takes is settled
behind that all the same. Where the store is locked or cannot be written, keys with caps are refused and others served.

A use is used once a request of the call has gone to a provider; before that it is given back, whatever the end.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from pathlib import Path
from typing import TypeVar

from gatewatch.control.allowance import Allowances, Amount, Cap
from gatewatch.control.records import KeyRecord, now_us
from proxy.refusal import Refusal, allowance_unavailable, bad_key, budget_exceeded
from proxy.settings import Provider
from proxy.worker.at_most import at_most
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter

T = TypeVar("T")

_LEAST = Amount(1, 1)

PATIENCE_SECONDS = 2.0
"""How long a call waits for the store, its turn included."""
SWEEP_SECONDS = 60.0
SLACK_SECONDS = 60.0
"""What a call may take beyond its deadline: a slow client reads the end of its reply."""

log = logging.getLogger("gatewatch.worker")


class KeyAllowances:
    """Of one worker."""

    def __init__(self, path: Path, meter: Meter) -> None:
        self._inside = _InThread(path)
        self._meter = meter
        self._thread = ThreadPoolExecutor(1, "allowances")
        """Starts with the first call of a key with caps."""
        self._started = False
        self._swept_at = 0.0

    async def check(self, key: KeyRecord) -> None:
        """A key that has made all its calls is no key any more, whatever it asks for and from where. Raises Refusal.

        To be asked for keys with a number of calls only.
        """
        if await self._ask(lambda store: store.is_used_up(key)):
            raise _used_up(key)

    async def take(self, inbound: Inbound, provider: Provider) -> None:
        """One use, and a hold on what the call may cost at its first target, by the estimate that stands in it.

        Raises Refusal: then nothing is held. A call that is cut short meanwhile is to be settled.
        """
        await self._take(inbound, at_most(self._meter, inbound, inbound.call, provider))

    async def _take(self, inbound: Inbound, wanted: Amount) -> None:
        inbound.held = wanted
        try:
            cap = await self._ask_for(inbound, wanted, Allowances.take if inbound.deferred is None else _until(inbound))
        except Refusal:  # nothing was written: while the store is locked, nothing heaps up that is to be settled
            inbound.held = None
            raise
        if cap is not None:
            inbound.held = None
            assert inbound.known
            raise _used_up(inbound.known.key) if cap == "uses" else budget_exceeded(_IN_WORDS[cap])

    async def take_use(self, inbound: Inbound) -> None:
        """One use for a call that is given what another has bought: it costs nothing, and a key whose tokens or money
        are spent does not get that either. Raises Refusal, as `take`."""
        await self._take(inbound, _LEAST)

    async def extend(self, inbound: Inbound, provider: Provider, model: str) -> None:
        """Before any further try: what that may cost must be held, beside what lost ones may have cost.

        Raises Refusal where it must not be made; what was held still is.
        """
        if inbound.held is None:
            return
        reckoned = copy(inbound.call)
        reckoned.model = model
        self._meter.estimate(reckoned, provider, model, inbound.body)
        wanted, held = at_most(self._meter, inbound, reckoned, provider), inbound.held
        wanted = Amount(max(held.tokens, wanted.tokens), max(held.picos, wanted.picos + inbound.lost_picos))
        if wanted == held:
            return
        cap = await self._ask_for(inbound, wanted, Allowances.extend)
        if cap is not None:
            raise budget_exceeded(_IN_WORDS[cap])
        inbound.held = wanted

    def settle(self, inbound: Inbound) -> None:
        """By what the call's row says that it used; a cost that is not known is taken for high. Nobody waits."""
        inbound.held = None
        call, cost = inbound.call, inbound.call.cost_picos
        is_known, give_back = cost is not None, not inbound.went_out and call.cache != "hit"
        if cost is None:
            cost = inbound.lost_picos
            if inbound.channel:
                cost += self._meter.dearest(call, inbound.channel.provider, call.model or "")
        tokens = call.tokens()
        used = Amount(tokens.input + tokens.output, cost)
        self._inside.unsettled.append(
            lambda store: store.settle(call.call_id, used, is_known=is_known, give_use_back=give_back)
        )
        self._submit(self._inside.settle)

    def tick(self, longest_call_seconds: float) -> None:
        """To be called about once a second."""
        if not self._started:
            return
        if self._inside.unsettled:
            self._submit(self._inside.settle)
        now = time.monotonic()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            before = now_us() - int((longest_call_seconds + SLACK_SECONDS) * 1e6)
            self._submit(lambda due: self._inside.quietly(lambda store: store.sweep(before), due))

    def close(self) -> None:
        """Settle what is outstanding, if the store lets us."""
        if self._started:
            self._submit(self._inside.settle)
            self._submit(lambda _: self._inside.close())
        self._thread.shutdown()

    async def _ask_for(
        self, inbound: Inbound, wanted: Amount, how: Callable[[Allowances, str, KeyRecord, Amount], Cap | None]
    ) -> Cap | None:
        assert inbound.known
        call_id, key = inbound.call.call_id, inbound.known.key
        return await self._ask(lambda store: how(store, call_id, key, wanted))

    async def _ask(self, work: Callable[[Allowances], T]) -> T:
        self._started = True
        due = time.monotonic() + PATIENCE_SECONDS
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, lambda: self._inside.do(work, due))
        except (sqlite3.Error, OSError) as error:
            raise allowance_unavailable(str(error)) from None

    def _submit(self, work: Callable[[float], object]) -> None:
        due = time.monotonic() + PATIENCE_SECONDS
        self._thread.submit(work, due).add_done_callback(_tell_defect)


class _InThread:
    """What the thread has: its connection, and what is still to be settled."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._store: Allowances | None = None
        self._file: tuple[int, int] | None = None
        self._failing = False
        self.unsettled: list[Callable[[Allowances], None]] = []

    def do(self, work: Callable[[Allowances], T], due: float) -> T:
        """Raises sqlite3.Error, OSError."""
        try:
            store = self._opened()
            store.patience(due - time.monotonic())
            done = work(store)
        except (sqlite3.Error, OSError) as error:
            if not self._failing:
                log.error("keys with caps: the control store cannot be used: %s", error)
            self._failing = True
            self.close()
            raise
        if self._failing:
            log.info("keys with caps: the control store can be used again")
        self._failing = False
        return done

    def quietly(self, work: Callable[[Allowances], object], due: float) -> bool:
        """Whether it could be done."""
        try:
            self.do(work, due)
        except (sqlite3.Error, OSError):  # it was logged, and is tried again
            return False
        return True

    def settle(self, due: float) -> None:
        """Everything that is outstanding, as far as the store lets us."""
        while self.unsettled and self.quietly(self.unsettled[0], due):
            self.unsettled.pop(0)

    def close(self) -> None:
        if self._store:
            self._store.close()
        self._store = None

    def _opened(self) -> Allowances:
        status = self._path.stat()
        file = (status.st_dev, status.st_ino)
        if self._store is None or file != self._file:  # a store put back from a backup is another file
            self.close()
            self._store, self._file = Allowances(self._path), file
        return self._store


def _until(inbound: Inbound) -> Callable[[Allowances, str, KeyRecord, Amount], Cap | None]:
    """A call that waits for its time holds until its deadline."""
    deadline = inbound.deferred.deadline if inbound.deferred else None
    return lambda store, call_id, key, wanted: store.take(call_id, key, wanted, deadline)


_IN_WORDS: dict[Cap, str] = {"tokens": "tokens", "picos": "money"}


def _tell_defect(done: "Future[object]") -> None:
    """Of work that nobody waits for."""
    if error := done.exception():
        log.error("keys with caps: counting failed", exc_info=error)


def _used_up(key: KeyRecord) -> Refusal:
    """As for any key that is not valid; the row says why."""
    return bad_key(f"{key.id}: used_up")
