"""Whether targets keep to what their route promises, and which of them are to come last until they do again.

Keeps true: few calls decide nothing; a target that has just changed its place keeps it for a while, and one that has
relapsed comes last for twice as long as before; at least one target of a route stays where it is. Nothing here reads a
clock or a ledger.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

Miss = Literal["p95", "errors"]
Misses = tuple[Miss, ...]

WHOLE = 1_000_000
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
LONGEST_AWAY = _HOUR
"""A target that does well comes last no longer than that. One that was in its place for so long has not relapsed."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How long is looked back, and how many calls it takes. Times in microseconds."""

    window: int = 5 * _MINUTE
    """Over it the p95 of a target in its place is taken."""
    fewest: int = 20
    """Answered calls in it that say anything."""
    again: int = _MINUTE
    """Over it the p95 of a shifted target is taken, or over its latest `few` calls, where those are fewer."""
    few: int = 5
    near_percent: int = 90
    """Of the bound: a shifted target has to be better than that."""
    trial: int = 15 * _MINUTE
    """A shifted target of which so little is seen for so long is given a try in its place."""
    day: int = 24 * _HOUR
    """Over it the error budget is counted."""
    hour: int = _HOUR
    """Over it it has to be kept again."""
    fewest_tries: int = 100
    fewest_failures: int = 5
    steady: int = _MINUTE
    """Between two changes of one target; before its return doubled with each relapse."""

    def away(self, relapses: int) -> int:
        """How long a target comes last at least, where others keep to the level."""
        return max(self.steady, min(self.steady << min(relapses, 20), LONGEST_AWAY))


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """What a route promises of its targets."""

    route: str
    targets: tuple[str, ...]
    """`provider/model`; at least one."""
    p95: int
    """Microseconds."""
    errors: int
    """Millionths of the tries."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one target on one route, since it was last put where it is."""

    timed: int = 0
    """Tries whose time is known."""
    p95: int | None = None
    """Microseconds."""
    tries: int = 0
    """Of a day."""
    failures: int = 0
    hour_tries: int = 0
    hour_failures: int = 0

    @property
    def share(self) -> int:
        """Of failures among the day's tries, in millionths."""
        return self.failures * WHOLE // self.tries if self.tries else 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one target of one route is."""

    misses: Misses = ()
    """Why it comes last; empty: it does not."""
    since: int = 0
    """When it was put there, µs; 0: it never was anywhere else."""
    relapses: int = 0
    """How often in a row it had to be put last again shortly after it had come back."""

    def relapses_by(self, now: int) -> int:
        """The same when it is put last now."""
        return self.relapses + 1 if now - self.since < LONGEST_AWAY else 0


class Judged(NamedTuple):
    """What becomes of one route's targets."""

    misses: dict[str, Misses]
    """Target → what it misses, of those that are to come last."""
    left: dict[str, Misses]
    """The same of those that stay where they are, because no other is left to come before them."""


NOTHING = Measured()
IN_PLACE = Standing()


def judged(
    level: Level, measured: Mapping[str, Measured], standing: Mapping[str, Standing], now: int, watch: Watch
) -> Judged:
    """`measured`, `standing`: by target; those of whom nothing is known are left out."""
    stay: dict[str, Misses] = {}
    held: dict[str, Misses] = {}  # they do well, but did so before
    turn: dict[str, Misses] = {}
    for target in level.targets:
        place = standing.get(target, IN_PLACE)
        found = missed(level, measured.get(target, NOTHING), place, now, watch)
        if place.misses:
            if found or now - place.since < watch.steady:
                stay[target] = found or place.misses
            elif now - place.since < watch.away(place.relapses):
                held[target] = place.misses
        elif found:
            turn[target] = found
    if len(stay) + len(held) + len(turn) == len(level.targets):  # nobody is left to come before them
        return Judged(stay, turn)
    may = {target: found for target, found in turn.items() if now - _since(standing, target) >= watch.steady}
    return Judged(stay | held | may, {})


def missed(level: Level, seen: Measured, place: Standing, now: int, watch: Watch) -> Misses:
    """What a target misses of its level, by where it is: what comes last has to do better than what does not."""
    found: list[Miss] = []
    if _is_slow(level, seen, place, now, watch):
        found.append("p95")
    if _is_spent(level, seen, place, watch):
        found.append("errors")
    return tuple(found)


def _is_slow(level: Level, seen: Measured, place: Standing, now: int, watch: Watch) -> bool:
    if "p95" not in place.misses:
        enough = watch.few if place.misses else watch.fewest
        return seen.timed >= enough and seen.p95 is not None and seen.p95 > level.p95
    if seen.timed < watch.few or seen.p95 is None:
        return now - place.since < watch.trial
    return seen.p95 * 100 > level.p95 * watch.near_percent


def _is_spent(level: Level, seen: Measured, place: Standing, watch: Watch) -> bool:
    if _is_beyond(level, seen.tries, seen.failures, watch, watch.fewest_tries):
        return True
    return "errors" in place.misses and _is_beyond(level, seen.hour_tries, seen.hour_failures, watch, 0)


def _is_beyond(level: Level, tries: int, failures: int, watch: Watch, fewest: int) -> bool:
    return tries >= fewest and failures >= watch.fewest_failures and failures * WHOLE > level.errors * tries


def _since(standing: Mapping[str, Standing], target: str) -> int:
    return standing.get(target, IN_PLACE).since
