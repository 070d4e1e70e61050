"""Counters of a gateway with one worker, in that worker's memory: exact, and no slower than a few dictionaries.

Keeps true: what has left its window is let go of, and with it counters that nobody asks for (callers choose the names
of users); what is held is let go of when no call can hold it any more; rules come, go and are counted anew without a
look at the counters of others.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from gatewatch.limits.concerned import Concern
from gatewatch.limits.counters import LONGEST_CALL_SECONDS, Asked, Level, Position, Seeds, Used, Verdict
from gatewatch.limits.rule import Rule

log = logging.getLogger("gatewatch.worker")

_NEVER = -1
_LONGEST_HOLD = LONGEST_CALL_SECONDS + 600
"""Seconds."""
_LOOKED_AT = 2000
"""So many counters are looked at in one go for what may be forgotten: the loop has calls to serve."""


class _OfRule:
    """A rule's counters."""

    __slots__ = ("counters", "id", "is_seeded")

    def __init__(self, rule_id: str, *, is_seeded: bool) -> None:
        self.id = rule_id
        self.is_seeded = is_seeded
        self.counters: dict[str, _Counter] = {}


class _Counter:
    __slots__ = ("buckets", "held", "of", "since", "tail", "total")

    def __init__(self, of: _OfRule) -> None:
        self.of = of
        self.buckets: dict[int, int] = {}
        """Bucket → what was settled in it, and what is held in it."""
        self.held = 0
        self.total = 0
        """Of the buckets from `since` on."""
        self.since = 0
        self.tail: list[tuple[Position | None, int, int]] | None = None
        """Until its rule is seeded: position, bucket and amount of what was settled."""

    def add(self, bucket: int, amount: int) -> None:
        self.buckets[bucket] = self.buckets.get(bucket, 0) + amount
        if bucket >= self.since:
            self.total += amount

    def free(self, bucket: int, amount: int) -> None:
        """Of what was held; the bucket may have left the window meanwhile."""
        self.held -= amount
        if bucket in self.buckets:
            self.buckets[bucket] -= amount
            if bucket >= self.since:
                self.total -= amount

    def taken(self, oldest: int) -> int:
        """In the buckets from `oldest` on."""
        if oldest != self.since:
            self.since, self.total = oldest, sum(n for bucket, n in self.buckets.items() if bucket >= oldest)
        return self.total

    def forget(self, first: int) -> None:
        """What is in buckets before that one."""
        self.buckets = {bucket: n for bucket, n in self.buckets.items() if bucket >= first}
        self.taken(_NEVER)
        if self.tail:
            self.tail = [each for each in self.tail if each[1] >= first]


