"""One look at all targets that have a level to keep to: what was measured, what follows, written down.

Keeps true: what a look finds of a target stands in the store, with its audit entry, before anybody acts on it.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.control.shifts import Shift, Shifts
from gatewatch.control.store import ControlStore
from gatewatch.ledger.answer import Answer, Row
from gatewatch.ledger.unavailable import LedgerUnavailable
from gatewatch.routing.service_level import NOTHING, WHOLE, Judged, Level, Measured, Misses, Watch, judged
from proxy.control.level_words import kept_text, measured_text

MOST_LAG = 20_000_000
"""A ledger that is further behind than this says nothing of what calls do now. µs."""
QUICK_SECONDS, SHARE, LONGEST_PAUSE = 0.1, 60, 60.0
"""What takes longer is done for one part in so many of the time, but once in so many seconds at least."""
GATEWAY = Actor(id="gateway")

log = logging.getLogger("gatewatch.control")

Ask = Callable[..., Answer]
Place = tuple[str, str]
"""Route, target."""


class LevelState(msgspec.Struct, frozen=True, kw_only=True):
    """How one target of one route does, for screens. Times in µs, shares in millionths."""

    route: str
    target: str
    bound: int
    """Of the p95."""
    p95: int | None
    timed: int
    tries: int
    """Of a day."""
    failures: int
    budget: int
    """The share of the tries that may fail."""
    misses: Misses = ()
    """What it misses, wherever it is."""
    shifted: bool = False
    """Whether it comes last."""
    since: int | None = None
    """When it was put where it is; None: it was never anywhere else."""
    text: str = ""
    """Of what it misses, for people."""

    @property
    def time_used(self) -> int:
        """The p95 as a share of its bound, in millionths; 0 where there is none."""
        return (self.p95 or 0) * WHOLE // max(1, self.bound)

    @property
    def budget_used(self) -> int:
        """The share of the error budget that is spent, in millionths."""
        return self.failures * WHOLE * WHOLE // max(1, self.tries * self.budget)


class Look(NamedTuple):
    """What one look has found."""

    rows: Sequence[Shift] = ()
    states: Sequence[LevelState] = ()


class _Count(NamedTuple):
    """Tries of a day, as they were counted last."""

    asked: Mapping[Place, object] = MappingProxyType({})
    """Place → from when on its tries count."""
    until: float = 0.0
    """On the monotonic clock: so long it need not be counted again."""
    rows: Mapping[Place, Row] = MappingProxyType({})


class LevelLooking:
    """Of one gateway. Used in one thread at a time."""

    def __init__(
        self,
        control: Path,
        *,
        levels: Callable[[], Sequence[Level]],
        ask: Ask,
        loaded_until: Callable[[], int | None],
        watch: Watch,
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`levels`: those in force. `ask`: asks the ledger. `loaded_until`: what began before that is in the ledger,
        µs; None: not known yet."""
        self._control = control
        self._levels = levels
        self._ask = ask
        self._loaded_until = loaded_until
        self._watch = watch
        self._clock = clock
        self._monotonic = monotonic
        self._count = _Count()

    def look(self, before: Look) -> Look:
        """Raises GatewatchError, sqlite3.Error, OSError; then nothing has changed."""
        levels = self._levels()
        if not levels and not before.rows:
            return Look()
        until = self._loaded_until()
        if levels and (until is None or self._clock() - until > MOST_LAG):
            raise LedgerUnavailable("the ledger has not loaded what calls did lately")
        with ControlStore.open(self._control, actor=GATEWAY, clock=self._clock) as store:
            return self._look(Shifts(store), levels)

    def _look(self, book: Shifts, levels: Sequence[Level]) -> Look:
        now, watch = self._clock(), self._watch
        rows = {(row.route, row.target): row for row in book.rows()}
        measured = self._measured(levels, rows) if levels else {}
        found = {level.route: _judged(level, measured, rows, now, watch) for level in levels}
        for level in levels:
            _settle(book, level, found[level.route], measured, rows)
        for route, target in rows.keys() - {(level.route, name) for level in levels for name in level.targets}:
            book.take_back(route, target, "it has no level to keep to any more")
        if any(not row.misses and row.since < now - watch.day for row in rows.values()):
            book.forget(now - watch.day)
        after = book.rows()
        return Look(after, _states(levels, found, measured, after))

    def _measured(self, levels: Sequence[Level], rows: Mapping[Place, Shift]) -> dict[Place, Measured]:
        watch = self._watch
        asked = [_asked(each, name, rows.get((each.route, name)), watch) for each in levels for name in each.targets]
        lately = max(watch.trial, watch.window)
        answer = self._ask("service_levels", targets=asked, day_us=lately, hour_us=lately, timed_us=lately)
        timed, counted = {_place(row): row for row in answer.rows}, self._counted(asked)
        return {place: _put_together(timed.get(place), counted.get(place)) for place in timed.keys() | counted.keys()}

    def _counted(self, asked: list[dict[str, object]]) -> Mapping[Place, Row]:
        """Tries of a day. Where they are so many that it takes long to count them, it is done less often."""
        counted = {_place(each): each["counted_since_us"] for each in asked}
        if counted != self._count.asked or self._monotonic() >= self._count.until:
            watch, began = self._watch, self._monotonic()
            answer = self._ask("service_levels", targets=asked, day_us=watch.day, hour_us=watch.hour, timed_us=1)
            ended = self._monotonic()
            until = ended + min(LONGEST_PAUSE, (ended - began) * SHARE) if ended - began > QUICK_SECONDS else 0.0
            self._count = _Count(counted, until, {_place(row): row for row in answer.rows})
        return self._count.rows


