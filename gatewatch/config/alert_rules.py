"""The alerts of the configuration file, and those that are built in → alerts as they are judged."""

from decimal import Decimal

from gatewatch.alerts.alert import Alert
from gatewatch.alerts.amount import Amount
from gatewatch.alerts.metric import METRICS
from gatewatch.config.alerts import Alert as Written
from gatewatch.config.models import Config
from gatewatch.money import picos_from_usd, usd_text
from gatewatch.timespan import duration_text

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_LEAST = 20
_FLOOR = Decimal(1)


def _built_in(when: str, above: str, **more: object) -> Written:
    return Written.model_validate({"when": when, "above": above, **more})


BUILT_IN: dict[str, Written] = {
    "velocity": _built_in("velocity", "5x", per="key", severity="critical"),
    "budget-50": _built_in("budget", "50%", severity="info"),
    "budget-80": _built_in("budget", "80%"),
    "budget-100": _built_in("budget", "100%", severity="critical", clear="95%"),
    "forecast": _built_in("forecast", "100%"),
    "unpriced": _built_in("unpriced", "1", per="model", window="15m", severity="info"),
    "refused-keys": _built_in("401", "3", per="provider_key", severity="critical"),
    "rate-limited": _built_in("429", "20%", per="provider_key"),
    "provider-errors": _built_in("5xx", "20%", per="provider", severity="critical"),
    "server-errors": _built_in("5xx", "10%", per="route", severity="critical"),
    "wrong-keys": _built_in("401", "50", per="gateway"),
    "blocked": _built_in("blocked", "50%", per="team", least=50),
    "old-keys": _built_in("key_age", "365d", severity="info"),
    "slo-missed": _built_in("slo", "100%", per="model"),
    "error-budget": _built_in("error_budget", "100%", per="model"),
    "breaker-open": _built_in("breakers", "1", per="model", **{"for": "15s"}),
    "ledger-lag": _built_in("ledger_lag", "30s", severity="critical", clear="5s", clear_for="5s"),
}
"""Alerts that need no writing. Each is switched off, or changed, under its name."""


def written_alerts(config: Config) -> dict[str, Written]:
    """Name → what is written of it, over what is built in."""
    changed = {name: _over(BUILT_IN[name], written) for name, written in config.alerts.items() if name in BUILT_IN}
    return {**BUILT_IN, **config.alerts, **changed}


def _over(built_in: Written, written: Written) -> Written:
    fields = {name: getattr(written, name) for name in written.model_fields_set}
    if "below" in fields:
        fields.setdefault("above", None)
    return built_in.model_copy(update=fields)


def alerts_of(config: Config) -> tuple[Alert, ...]:
    """Those that are watched. The configuration has been checked."""
    return tuple(compiled(name, each) for name, each in written_alerts(config).items() if each.enabled)


def compiled(name: str, written: Written) -> Alert:
    """One of them with its defaults."""
    assert written.when
    metric = METRICS[written.when]
    bound = written.above or written.below
    assert bound
    rated = bound.unit in ("share", "time") and metric.source == "calls"
    default_clear = bound.value if written.below else max(1, bound.value * metric.clear_percent // 100)
    return Alert(
        name=name,
        when=written.when,
        per=written.per or metric.pers[0],
        only=written.only,
        unit=bound.unit,
        bound=bound.value,
        below=written.below is not None,
        clear=default_clear if written.clear is None else written.clear.value,
        window=written.window or (10 if written.when == "velocity" else 5) * _MINUTE,
        lasting=written.lasting or 0,
        clear_for=_MINUTE if written.clear_for is None else written.clear_for,
        least=written.least or (_LEAST if rated else 1 if metric.source == "calls" and not written.below else 0),
        floor=picos_from_usd(written.floor or _FLOOR),
        do=("notify",) if written.do is None else written.do,
        severity=written.severity or "warning",
    )


def told(alert: Alert) -> dict[str, object]:
    """One of them as people and scripts read it."""
    bound, clear = Amount(alert.unit, alert.bound), Amount(alert.unit, alert.clear)
    windowed = alert.metric.source in ("calls", "velocity")
    return {
        "name": alert.name,
        "when": alert.when,
        "fires": f"below {bound}" if alert.below else f"from {bound}",
        "clears": f"from {clear}" if alert.below else f"below {clear}",
        "per": alert.per,
        "only": None if alert.only is None else list(alert.only),
        "window": duration_text(alert.window) if windowed else None,
        "for": duration_text(alert.lasting) if alert.lasting else None,
        "clear_for": duration_text(alert.clear_for),
        "least": alert.least,
        "floor_usd": usd_text(alert.floor) if alert.when == "velocity" else None,
        "do": list(alert.do),
        "severity": alert.severity,
        "built_in": alert.name in BUILT_IN,
    }
