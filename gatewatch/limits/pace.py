"""How fast a budget of the calendar is spent, and what it will come to by the end of its period. Integers alone.

The forecast is a straight line: what was used, and for what is left of the period the rate that was observed. It is
observed from the period's beginning, or a quarter of a period back where that is earlier, but only from the first step
(a day of a month or week) with any use on, and never over less than one step: so the first hour of a month is not
multiplied by 720, and a team that began on the 20th is not diluted by nineteen days before it was there. Where three
whole steps are known, their spread gives an interval that holds in 80 of 100 cases, if steps are alike and independent:
weekends and growth are not modelled.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from gatewatch.limits.window import Period, Window, calendar

METHOD = "linear"

_STEPS: dict[Period, Period] = {"month": "day", "week": "day", "day": "hour", "hour": "minute"}
_LOOK_BACK = 4
_LONG_ENOUGH = 86_400_000_000
_ENOUGH = 3
"""Whole steps that an interval takes."""
_T90 = (3078, 1886, 1638, 1533, 1476, 1440, 1415, 1397, 1383, 1372, 1363, 1356, 1350, 1345, 1341,
        1337, 1333, 1330, 1328, 1325, 1323, 1321, 1319, 1318, 1316, 1315, 1314, 1313, 1311, 1310)  # fmt: skip
"""The 90th percentile of Student's t for 1, 2, … degrees of freedom, in thousandths."""
_NORMAL90 = 1282


class Forecast(NamedTuple):
    """What a period will have used at its end."""

    amount: int
    low: int | None
    """The interval; None where too little is known of it."""
    high: int | None
    is_early: bool = False
    """Whether too little was observed to wake anybody: less than a day, or a tenth of the period."""


def span(window: Window, now: int) -> tuple[int, int] | None:
    """Beginning and end of the period; None for a rolling window, which has neither."""
    return None if window.period == "rolling" else calendar(window.period, window.zone, now)


def step_of(window: Window) -> Period | None:
    """What a forecast looks at one by one; None for windows that are not foreseen."""
    return _STEPS.get(window.period)


@lru_cache(maxsize=16)
def steps(window: Window, now: int) -> tuple[int, ...]:
    """Where the steps begin that a forecast looks at, oldest first; none for windows that are not foreseen."""
    period, step = span(window, now), step_of(window)
    if period is None or step is None:
        return ()
    begin, end = period
    at = calendar(step, window.zone, min(begin, now - (end - begin) // _LOOK_BACK))[0]
    found = []
    while at <= now:
        found.append(at)
        at = calendar(step, window.zone, at)[1]
    return tuple(found)


def forecast(window: Window, now: int, used: int, by_step: Mapping[int, int]) -> Forecast | None:
    """`used`: in the period so far. `by_step`: what each of `steps` used; those without any may be left out.

    None for windows that are not foreseen: rolling ones, and minutes.
    """
    period, begins = span(window, now), steps(window, now)
    if period is None or not begins:
        return None
    first = next((at for at, begin in enumerate(begins) if by_step.get(begin)), len(begins))
    begins = begins[first:]
    if not begins:
        return Forecast(used, None, None, is_early=True)
    rest = period[1] - now
    is_early = now - begins[0] < min(_LONG_ENOUGH, (period[1] - period[0]) // 10)
    length = calendar(_STEPS[window.period], window.zone, now)
    observed = max(now - begins[0], length[1] - length[0])
    amount = used + sum(by_step.get(begin, 0) for begin in begins) * rest // observed
    whole = [by_step.get(begin, 0) for begin in begins[:-1]]
    if len(whole) < _ENOUGH:
        return Forecast(amount, None, None, is_early)
    width = _width(whole, rest, length[1] - length[0])
    return Forecast(amount, max(used, amount - width), amount + width, is_early)


def at_most(window: Window, now: int, used: int, by_step: Mapping[int, int]) -> int:
    """What `forecast` says is no more than this; told in a fraction of the time."""
    period, step = span(window, now), step_of(window)
    if period is None or step is None:
        return used
    length = calendar(step, window.zone, now)
    return used + sum(by_step.values()) * (period[1] - now) // (length[1] - length[0])


def _width(whole: list[int], rest: int, length: int) -> int:
    """Half of the interval: of a sum of m = rest / length steps, whose mean is known from n: s·√(m + m²/n)·t."""
    n = len(whole)
    squares = n * sum(x * x for x in whole) - sum(whole) ** 2
    deviation = isqrt(squares * (rest * length * n + rest * rest) // (n * (n - 1) * length * length * n))
    return deviation * (_T90[n - 2] if n - 2 < len(_T90) else _NORMAL90) // 1000
