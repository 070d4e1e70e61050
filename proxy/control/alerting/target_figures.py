"""What is known of targets, as figures that alerts are judged by.

Keeps true: a target that comes last because it misses its level is said to miss it until it is back, whatever the few
calls that it still gets show.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from gatewatch.alerts.amount import WHOLE, amount_text
from gatewatch.routing.service_level import Watch
from proxy.control.level_looking import LevelState
from proxy.control.targets_now import TargetNow

_WATCH = Watch()


class Figure(NamedTuple):
    """One quantity of one target."""

    metric: Literal["slo", "error_budget", "breakers"]
    route: str | None
    target: str
    value: int
    """In the metric's unit: millionths of what is allowed, or a number."""
    detail: str

    def name(self, per: str) -> str | None:
        """What it is about, told apart by that dimension; None: it has none."""
        if per == "route":
            return self.route
        return self.target.partition("/")[0] if per == "provider" else self.target


def target_figures(levels: Iterable[LevelState], targets: Iterable[TargetNow]) -> Iterator[Figure]:
    """Of those of which enough is seen."""
    for level in levels:
        where = f"on {level.route}, where it comes last" if level.shifted else f"on {level.route}"
        is_slow, is_spent = (level.shifted and each in level.misses for each in ("p95", "errors"))
        if is_slow or (level.p95 is not None and level.timed >= _WATCH.fewest):
            p95 = "too few calls to tell" if level.p95 is None else f"p95 {amount_text('time', level.p95)}"
            said = f"{p95}, {amount_text('time', level.bound)} at most, {where}"
            yield Figure("slo", level.route, level.target, max(level.time_used, WHOLE * is_slow), said)
        if is_spent or (level.tries >= _WATCH.fewest_tries and level.failures >= _WATCH.fewest_failures):
            said = f"{level.failures} of {level.tries} tries failed in a day {where}"
            yield Figure("error_budget", level.route, level.target, max(level.budget_used, WHOLE * is_spent), said)
    for target in targets:
        if target.breakers:
            left = [each for each in target.breakers if each.workers]
            names = (f"of key {each.key}" if each.key else "of any key" for each in left)
            yield Figure("breakers", None, target.target, len(left), ", ".join(names))
