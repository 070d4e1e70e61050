"""A worker's side of the shared counters: one round trip to reserve, none to wait for to let go and to settle.

Keeps true:
- what was used is counted once, and in its turn: what still comes on an old connection counts no more;
- deeds that settle stand in the order of the journal, so what a dead worker has not settled is the rest of its journal;
- on each new connection the store learns what calls in flight hold, so one that has lost its memory, or an answer that
  was lost on its way, leaves no hold too many or too few.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from gatewatch.limits.counters import Asked, CountersAway, Position, Seeds, Used, Verdict
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.commands import packed, place, plain
from gatewatch.limits.shared.connection import Connection, StoreAway
from gatewatch.limits.shared.counted_rules import LONGEST_HOLD_MS, Counted, counted_rules, counting, unknown
from gatewatch.limits.shared.deeds import Deed, Deeds, Hold
from gatewatch.limits.shared.names import Names
from gatewatch.limits.shared.resp import StoreError, encoded
from gatewatch.limits.shared.scripts import HOLD, RESERVE, SETTLE
from gatewatch.limits.shared.session import Session
from gatewatch.limits.shared.verdicts import verdict_of

PATIENCE_SECONDS = 0.25
"""How long the store may leave one waiting for its next answer."""
SEEDED_SECONDS = 2.0
"""How long a call waits for counters that are being counted."""
LOOK_AGAIN_SECONDS = 0.05

log = logging.getLogger("gatewatch.limits")


class SharedCounters:
    """Of one worker run. Belongs to one event loop; `keep_connected` runs beside it."""

    def __init__(self, address: Address, gateway: str, run: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """`gateway`: see `names.gateway_id`. `run`: the name of the worker's journal."""
        self._names = Names(gateway)
        self._run = run
        self._session = Session(address, self._names, run, patience, self._prepare)
        self._rules: dict[str, Counted] = {}
        self._counting = ""
        self._kept_from: Mapping[str, int] = {}
        self._holds: dict[str, list[Hold]] = {}
        self._deeds = Deeds()
        self.lasting: set[str] = set()

    @property
    def away(self) -> str | None:
        """Why the store cannot be asked now."""
        return self._session.away

    @property
    def owed(self) -> int:
        """Deeds that the store has not confirmed."""
        return len(self._deeds)

    async def keep_connected(self) -> None:
        """Until cancelled."""
        await self._session.keep(self._begin)

    async def delivered(self, seconds: float) -> None:
        """Wait until nothing is owed, so long at most."""
        due = time.monotonic() + seconds
        while self.owed and self._session.connection and time.monotonic() < due:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(LOOK_AGAIN_SECONDS / 10)

    async def reserve(self, call_id: str, asked: Sequence[Asked]) -> Verdict:
        """See `Counters`. Counters that are being counted are waited for, `SEEDED_SECONDS` at most."""
        if self._session.connection is None:
            await self._session.tried()
        due = time.monotonic() + SEEDED_SECONDS
        while True:
            answer = await self._ask(call_id, asked)
            if answer[0] != -3:
                return verdict_of(answer, asked)
            if time.monotonic() > due:
                raise CountersAway("the limits store is being filled from the ledger")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _ask(self, call_id: str, asked: Sequence[Asked]) -> list[object]:
        """What the store says to a reservation; what it took of it is known here from then on."""
        session = self._session
        connection = session.connection
        if connection is None:
            raise CountersAway(f"the limits store is away: {session.away}")
        holds: list[Hold] = []
        awaited: dict[str, None] = {}
        numbers: list[str | int] = []
        for counter, bucket, oldest, amount, most in asked:
            rule, _, name = counter.partition("|")
            counted = self._rules.get(rule) or unknown(rule)
            if counted.is_seeded_first:
                awaited[counted.store_name] = None
            holds.append(Hold(counter, self._names.counter(counted.store_name, name), bucket, amount, counted.life_ms))
            kept_from = self._kept_from.get(rule, 0)
            numbers += (str(bucket), str(oldest), str(amount), str(most), kept_from, counted.life_ms)
        keys = [self._names.run(self._run), self._names.seeded, *(hold.key for hold in holds)]
        said: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        def heard(answer: object) -> None:
            taken = isinstance(answer, list) and answer[0] == -1
            if said.cancelled():  # the call is over
                if taken:
                    self._do([hold for hold in holds if hold.amount], (), None)
                return
            if taken:
                self._holds.setdefault(call_id, []).extend(hold for hold in holds if hold.amount)
            said.set_result(answer)

        connection.send(packed(RESERVE, keys, str(session.number), session.store, [*awaited], *numbers), heard)
        answer = await said
        if isinstance(answer, list) and answer[0] != -2:
            return answer
        connection.close(_trouble(answer))
        raise CountersAway(f"the limits store is away: {_trouble(answer)}")

    def let_go(self, call_id: str, counters: Sequence[str]) -> None:
        """See `Counters`."""
        held = self._holds.get(call_id, ())
        freed = [hold for hold in held if hold.counter in counters]
        if freed:
            self._holds[call_id] = [hold for hold in held if hold.counter not in counters]
            self._do(freed, (), None)

    def settle(self, call_id: str, used: Sequence[Used], position: Position | None) -> None:
        """See `Counters`. To be called in the order of the positions."""
        freed = self._holds.pop(call_id, ())
        if self.lasting:
            self.lasting.discard(call_id)
        added = []
        for counter, bucket, amount in used:
            rule, _, name = counter.partition("|")
            if amount and (counted := self._rules.get(rule)):
                key = self._names.counter(counted.store_name, name)
                added.append(Hold(counted.store_name, key, bucket, amount, counted.life_ms))
        if freed or added:
            self._do(freed, added, position)

    def configure(self, rules: Sequence[str], seeded: Sequence[str], whole: Sequence[Rule] = ()) -> None:
        """See `Counters`. `whole`: the rules themselves."""
        del rules
        self._rules = counted_rules(whole, seeded)
        self._counting = counting(whole)
        if connection := self._session.connection:
            connection.send(encoded(("HSET", self._names.run(self._run), "rules", self._counting)), self._heard)

    def forget(self, oldest: Mapping[str, int]) -> None:
        """See `Counters`: the store forgets on the next occasion."""
        self._kept_from = oldest
        for call_id, holds in list(self._holds.items()):
            if not _is_over(call_id):
                break  # later calls stand behind
            if call_id in self.lasting:
                continue
            if holds:
                log.error("call %s still holds what no call holds so long; it is let go of", call_id)
            self.settle(call_id, (), None)

    def seed(self, seeds: Seeds) -> None:
        """Nothing: the control process seeds the store, once for all workers."""

    def held(self) -> Mapping[str, int]:
        """See `Counters`."""
        found: dict[str, int] = {}
        for holds in self._holds.values():
            for hold in holds:
                found[hold.counter] = found.get(hold.counter, 0) + hold.amount
        return found

    def taken(self) -> Mapping[str, Mapping[int, int]]:
        """Nothing is in this worker: `LimitsStore.taken` asks the store."""
        return {}

    def _do(self, freed: Sequence[Hold], added: Sequence[Hold], position: Position | None) -> None:
        self._deeds.add(freed, added, position)
        if connection := self._session.connection:
            if self._deeds.is_too_much:
                connection.close("it does not follow")  # on the next connection it is told to be counted anew
            else:
                self._send(connection)

    def _send(self, connection: Connection) -> None:
        self._deeds.send(
            lambda deed: connection.send(self._told(deed), lambda said: self._done(connection, deed, said))
        )

    def _told(self, deed: Deed) -> bytes:
        keys: dict[str, int] = {}
        freed: list[str | int] = []
        for hold in deed.freed:
            freed += (keys.setdefault(hold.key, len(keys) + 1), str(hold.bucket), str(hold.amount))
        added: list[str | int] = []
        for hold in deed.added:
            index = keys.setdefault(hold.key, len(keys) + 1)
            added += (index, str(hold.bucket), str(hold.amount), hold.life_ms, hold.counter)
        names, session = self._names, self._session
        return packed(
            SETTLE,
            [names.run(self._run), names.seeded, names.tail, *keys],
            *(str(session.number), session.store, deed.number, self._run, *place(deed.position), freed, added),
        )

    def _done(self, connection: Connection, deed: Deed, answer: object) -> None:
        if answer not in (0, 1):
            connection.close(_trouble(answer))
        elif self._deeds.confirmed(deed.number):
            self._send(connection)

    def _heard(self, answer: object) -> None:
        if (isinstance(answer, StoreError | StoreAway) or answer == -2) and (connection := self._session.connection):
            connection.close(_trouble(answer))

    async def _prepare(self, connection: Connection, done: int) -> None:
        while self._deeds.is_too_much:
            self._deeds.is_too_much = False  # what comes from here on may be behind what the ledger will have then
            try:
                await connection.ask("DEL", self._names.seeded)
            except BaseException:
                self._deeds.is_too_much = True
                raise
        self._deeds.begin_again(done)

    def _begin(self, connection: Connection) -> None:
        """Tell what is held, and what is owed."""
        holding = [hold for holds in self._holds.values() for hold in holds]
        holding += [hold for deed in self._deeds for hold in deed.freed]
        held = [part for hold in holding for part in (hold.bucket, hold.amount, hold.life_ms, hold.key)]
        run, number = self._names.run(self._run), self._session.number
        connection.send(plain(HOLD, [run], number, self._counting, *held), self._heard)
        self._send(connection)


def _trouble(answer: object) -> str:
    if isinstance(answer, StoreAway):
        return str(answer)
    return f"it says {answer}" if isinstance(answer, StoreError) else "it knows another connection of this worker"


def _is_over(call_id: str) -> bool:
    """Whether a call is older than any call may be: its id begins with the time of its beginning, in milliseconds."""
    try:
        began = int(call_id.replace("-", "")[:12], 16)
    except ValueError:
        return False
    return time.time() * 1000 - began > LONGEST_HOLD_MS
