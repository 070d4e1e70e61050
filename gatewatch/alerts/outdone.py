"""Alerts about one budget that say the same, the one more than the other: 50 %, 80 %, spent."""

from collections.abc import Iterable
from typing import NamedTuple

from gatewatch.alerts.alert import SEVERITIES, Alert


class Fires(NamedTuple):
    """One alert and what it is about."""

    id: str
    subject: str
    alert: Alert


def outdone(firing: Iterable[Fires]) -> dict[str, str]:
    """Id → the id of the one that says more of the same budget, and tells somebody, no less urgently."""
    of_budgets: dict[str, list[Fires]] = {}
    for each in firing:
        if each.alert.metric.source == "budgets" and not each.alert.below:
            of_budgets.setdefault(each.subject, []).append(each)
    found = {}
    for alike in of_budgets.values():
        for each in alike:
            more = [other for other in alike if _says_more(other.alert, each.alert)]
            if more:
                found[each.id] = max(more, key=lambda other: other.alert.bound).id
    return found


def _says_more(other: Alert, alert: Alert) -> bool:
    """What is spent says more than what is expected."""
    if other.when != "budget" or "notify" not in other.do:
        return False
    least = alert.bound + (alert.when == "budget")
    return other.bound >= least and SEVERITIES.index(other.severity) >= SEVERITIES.index(alert.severity)