def _place(row: Mapping[str, object]) -> Place:
    return str(row["route"]), f"{row['provider']}/{row['model']}"


def _put_together(timed: Row | None, counted: Row | None) -> Measured:
    names = ("tries", "failures", "hour_tries", "hour_failures")
    counts = {name: int(counted[name]) for name in names} if counted else {}
    return Measured(timed=timed["timed"] if timed else 0, p95=timed["p95_us"] if timed else None, **counts)


def _asked(level: Level, target: str, row: Shift | None, watch: Watch) -> dict[str, object]:
    provider, _, model = target.partition("/")
    is_last = row is not None and bool(row.misses)
    return {
        "route": level.route,
        "provider": provider,
        "model": model,
        "bound_us": level.p95,
        "since_us": row.since if row else 0,
        "latest": watch.few if is_last else 0,
        "window_us": watch.again if is_last else watch.window,
        "counted_since_us": row.forgiven_at if row else 0,
    }


def _judged(
    level: Level, measured: Mapping[Place, Measured], rows: Mapping[Place, Shift], now: int, watch: Watch
) -> Judged:
    seen = {name: measured.get((level.route, name), NOTHING) for name in level.targets}
    standing = {name: row.standing for name in level.targets if (row := rows.get((level.route, name)))}
    return judged(level, seen, standing, now, watch)


def _settle(
    book: Shifts, level: Level, found: Judged, measured: Mapping[Place, Measured], rows: Mapping[Place, Shift]
) -> None:
    for name in level.targets:
        place = level.route, name
        seen, row = measured.get(place, NOTHING), rows.get(place)
        before, after = row.misses if row else (), found.misses.get(name, ())
        if after and after != before:
            text = measured_text(level, seen, after)
            book.shift(level.route, name, after, text)
            if not before:
                log.warning("%s comes last on %s: %s", name, level.route, text)
        elif before and not after:
            text = kept_text(level, seen)
            book.take_back(level.route, name, text)
            log.info("%s is in its place on %s again: %s", name, level.route, text)


def _states(
    levels: Sequence[Level], found: Mapping[str, Judged], measured: Mapping[Place, Measured], rows: Sequence[Shift]
) -> list[LevelState]:
    known = {(row.route, row.target): row for row in rows}
    states = []
    for level in levels:
        last, left = found[level.route]
        for name in level.targets:
            seen, row = measured.get((level.route, name), NOTHING), known.get((level.route, name))
            misses = last.get(name) or left.get(name) or ()
            states.append(
                LevelState(
                    route=level.route,
                    target=name,
                    bound=level.p95,
                    p95=seen.p95,
                    timed=seen.timed,
                    tries=seen.tries,
                    failures=seen.failures,
                    budget=level.errors,
                    misses=misses,
                    shifted=row is not None and bool(row.misses),
                    since=row.since if row else None,
                    text=measured_text(level, seen, misses),
                )
            )
    return states
