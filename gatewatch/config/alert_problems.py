"""What is wrong with alerts when their keys are looked at together."""

from collections.abc import Iterator

from gatewatch.alerts.alert import Deed
from gatewatch.alerts.metric import METRICS, OF_TRIES, Per
from gatewatch.config.alert_rules import BUILT_IN, compiled, written_alerts
from gatewatch.config.alerts import Alert
from gatewatch.config.models import Config
from gatewatch.config.problems import KeyPath, Problem, found_text, nearest

_LAST = {"project": "PROJECT", "model": "MODEL", "provider_key": "KEY"}
_UNITS = {"time": "a duration, as in 2s", "share": "a share, as in 5%", "count": "a number", "times": "as in 5x"}
FITTING: dict[Deed, tuple[Per, ...]] = {
    "step_down": ("gateway", "environment", "team", "project", "user", "key", "route", "budget"),
    "throttle": ("gateway", "environment", "team", "project", "user", "key", "route", "budget"),
    "shift": ("provider", "provider_key", "model"),
    "pause": ("key",),
}
"""Deed → what it can be done to. Of a budget: to whom its scope names."""


def alert_problems(config: Config) -> Iterator[Problem]:
    """Every one of them."""
    whole = written_alerts(config)
    for name in config.alerts:
        yield from _of(("alerts", name), name, whole[name], config)


def _of(path: KeyPath, name: str, alert: Alert, config: Config) -> Iterator[Problem]:
    if alert.when is None:
        known = "" if name in BUILT_IN else f"; built in are {', '.join(BUILT_IN)}"
        yield Problem((*path, "when"), "nothing", f"{', '.join(METRICS)}{known}")
        return
    metric = METRICS[alert.when]
    if (alert.above is None) == (alert.below is None):
        yield Problem(path, "neither above nor below" if alert.above is None else "above and below", "one of the two")
        return
    bound = alert.above or alert.below
    assert bound
    allowed = " or ".join(_UNITS[unit] for unit in metric.units)
    for key, amount in (("above", alert.above), ("below", alert.below), ("clear", alert.clear)):
        if amount is not None and (amount.unit not in metric.units or amount.unit != bound.unit):
            yield Problem((*path, key), found_text((*path, key), str(amount)), allowed)
    beyond = alert.clear and (alert.clear.value - bound.value) * (-1 if alert.below else 1) > 0
    if alert.clear and alert.clear.unit == bound.unit and beyond:
        side = "at least what it fires below" if alert.below else "at most what it fires at"
        yield Problem((*path, "clear"), found_text((*path, "clear"), str(alert.clear)), side)
    if alert.above is not None and not alert.above.value:
        yield Problem((*path, "above"), "0", "more than nothing")
    if alert.per is not None and alert.per not in metric.pers:
        yield Problem((*path, "per"), found_text((*path, "per"), alert.per), ", ".join(metric.pers))
        return
    if alert.window is not None and metric.source not in ("calls", "velocity"):
        yield Problem((*path, "window"), "a window", f"nothing: {alert.when} has none")
    if alert.floor is not None and alert.when != "velocity":
        yield Problem((*path, "floor"), "a floor", "velocity alone has one")
    per = compiled(name, alert).per
    for index, deed in enumerate(alert.do or ()):
        if deed in FITTING and per not in FITTING[deed]:
            yield Problem((*path, "do", index), f"{deed} per {per}", f"{deed} per {', '.join(FITTING[deed])}")
    yield from _names((*path, "only"), per, alert.only or (), config)


def _names(path: KeyPath, per: Per, names: tuple[str, ...], config: Config) -> Iterator[Problem]:
    """Names that cannot be: a misspelt one would never fire."""
    if names and per == "gateway":
        yield Problem(path, "names, with per: gateway", "nothing, or another per")
    for index, name in enumerate(names):
        at = (*path, index)
        head = name.partition("/")[0]
        if "*" in name:
            continue
        if per in ("project", "model", "provider_key") and "/" not in name:
            yield Problem(at, found_text(at, name), f"{'TEAM' if per == 'project' else 'PROVIDER'}/{_LAST[per]}")
        elif per in OF_TRIES and head not in config.providers:
            yield Problem(at, f"no provider {found_text(at, head)}", nearest(head, list(config.providers)))
        elif per == "environment" and name not in ("live", "test"):
            yield Problem(at, found_text(at, name), "live, test")
        elif per == "route" and name not in config.models and head not in config.providers:
            yield Problem(at, found_text(at, name), nearest(name, list(config.models)))
