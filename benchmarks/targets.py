"""What Gatewatch is to reach, and whether it does."""

from typing import Literal, NamedTuple

from benchmarks.candidates import DIRECT, GATEWATCH, NGINX
from benchmarks.sample import Samples
from benchmarks.spread import Spread, added, paired, spread
from benchmarks.starts import HELP, START

How = Literal["ratio", "added", "itself"]


class Target(NamedTuple):
    """A value of Gatewatch, over or minus another's of the same round or by itself, and its bounds."""

    text: str
    measure: str
    value: str
    how: How
    other: str
    goal: float
    floor: float | None = None
    """What may not be missed; None: there is the goal only."""
    more_is_better: bool = False


TARGETS = (
    Target("requests/s at 64 connections, × nginx", "closed 64", "per_s", "ratio", NGINX, 0.14, 0.10, True),
    Target("burst SSE streams/s, × nginx", "burst", "per_s", "ratio", NGINX, 0.6, 0.5, True),
    Target("added p50 at 200 requests/s, ms", "open", "p50_ms", "added", DIRECT, 1.0),
    Target("added p99 at 200 requests/s, ms", "open", "p99_ms", "added", DIRECT, 8.0),
    Target("worker memory idle, MB", START, "idle_mb", "itself", "", 80.0),
    Target("worker memory after 20,000 calls, MB", START, "after_mb", "itself", "", 100.0),
    Target("start to the first 200, s", START, "first_200_s", "itself", "", 1.0),
    Target("`gatewatch --help` after interpreter start, s", HELP, "seconds", "added", "python", 0.2),
)


class Judged(NamedTuple):
    """A target and what was seen. `hits` of `rounds` rounds reached the goal; the median decides."""

    target: Target
    seen: Spread
    hits: int
    rounds: int
    verdict: Literal["hit", "missed", "FLOOR MISSED"]


def judge(target: Target, samples: Samples) -> Judged | None:
    """None where it was not measured."""
    ours = samples.of(target.measure, "gatewatch" if target.measure == HELP else GATEWATCH, target.value)
    theirs = samples.of(target.measure, target.other, target.value)
    values = {"ratio": paired, "added": added}[target.how](ours, theirs) if target.other else list(ours.values())
    if not values:
        return None
    seen = spread(values)
    hits = sum(_reaches(target, value, target.goal) for value in values)
    if _reaches(target, seen.median, target.goal):
        return Judged(target, seen, hits, len(values), "hit")
    above_floor = target.floor is None or _reaches(target, seen.median, target.floor)
    return Judged(target, seen, hits, len(values), "missed" if above_floor else "FLOOR MISSED")


def _reaches(target: Target, value: float, bound: float) -> bool:
    return value >= bound if target.more_is_better else value <= bound
