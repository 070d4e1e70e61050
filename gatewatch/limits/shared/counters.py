"""A worker's side of the shared counters: one round trip to reserve, none to wait for to let go and to settle.

What the worker does to its counters beside reserving are *deeds*, numbered from 1 on. The store keeps the number of the
last one that is done, in the same go that does it; each is kept here until the store has said so.

Keeps true:
- a deed is done once, and in its turn: what was not confirmed is sent again on the next connection, behind the question
  which was the last one done; what an old connection still brings counts no more (`lua/hello.lua`);
- deeds that settle stand in the order of the journal, so what a dead worker has not settled is the rest of its journal;
- on each new connection the store learns what calls in flight hold, so one that has lost its memory, or an answer that
  was lost on its way, leaves no hold too many or too few;
- when more is owed than is kept, the counters are counted anew from the ledger, in which all of it is.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from gatewatch.limits.counters import Asked, CountersAway, Position, Seeds, Used, Verdict
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.connection import Connection, StoreAway, on_the_right_node
from gatewatch.limits.shared.names import Names, token
from gatewatch.limits.shared.resp import StoreError, encoded
from gatewatch.limits.shared.scripts import HELLO, HOLD, OF_WORKERS, RESERVE, SETTLE, Script
from gatewatch.limits.shared.store_id import load, store_id
from gatewatch.limits.shared.verdicts import verdict_of

PATIENCE_SECONDS = 0.25
"""How long the store may take for one answer."""
CONNECT_SECONDS = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
SEEDED_SECONDS = 2.0
"""How long a call waits for counters that are being counted."""
LOOK_AGAIN_SECONDS = 0.05
LOOK_SECONDS = 1.0
"""Between two looks whether the store still knows this worker."""
MOST_OWED = 100_000
"""Deeds that are kept while the store is away."""
LONGEST_CALL_SECONDS = 3600
SLACK_SECONDS = 600

log = logging.getLogger("gatewatch.limits")


class Hold(NamedTuple):
    """Of one call, on one counter."""

    counter: str
    key: str
    bucket: int
    amount: int
    life_ms: int


class _Deed(NamedTuple):
    number: int
    freed: Sequence[Hold]
    added: Sequence[Hold]
    position: Position | None


class _Counted(NamedTuple):
    """A rule, as the store knows it."""

    store_name: str
    is_seeded_first: bool
    life_ms: int


_pack = msgspec.msgpack.Encoder().encode
_UNKNOWN_LIFE_MS = (LONGEST_CALL_SECONDS + SLACK_SECONDS) * 1000


class SharedCounters:
    """Of one worker run. Belongs to one event loop; `keep_connected` runs beside it."""

    def __init__(self, address: Address, gateway: str, run: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """`gateway`: see `names.gateway_id`. `run`: the name of the worker's journal."""
        self.away: str | None = "the worker is not connected yet"
        """Why the store cannot be asked now."""
        self._address = address
        self._names = Names(gateway)
        self._run = run
        self._patience = patience
        self._connection: Connection | None = None
        self._connections = 0
        self._store = ""
        self._first_try = asyncio.Event()
        self._rules: dict[str, _Counted] = {}
        self._counting = ""
        self._kept_from: Mapping[str, int] = {}
        self._holds: dict[str, list[Hold]] = {}
        self._deeds = 0
        self._owed: deque[_Deed] = deque()
        self._too_much_owed = False

    async def reserve(self, call_id: str, asked: Sequence[Asked]) -> Verdict:
        """See `Counters`. Counters that are being counted are waited for, `SEEDED_SECONDS` at most."""
        if self._connection is None and not self._first_try.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._first_try.wait(), CONNECT_SECONDS)
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
        connection = self._connection
        if connection is None:
            raise CountersAway(f"the limits store is away: {self.away}")
        holds: list[Hold] = []
        awaited: dict[str, None] = {}
        numbers: list[str | int] = []
        for counter, bucket, oldest, amount, most in asked:
            rule, _, name = counter.partition("|")
            counted = self._rules.get(rule) or _Counted(rule, is_seeded_first=False, life_ms=_UNKNOWN_LIFE_MS)
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

        connection.send(_packed(RESERVE, keys, str(self._connections), self._store, [*awaited], *numbers), heard)
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
        self._rules = {
            rule.id: _Counted(token(rule), rule.id not in seeded and rule.window is not None, life_ms(rule))
            for rule in whole
        }
        self._counting = counting(whole)
        if self._connection:
            self._connection.send(
                encoded(("HSET", self._names.run(self._run), "rules", self._counting)), self._confirmed
            )

    def forget(self, oldest: Mapping[str, int]) -> None:
        """See `Counters`: the store forgets on the next occasion."""
        self._kept_from = oldest
        for call_id, holds in list(self._holds.items()):
            if not holds or not _is_over(call_id):
                break
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

    @property
    def owed(self) -> int:
        """Deeds that the store has not confirmed."""
        return len(self._owed)

    async def delivered(self, seconds: float) -> None:
        """Wait until nothing is owed, so long at most."""
        due = time.monotonic() + seconds
        while self._owed and self._connection and time.monotonic() < due:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(LOOK_AGAIN_SECONDS / 10)

    # deeds

    def _do(self, freed: Sequence[Hold], added: Sequence[Hold], position: Position | None) -> None:
        self._deeds += 1
        if len(self._owed) >= MOST_OWED:
            log.error("limits store: more is owed than is kept; it will be counted anew from the ledger")
            self._too_much_owed = True
            self._owed.clear()
        deed = _Deed(self._deeds, freed, added, position)
        self._owed.append(deed)
        if self._connection:
            self._send(self._connection, deed)

    def _send(self, connection: Connection, deed: _Deed) -> None:
        keys: dict[str, int] = {}
        freed: list[str | int] = []
        for hold in deed.freed:
            freed += (keys.setdefault(hold.key, len(keys) + 1), str(hold.bucket), str(hold.amount))
        added: list[str | int] = []
        for hold in deed.added:
            index = keys.setdefault(hold.key, len(keys) + 1)
            added += (index, str(hold.bucket), str(hold.amount), hold.life_ms, hold.counter)
        names = self._names
        command = _packed(
            SETTLE,
            [names.run(self._run), names.seeded, names.tail, *keys],
            *(str(self._connections), self._store, deed.number, self._run, *place(deed.position), freed, added),
        )
        connection.send(command, lambda answer: self._done(connection, deed.number, answer))

    def _done(self, connection: Connection, number: int, answer: object) -> None:
        if answer not in (0, 1):
            connection.close(_trouble(answer))
            return
        while self._owed and self._owed[0].number <= number:
            self._owed.popleft()

    def _confirmed(self, answer: object) -> None:
        if (isinstance(answer, StoreError | StoreAway) or answer == -2) and self._connection:
            self._connection.close(_trouble(answer))

    # the connection

    async def keep_connected(self) -> None:
        """Until cancelled: have a connection, or try again, slower and slower."""
        pause = FIRST_PAUSE
        while True:
            try:
                connection = await self._connected()
            except (StoreAway, StoreError) as error:
                self._is_away(str(error))
            else:
                pause = FIRST_PAUSE
                try:
                    reason = await self._until_lost(connection)
                finally:
                    connection.close("the worker ends")
                self._is_away(reason)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _until_lost(self, connection: Connection) -> str:
        """Why. A store that was emptied is noticed without a call, too."""
        known = str(self._connections).encode()
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
        self._connection, self.away = None, reason
        self._first_try.set()

    async def _connected(self) -> Connection:
        """A new connection, on which all that is owed is on its way. Raises StoreAway, StoreError."""
        names = self._names
        connection = await on_the_right_node(self._address, names.runs, self._patience, seconds=CONNECT_SECONDS)
        try:
            self._store = await store_id(connection)
            await load(connection, OF_WORKERS)
            self._connections += 1
            keys = [names.run(self._run), names.runs]
            done = await connection.ask(*_parts(HELLO, keys, self._connections, self._run))
            assert isinstance(done, int)
            if self._too_much_owed:
                await connection.ask("DEL", names.seeded)
                self._too_much_owed = False
        except BaseException:
            connection.close("it was not made ready")
            raise
        while self._owed and self._owed[0].number <= done:
            self._owed.popleft()
        self._deeds = max(self._deeds, done)
        holding = [hold for holds in self._holds.values() for hold in holds]
        holding += [hold for deed in self._owed for hold in deed.freed]
        held = [part for hold in holding for part in (hold.bucket, hold.amount, hold.life_ms, hold.key)]
        connection.send(_call(HOLD, [names.run(self._run)], self._connections, self._counting, *held), self._confirmed)
        self._connection, self.away = connection, None
        for deed in self._owed:
            self._send(connection, deed)
        self._first_try.set()
        return connection


