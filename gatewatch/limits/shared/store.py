"""The control process' side of the shared counters: what is seeded, which workers count, seeding, and dead workers.

Keeps true: a rule's counters count from the moment on in which all that was used before is in them, to the last record;
what a dead worker has not settled is settled in its name, each record once.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from gatewatch.limits.counters import Position, Seeds, Used
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.commands import parts, place
from gatewatch.limits.shared.connection import Connection, StoreAway, on_the_right_node
from gatewatch.limits.shared.counted_rules import life_ms
from gatewatch.limits.shared.names import Names, token
from gatewatch.limits.shared.resp import StoreError
from gatewatch.limits.shared.scanning import counters_of
from gatewatch.limits.shared.scripts import BEGIN, BURY, FILL, OF_CONTROL, SEAL, SETTLE, Script
from gatewatch.limits.shared.standing import Standing, standing
from gatewatch.limits.shared.store_id import info, load, store_id
from gatewatch.limits.shared.verdicts import is_hold, pairs

PATIENCE_SECONDS = 5.0
"""Seeding may take a while."""
CONNECT_SECONDS = 2.0
KEPT_MS = 7 * 86_400_000
"""What is not a counter is kept so long behind its last use; runs a day longer than the marks that go by them."""
_AT_ONCE = 200
_DEAD = "dead"
"""The connection of a worker that has none any more."""


class Seen(NamedTuple):
    """What is in the store at one moment."""

    seeded: frozenset[str]
    """Tokens of the rules whose counters count."""
    live: frozenset[str]
    """Runs of workers that are not known to be dead."""
    buried: frozenset[str]
    since: str | None
    """All runs that begin later are in one of those, or have never reached the store."""


class LimitsStore:
    """One gateway's part of the store, while the connection holds."""

    def __init__(self, connection: Connection, gateway: str, store: str, trouble: str | None) -> None:
        self.trouble = trouble
        """What may make it forget counters, for the operator."""
        self._connection = connection
        self._names = Names(gateway)
        self._store = store

    def close(self) -> None:
        self._connection.close("the control process has closed it")

    async def seen(self) -> Seen:
        """What there is. Raises StoreAway, StoreError, as all that follows."""
        names = self._names
        marks = dict(pairs(await self._connection.ask("HGETALL", names.seeded)))
        runs = dict(pairs(await self._connection.ask("HGETALL", names.runs)))
        since = runs.pop(b"since", None)
        ours = f"{self._store} ".encode()
        return Seen(
            frozenset(name.decode() for name, mark in marks.items() if mark.startswith(ours)),
            frozenset(run.decode() for run, state in runs.items() if state == b"live"),
            frozenset(run.decode() for run, state in runs.items() if state == b"buried"),
            since.decode() if since else None,
        )

    async def keep(self, runs: Iterable[str]) -> None:
        """Let nothing expire that these go by. To be called at least once a day."""
        names = self._names
        for key in (*map(names.run, runs), names.runs):
            await self._connection.ask("PEXPIRE", key, KEPT_MS + 86_400_000)
        for key in (names.seeded, names.tail):
            await self._connection.ask("PEXPIRE", key, KEPT_MS)

    async def counting(self, run: str) -> str:
        """Which rules this worker counts, as `counters.counting` says it; empty: it has not said so."""
        said = await self._connection.ask("HGET", self._names.run(run), "rules")
        return said.decode() if isinstance(said, bytes) else ""

    async def begin(self, tokens: Sequence[str], now: str) -> str:
        """These rules count nothing until they are sealed; returns the attempt's name. `now`: as runs begin."""
        attempt = os.urandom(8).hex()
        await self._run(BEGIN, (self._names.seeded, self._names.tail), attempt, *tokens)
        await self._connection.ask("HSETNX", self._names.runs, "since", now)
        return attempt

    async def unseed(self, tokens: Sequence[str]) -> None:
        """These rules are not in force any more, or their counters are wrong."""
        await self._connection.ask("HDEL", self._names.seeded, *tokens)

    async def fill(self, rules: Sequence[Rule], seeds: Seeds) -> None:
        """What the ledger has counted for rules that have begun, in place of all that their counters had settled."""
        names, by_id = self._names, {rule.id: rule for rule in rules}
        left = set(await counters_of(self._connection, names, rules))
        fills: list[tuple[str, tuple[int, ...]]] = []
        for seed in seeds.seeds:
            rule_id, _, name = seed.counter.partition("|")
            if rule := by_id.get(rule_id):
                key = names.counter(token(rule), name)
                left.discard(key.encode())
                amounts = [part for bucket, amount in seed.buckets.items() for part in (bucket, amount)]
                fills.append((key, (life_ms(rule), *amounts)))
        fills += [(old.decode(), (KEPT_MS,)) for old in left]
        for begin in range(0, len(fills), _AT_ONCE):
            some = fills[begin : begin + _AT_ONCE]
            await asyncio.gather(*(self._run(FILL, (key,), *amounts) for key, amounts in some))

    async def seal(
        self, attempt: str, tokens: Sequence[str], positions: Mapping[str, int], lived: Iterable[str]
    ) -> bool:
        """Let the rules count that were filled. `positions`: segment → offset up to which calls are in the seeds.
        `lived`: the workers that lived when it began. False: it has to be done again, from its beginning."""
        upto: dict[str, tuple[int, int]] = {}
        for segment, offset in positions.items():
            run, _, sequence = segment.rpartition("-")
            upto[run] = max(upto.get(run, (0, 0)), (int(sequence), offset))
        names = self._names
        places = [part for run, place in upto.items() for part in (run, *place)]
        sealed = await self._run(
            SEAL,
            (names.seeded, names.tail, names.runs),
            *(attempt, self._store, attempt, len(tokens), *tokens, len(upto), *places, *lived),
        )
        return sealed == 1

    async def fence(self, run: str) -> tuple[int, tuple[int, int]]:
        """This worker is dead: what still comes from it counts no more. Returns the number of its last deed, and the
        position (sequence, offset) of the last one that has one."""
        key = self._names.run(run)
        await self._connection.ask("HSETNX", self._names.runs, run, "live")
        await self._connection.ask("HSET", key, "connection", _DEAD)
        said = await self._connection.ask("HMGET", key, "deed", "position")
        assert isinstance(said, list)
        sequence, _, offset = (said[1] or b"0 0").decode().partition(" ")
        return int(said[0] or 0), (int(sequence), int(offset))

    async def settle(self, run: str, deed: int, used: Sequence[Used], rules: Mapping[str, Rule], at: Position) -> None:
        """In the name of a dead worker. `deed`: one more than its last. `rules`: by id."""
        keys: dict[str, int] = {}
        added: list[str | int] = []
        for counter, bucket, amount in used:
            rule_id, _, name = counter.partition("|")
            rule = rules[rule_id]
            index = keys.setdefault(self._names.counter(token(rule), name), len(keys) + 1)
            added += (index, str(bucket), str(amount), life_ms(rule), token(rule))
        names = self._names
        packed = msgspec.msgpack.encode((_DEAD, self._store, deed, run, *place(at), [], added))
        await self._run(SETTLE, (names.run(run), names.seeded, names.tail, *keys), packed)

    async def bury(self, run: str) -> None:
        """All of a dead worker is counted: what it held is free."""
        await self._run(BURY, (self._names.run(run), self._names.runs), run)

    async def standing(self, rules: Sequence[Rule], at: int, begin: int) -> Standing:
        """What counters say, from the `begin`-th on, of their windows as they were at a moment (µs)."""
        return await standing(self._connection, self._names, self._store, rules, at, begin)

    async def are_there(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of them that exist now."""
        found = await asyncio.gather(*(self._connection.ask("EXISTS", key) for key in keys))
        return {key for key, there in zip(keys, found, strict=True) if there}

    def key_of(self, counter: str, rules: Mapping[str, Rule]) -> bytes:
        """Where `RULE|NAME` stands. `rules`: by id."""
        rule_id, _, name = counter.partition("|")
        return self._names.counter(token(rules[rule_id]), name).encode()

    async def taken(self, rules: Iterable[Rule]) -> dict[str, dict[int, int]]:
        """Counter → bucket → what was settled in it, holds left out."""
        found: dict[str, dict[int, int]] = {}
        for key, counter in (await counters_of(self._connection, self._names, rules)).items():
            fields = pairs(await self._connection.ask("HGETALL", key))
            buckets = {int(field): int(amount) for field, amount in fields if field.isdigit()}
            if kept := {bucket: amount for bucket, amount in buckets.items() if amount}:
                found[counter] = kept
        return found

    async def held(self, rules: Iterable[Rule]) -> dict[str, int]:
        """Counter → what calls in flight hold of it."""
        found: dict[str, int] = {}
        for key, counter in (await counters_of(self._connection, self._names, rules)).items():
            fields = pairs(await self._connection.ask("HGETALL", key))
            if held := sum(int(amount) for field, amount in fields if is_hold(field)):
                found[counter] = held
        return found

    async def _run(self, script: Script, keys: Sequence[str], *arguments: bytes | str | int) -> object:
        try:
            return await self._connection.ask(*parts(script, keys, *arguments))
        except StoreError as error:
            if error.kind != "NOSCRIPT":
                raise
        return await self._connection.ask("EVAL", script.source, len(keys), *keys, *arguments)


async def open_store(
    address: Address, gateway: str, *, patience: float = PATIENCE_SECONDS, seconds: float = CONNECT_SECONDS
) -> LimitsStore:
    """Raises StoreAway where it cannot be reached, or is none that counters can be kept in."""
    connection = await on_the_right_node(address, Names(gateway).runs, patience, seconds=seconds)
    try:
        store = await store_id(connection)
        memory = await info(connection, "memory")
        await load(connection, OF_CONTROL)
    except StoreError as error:
        connection.close(str(error))
        raise StoreAway(f"{address.text} says {error}") from None
    except BaseException:
        connection.close("it was not made ready")
        raise
    trouble = None
    if (policy := memory.get("maxmemory_policy", "noeviction")) != "noeviction" and memory.get("maxmemory") != "0":
        trouble = f"{address.text} may throw counters away when its memory is full (maxmemory-policy {policy})"
    return LimitsStore(connection, gateway, store, trouble)


async def trouble_of(address: Address) -> str | None:
    """What may make it forget counters; None where it is fit to keep them. Raises StoreAway."""
    store = await open_store(address, "doctor")
    store.close()
    return store.trouble