class MemoryCounters:
    """Belongs to one event loop. Nothing here waits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._counters: dict[str, _Counter] = {}
        self._held: dict[str, list[tuple[str, int, int]]] = {}
        """Call → (counter, bucket, amount) that it holds."""
        self._rules: dict[str, _OfRule] = {}
        self._strangers = _OfRule("", is_seeded=True)
        """Of rules that are not in force."""
        self._unlooked: list[str] = []
        """Counters that `forget` has not come to yet."""
        self._clock = clock
        self._old: frozenset[str] = frozenset()
        """Calls that held something when holds were looked at last, and when they are again."""
        self._look_again = clock() + _LONGEST_HOLD
        self.lasting: set[str] = set()
        self.expired = 0
        """Calls whose holds were let go of although they have not been settled."""

    @property
    def unseeded(self) -> frozenset[str]:
        """Rules whose counters do not know yet what was before them."""
        return frozenset(rule_id for rule_id, of in self._rules.items() if not of.is_seeded)

    def take(self, call_id: str, wants: Sequence[tuple[Concern, int]], now: int) -> list[tuple[int, int, int]] | None:
        """As `reserve`, at once: what each had taken and held, and its ceiling. None: not all fits, so nothing is."""
        get = self._counters.get
        found: list[tuple[int, int, int]] = []
        counters: list[_Counter] = []
        for each, amount in wants:
            if not each.begin <= now < each.end:
                each.turn(now)
            counter = get(each.key) or self._new(each.key)
            taken = counter.total if each.oldest == counter.since else counter.taken(each.oldest)
            most = each.rule.ceiling(now) if each.is_granted else each.rule.most
            if taken + amount > most or taken >= most:
                return None
            found.append((taken, counter.held, most))
            counters.append(counter)
        holds = self._held.get(call_id)
        if holds is None:
            holds = self._held[call_id] = []
        for (each, amount), counter in zip(wants, counters, strict=True):
            if amount:
                bucket = each.now_bucket
                counter.buckets[bucket] = counter.buckets.get(bucket, 0) + amount
                counter.total += amount  # no bucket that is now is before `since`
                counter.held += amount
                holds.append((each.key, bucket, amount))
        return found

    async def reserve(self, call_id: str, asked: Sequence[Asked]) -> Verdict:
        in_the_way = -1
        levels: list[Level] = []
        counters: list[_Counter] = []
        for key, _, oldest, amount, most in asked:
            counter = self._counters.get(key) or self._new(key)
            taken = counter.total if oldest == counter.since else counter.taken(oldest)
            fits_from = 0
            if taken + amount > most or taken >= most:
                fits_from = _fits_behind(counter, oldest, taken + amount - most, amount)
                in_the_way = len(levels) if in_the_way < 0 else in_the_way
            levels.append(Level(taken, counter.held, fits_from))
            counters.append(counter)
        if in_the_way < 0:
            holds = self._held.get(call_id)
            if holds is None:
                holds = self._held[call_id] = []
            for counter, (key, bucket, _, amount, _) in zip(counters, asked, strict=True):
                if amount:
                    counter.add(bucket, amount)
                    counter.held += amount
                    holds.append((key, bucket, amount))
        return Verdict(in_the_way, tuple(levels))

    def let_go(self, call_id: str, counters: Sequence[str]) -> None:
        kept = []
        for key, bucket, amount in self._held.get(call_id, ()):
            if key not in counters:
                kept.append((key, bucket, amount))
            elif counter := self._counters.get(key):
                counter.free(bucket, amount)
        if call_id in self._held:
            self._held[call_id] = kept

    def settle(self, call_id: str, used: Sequence[Used], position: Position | None) -> None:
        counters = self._counters
        if self.lasting:
            self.lasting.discard(call_id)
        for key, bucket, amount in self._held.pop(call_id, ()):
            counter = counters.get(key)
            if counter is not None:
                counter.free(bucket, amount)
        for key, bucket, amount in used:
            counter = counters.get(key) or self._new(key)
            counter.add(bucket, amount)
            if not counter.of.is_seeded:
                counter.tail = counter.tail or []
                counter.tail.append((position, bucket, amount))

    def configure(self, rules: Sequence[str], seeded: Sequence[str], whole: Sequence[Rule] = ()) -> None:
        del whole
        known = self._rules
        self._rules = {each: known.pop(each) if each in known else _OfRule(each, is_seeded=False) for each in rules}
        for rule_id in self._rules.keys() & frozenset(seeded):
            of = self._rules[rule_id]
            if not of.is_seeded:
                of.is_seeded = True
                for counter in of.counters.values():
                    counter.tail = None
        gone = [of for of in (*known.values(), self._strangers) if of.counters]
        for of in gone:
            self._drop(of)
        for call_id, holds in self._held.items() if gone else ():  # should the rule come again, they are not in it
            self._held[call_id] = [hold for hold in holds if hold[0] in self._counters]

    def recount(self, rules: Collection[str]) -> None:
        """These have counted wrong. They count on as they are until they are seeded again."""
        for rule_id in self._rules.keys() & frozenset(rules):
            self._rules[rule_id].is_seeded = False

    def seed(self, seeds: Seeds) -> None:
        rules = self.unseeded & frozenset(seeds.rules)
        tails: dict[str, list[tuple[Position | None, int, int]]] = {}
        for rule_id in rules:
            of = self._rules[rule_id]
            tails |= {key: counter.tail or [] for key, counter in of.counters.items()}
            self._drop(of)
            of.is_seeded = True
        for key, buckets in ((seed.counter, seed.buckets) for seed in seeds.seeds):
            if _rule_of(key) in rules:
                counter = self._new(key)
                for bucket, amount in buckets.items():
                    counter.add(bucket, amount)
        for key, tail in tails.items():
            counter = self._counters.get(key) or self._new(key)
            for position, bucket, amount in tail:
                if position is None or position[1] > seeds.positions.get(position[0], 0):
                    counter.add(bucket, amount)
        for holds in self._held.values():
            for key, bucket, amount in holds:
                if key in tails:
                    counter = self._counters[key]
                    counter.add(bucket, amount)
                    counter.held += amount

    def held(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for holds in self._held.values():
            for key, _, amount in holds:
                found[key] = found.get(key, 0) + amount
        return found

    def settled(self, oldest: Mapping[str, int], begin: int, most: int) -> tuple[dict[str, int], bool]:
        """What was settled in the windows of these rules, by counter: of at most so many counters, from the `begin`-th
        on; and whether those were the last. `oldest`: rule → the first bucket that counts."""
        keys = [*islice(self._counters, begin, begin + most + 1)]
        found = {
            key: counter.taken(first)
            for key in keys[:most]
            if (first := oldest.get((counter := self._counters[key]).of.id)) is not None
        }
        for holds in self._held.values():
            for key, bucket, amount in holds:
                if key in found and bucket >= oldest[self._counters[key].of.id]:
                    found[key] -= amount
        return found, len(keys) <= most

    def taken(self) -> Mapping[str, Mapping[int, int]]:
        found = {key: dict(counter.buckets) for key, counter in self._counters.items()}
        for holds in self._held.values():
            for key, bucket, amount in holds:
                if key in found and bucket in found[key]:
                    found[key][bucket] -= amount
        return {key: {bucket: n for bucket, n in buckets.items() if n} for key, buckets in found.items()}

    def forget(self, oldest: Mapping[str, int]) -> None:
        self._expire()
        self._unlooked = self._unlooked or [*self._counters]
        for key in self._unlooked[-_LOOKED_AT:]:
            if not (counter := self._counters.get(key)):
                continue
            counter.forget(oldest.get(counter.of.id, 0))
            if not counter.held and not counter.tail and not any(counter.buckets.values()):
                del self._counters[key], counter.of.counters[key]
        del self._unlooked[-_LOOKED_AT:]

    def _expire(self) -> None:
        """What is held for longer than any call lasts was forgotten by its owner."""
        if self._clock() < self._look_again:
            return
        old = [call_id for call_id in self._old.intersection(self._held) - self.lasting if self._held[call_id]]
        for call_id in old:
            self.let_go(call_id, [key for key, _, _ in self._held[call_id]])
        self.expired += len(old)
        if old:
            log.warning("limits: what %d calls held for more than an hour is free again: %s", len(old), old[:10])
        self._old = frozenset(self._held)
        self._look_again = self._clock() + _LONGEST_HOLD

    def _new(self, key: str) -> _Counter:
        of = self._rules.get(_rule_of(key), self._strangers)
        counter = self._counters[key] = of.counters[key] = _Counter(of)
        return counter

    def _drop(self, of: _OfRule) -> None:
        for key in of.counters:
            del self._counters[key]
        of.counters = {}


def _rule_of(counter: str) -> str:
    return counter.partition("|")[0]


def _fits_behind(counter: _Counter, oldest: int, too_much: int, amount: int) -> int:
    """The bucket with whose leaving enough is free: for so much too much, or for anything where `amount` is 0."""
    needed = too_much if amount else too_much + 1
    for bucket in sorted(bucket for bucket in counter.buckets if bucket >= oldest):
        needed -= counter.buckets[bucket]
        if needed <= 0:
            return bucket
    return _NEVER