def counting(rules: Iterable[Rule]) -> str:
    """What a worker that counts these rules says of itself: which are counted."""
    tokens = sorted(token(rule) for rule in rules if rule.window is not None)
    return hashlib.blake2b("\n".join(tokens).encode(), digest_size=8).hexdigest()


def life_ms(rule: Rule) -> int:
    """How long a counter of it is kept behind its last use."""
    longest = rule.window.longest if rule.window else 0
    return longest // 1000 + _UNKNOWN_LIFE_MS


def _parts(script: Script, keys: Sequence[str], *arguments: str | int) -> list[bytes | str | int]:
    return ["EVALSHA", script.sha, len(keys), *keys, *arguments]


def _call(script: Script, keys: Sequence[str], *arguments: str | int) -> bytes:
    return encoded(_parts(script, keys, *arguments))


def place(position: Position | None) -> tuple[str, str]:
    """As the store has it: the number of the segment and the offset; empty without one."""
    return (str(int(position[0].rpartition("-")[2])), str(position[1])) if position else ("", "")


def _packed(script: Script, keys: Sequence[str], *arguments: object) -> bytes:
    """All in one argument: cheaper on both sides. Numbers that may need more than 53 bits go as texts."""
    return encoded(("EVALSHA", script.sha, len(keys), *keys, _pack(arguments)))


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
    return time.time() * 1000 - began > _UNKNOWN_LIFE_MS
