"""What rules have used, kept between questions: only what came into the ledger since the last one is read.

Keeps true: what is told is the sum over the ledger's rows, as `queries/counted.py` makes it: every row is later in the
ledger than those that are counted, or counted already. Where that cannot be said (rows were deleted, the clock was set
back, other rules count in the same windows), all of it is summed anew; and where it would be too much to keep, nothing
is kept.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import msgspec

from gatewatch.ledger.asking import Asking
from gatewatch.ledger.queries.counted import AHEAD_US, bucket_of, integer, span_of, sums, together
from gatewatch.ledger.retiring import whole_since
from gatewatch.limits.pace import step_of, steps
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window, calendar

MOST_KEPT = 300_000
"""Buckets of one window."""

Buckets = Mapping[int, int]
"""Beginning → amount: of a window that is foreseen, by the steps of its forecast; of others, by its own buckets."""


class _Known(msgspec.Struct):
    """Of rules that one look at the calls can answer."""

    shape: tuple[object, ...]
    since: int
    upto: int = 0
    """When the newest row was loaded that is counted."""
    used: dict[str, dict[int, tuple[int, ...]]] = {}
    """Name → bucket → amount of each rule."""

    @property
    def size(self) -> int:
        return sum(map(len, self.used.values()))


class Tally:
    """Of one ledger; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[object, _Known | None] = {}

    def taken(self, asking: Asking, rules: Iterable[Rule], wanted: Collection[str]) -> dict[str, dict[str, Buckets]]:
        """Id of each of the `wanted` rules → name → buckets, from the window's first on and those that a forecast looks
        at. `rules`: all that may ever be wanted, so that what is kept serves them all. Raises duckdb.Error."""
        windowed = sorted((rule for rule in rules if rule.window is not None), key=together)
        groups = [(key, list(alike)) for key, alike in groupby(windowed, key=together)]
        found: dict[str, dict[str, Buckets]] = {}
        with self._lock:
            known = {} if asking.team is not None else {key: self._known.pop(key, None) for key, _ in groups}
            asked = {key: alike for key, alike in groups if any(rule.id in wanted for rule in alike)}
            newest = _newest(asking, min((each.upto if (each := known.get(key)) else 0 for key in asked), default=0))
            deleted_before = whole_since(asking.cursor).get("calls", 0)
            for key, alike in asked.items():
                known[key] = now = _brought_up(asking, known.get(key), alike, newest, deleted_before)
                found |= _told(now, alike, wanted)
            if asking.team is None:
                self._known = {key: each for key, each in known.items() if each and each.size <= MOST_KEPT}
        return found


def _told(known: "_Known", rules: Sequence[Rule], wanted: Collection[str]) -> dict[str, dict[str, Buckets]]:
    return {
        rule.id: {
            name: {begin: amounts[at] for begin, amounts in buckets.items() if amounts[at]}
            for name, buckets in known.used.items()
            if rule.name in (None, name)
        }
        for at, rule in enumerate(rules)
        if rule.id in wanted
    }


def _brought_up(
    asking: Asking, known: _Known | None, rules: Sequence[Rule], newest: int, deleted_before: int
) -> _Known:
    window, now = rules[0].window, asking.now_us
    assert window
    begins = steps(window, now)
    since = min(window.oldest(now), *begins[:1]) if begins else window.oldest(now)
    shape = tuple(rule.counting for rule in rules)
    if known is None or known.shape != shape or known.since > since or deleted_before > since:
        known = _Known(shape, since)
    if newest > known.upto:
        bucket = span_of(_spans(window, begins, now)) if begins else bucket_of(window, now)
        _add(known, sums(asking, rules, since, bucket, loaded_after=known.upto or None), len(rules))
        known.upto = newest
    if since > known.since:
        for buckets in known.used.values():
            for begin in [begin for begin in buckets if begin < since]:
                del buckets[begin]
        known.since = since
    return known


def _add(known: _Known, rows: Iterable[tuple[Any, ...]], rules: int) -> None:
    for name, begin, *amounts in rows:
        before = known.used.setdefault(name, {}).get(begin) or (0,) * rules
        after = tuple(integer(was + integer(amount or 0)) for was, amount in zip(before, amounts, strict=True))
        known.used[name][begin] = after


def _newest(asking: Asking, after: int) -> int:
    """When the newest row that counts was loaded; `after` where none is newer than that."""
    newest = " UNION ALL ".join(
        f"SELECT max(loaded_at) AS newest FROM {table} WHERE loaded_at > make_timestamp({after})"
        for table in ("calls", "attempts")
    )
    ((at,),) = asking.rows(f"SELECT epoch_us(max(newest)) FROM ({newest})")
    return after if at is None else at


def _spans(window: Window, begins: Sequence[int], now: int) -> Iterator[tuple[int, int]]:
    """Those steps, and the ones that calls may be in that are a little ahead."""
    step = step_of(window)
    assert step
    yield from pairwise(begins)
    begin = begins[-1]
    while begin <= now + AHEAD_US:
        end = calendar(step, window.zone, begin)[1]
        yield begin, end
        begin = end
