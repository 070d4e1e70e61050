"""What is wrong with retention when it is looked at beside limits and budgets; and what it means for the ledger."""

from collections.abc import Iterator

from gatewatch.config.limit_rules import rules_of
from gatewatch.config.models import Config
from gatewatch.config.problems import Problem
from gatewatch.ledger.keeping import CLASSES, DAY_US, Keeping
from gatewatch.limits.window import Window
from gatewatch.timespan import duration_text

_LONGEST_PERIOD = {"minute": DAY_US, "hour": DAY_US, "day": DAY_US, "week": 7 * DAY_US, "month": 31 * DAY_US}


def keeping_of(config: Config) -> Keeping:
    """How long each class of data is kept."""
    written = config.ledger.retention
    return Keeping(**{name: getattr(written, name) for name in CLASSES})


def retention_problems(config: Config) -> Iterator[Problem]:
    """Every one of them."""
    retention = config.ledger.retention
    path = ("ledger", "retention")
    if retention.calls is not None:
        rules = [rule for rule in rules_of(config) if rule.window is not None]
        longest = max(rules, key=lambda rule: _length(rule.window), default=None)
        if longest is not None and retention.calls < (least := _length(longest.window)):
            said = f"{duration_text(retention.calls)}, and {longest.id} counts the calls of {longest.window.text}"  # type: ignore[union-attr]
            yield Problem((*path, "calls"), said, f"at least {duration_text(least)}")
    finer = (
        ("minutes", retention.minutes, "hours", retention.hours),
        ("hours", retention.hours, "days", retention.days),
    )
    for name, kept, coarser, longer in finer:
        if longer is not None and kept > longer:
            said = f"{duration_text(kept)}, longer than {coarser} ({duration_text(longer)})"
            yield Problem((*path, name), said, f"at most {duration_text(longer)}")


def _length(window: Window | None) -> int:
    """How far back a window reaches, in whole days."""
    if window is None:
        return 0
    if window.period != "rolling":
        return _LONGEST_PERIOD[window.period]
    return -(-window.seconds * 1_000_000 // DAY_US) * DAY_US
