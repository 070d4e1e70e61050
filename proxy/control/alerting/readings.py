"""What was measured of an alert's subjects: asked of the ledger and of what the control process knows itself.

Keeps true: a question is asked once in a pass, however many alerts want its answer; what is usual is asked every ten
minutes; where the ledger does not answer, there are no readings, and that is said.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from gatewatch.alerts.alert import Alert, Reading, id_of
from gatewatch.alerts.amount import WHOLE
from gatewatch.alerts.metric import OF_TRIES
from gatewatch.alerts.pattern import matches
from gatewatch.ledger.answer import Answer, Row
from gatewatch.ledger.unavailable import LedgerUnavailable
from gatewatch.money import picos_from_usd, usd_text
from gatewatch.timespan import duration_text
from proxy.control.alerting.target_figures import Figure

MINUTE = 60_000_000
TEN_MINUTES = 10 * MINUTE
PAST = 7 * 24 * 60 * MINUTE
"""What is usual is learnt from; and so long a drain is no longer told from it."""
CENT = 10**10
MOST_LAG = 20_000_000
"""A ledger that is further behind than this says nothing of what calls do now."""
REFUSING_US = 5 * MINUTE
NEARLY = WHOLE * 9 // 10
"""A budget that is spent this far and refuses calls is spent: nothing that is left of it is enough for a call."""

Ages = Callable[[], Mapping[str, int]]
"""`PROVIDER/KEY` → how long ago it was set, µs. Raises GatewatchError."""


Figures = Callable[[], Iterable[Figure]]
"""Of targets, as they are now."""


class Ask(Protocol):
    """A named query of the ledger."""

    def __call__(self, query: str, /, **params: object) -> Answer:
        """Raises GatewatchError."""


class Usual:
    """What keys, or others, usually spend in a span."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[tuple[str, int], tuple[int, dict[str, int]]] = {}
        self._before: dict[tuple[str, int, int], dict[str, int]] = {}

    def of(self, per: str, window: int, now: int) -> dict[str, int]:
        """Name → picodollars in a window. Raises GatewatchError."""
        at, known = self._known.get((per, window), (0, {}))
        if not at <= now < at + TEN_MINUTES:
            known = self._asked(per, window, now)
            self._known[per, window] = now, known
            self._before = {key: found for key, found in self._before.items() if key[2] > now - PAST}
        return known

    def before(self, per: str, window: int, since: int) -> dict[str, int]:
        """The same as it was when something began: a drain that goes on does not become the usual meanwhile."""
        key = per, window, since
        if key not in self._before:
            self._before[key] = self._asked(per, window, since)
        return self._before[key]

    def _asked(self, per: str, window: int, now: int) -> dict[str, int]:
        span = -(-window // MINUTE) * MINUTE
        rows = self._ask("usual_spend", by=per, span_us=span, until_us=now - window, past_us=PAST).rows
        return {row["name"]: _picos(row["cost_usd"]) * window // (row["spans"] * span) for row in rows}


class Readings:
    """Of one pass."""

    def __init__(
        self,
        ask: Ask,
        usual: Usual,
        ages: Ages,
        *,
        lag: int,
        is_loaded: bool,
        now: int,
        firing: Mapping[str, int],
        least: int = 0,
        figures: Figures = tuple,
    ) -> None:
        """`lag`: how far the ledger is behind, µs. `is_loaded`: whether it is a ledger of this run at all. `firing`:
        id of what fires → since when, µs. `least`: millionths of a budget under which no alert has a word to say."""
        self._ask = ask
        self._usual = usual
        self._ages = ages
        self._figures = figures
        self._lag = lag
        self._is_fresh = is_loaded and lag <= MOST_LAG
        self._now = now
        self._firing = firing
        self._firing_counters = frozenset(id.partition("|")[2] for id in firing if id.count("|") > 1)
        self._least = least
        self._answers: dict[tuple[tuple[str, object], ...], list[Row]] = {}

    def of(self, alert: Alert) -> list[Reading]:
        """One for each subject of which something is seen. Raises GatewatchError."""
        if alert.metric.source not in ("keys", "ledger", "targets") and not self._is_fresh:
            raise LedgerUnavailable("the ledger has not loaded what calls did lately")
        match alert.metric.source:
            case "budgets":
                found = self._budgets(alert)
            case "velocity":
                found = self._velocity(alert)
            case "keys":
                found = (_reading(alert, name, age) for name, age in self._ages().items())
            case "targets":
                found = self._targets(alert)
            case "ledger":
                found = iter([_reading(alert, "", self._lag)])
            case _:
                found = self._calls(alert)
        return [reading for reading in found if _is_meant(alert, reading)]

    def _calls(self, alert: Alert) -> Iterator[Reading]:
        tries = alert.per in OF_TRIES and alert.when in ("5xx", "401", "429", "errors")
        rows = {row["name"]: row for row in self._rows("lately", by=alert.per, window_us=alert.window, tries=tries)}
        if alert.when == "calls":
            named = [name for name in alert.only or () if "*" not in name] + [""] * (alert.per == "gateway")
            for name in {**dict.fromkeys(named), **rows}:  # those of whom nothing is seen have made none
                calls = rows[name]["calls"] if name in rows else 0
                yield _reading(alert, name, calls, calls)
            return
        for name, row in rows.items():
            if alert.when in ("p95", "ttft"):
                value, weight = _TIMED[alert.when]
                if row[value] is not None:
                    detail = f"{row[weight]} calls in {duration_text(alert.window)}"
                    yield _reading(alert, name, int(row[value]), row[weight], detail)
                continue
            some = row[{"errors": "failed"}.get(alert.when, alert.when)]
            whole = row["worked" if alert.when in ("errors", "5xx") else "calls"]
            detail = f"{some} of {whole} {'tries' if tries else 'calls'} in {duration_text(alert.window)}"
            share = some * WHOLE // whole if whole else 0
            yield _reading(alert, name, share if alert.unit == "share" else some, whole, detail)

    def _targets(self, alert: Alert) -> Iterator[Reading]:
        """The worst figure of each name."""
        worst: dict[str, Figure] = {}
        for figure in self._figures():
            if figure.metric == alert.when and (name := figure.name(alert.per)) is not None:
                worst[name] = max(figure, worst.get(name, figure), key=lambda each: each.value)
        for name, figure in worst.items():
            detail = figure.detail if alert.per == "model" else f"{figure.target}: {figure.detail}"
            yield _reading(alert, name, figure.value, detail=detail)

    def _velocity(self, alert: Alert) -> Iterator[Reading]:
        usual = self._usual.of(alert.per, alert.window, self._now)
        floor = alert.floor * alert.window // TEN_MINUTES
        for row in self._rows("lately", by=alert.per, window_us=alert.window, tries=False):
            reading = _reading(alert, row["name"], 0, row["calls"])
            since = self._firing.get(id_of(alert.name, reading.subject), 0)
            known = self._usual.before(alert.per, alert.window, since) if since > self._now - PAST else usual
            spent, normal = _picos(row["cost_usd"]), max(known.get(row["name"], 0), floor, 1)
            detail = f"{_usd(spent)} in {duration_text(alert.window)}, usually {_usd(normal)}"
            yield msgspec.structs.replace(reading, value=spent * WHOLE // normal, detail=detail)

    def _budgets(self, alert: Alert) -> Iterator[Reading]:
        for row in self._rows("budgets", least=self._least, also=self._firing_counters):
            if row["name"] is None or row["used"] is None:
                continue
            unit = " USD" if row["measure"] == "usd" else " tokens"
            if alert.when == "forecast":
                if row["forecast_used"] is None or row["forecast_is_early"]:
                    continue
                value = round(row["forecast_used"] * WHOLE)
                detail = f"{row['forecast']}{unit} expected, {row['limit']} in {row['window']}"
            else:
                spent, held, limit = (Decimal(row[name]) for name in ("spent", "held", "limit"))
                value = int((spent + held) * WHOLE // limit)
                detail = f"{row['spent']} of {row['limit']}{unit} in {row['window']}"
                detail += f", {row['held']} held by calls in flight" if held else ""
                if NEARLY <= value < WHOLE and (refused := self._refused(row)):
                    value, detail = WHOLE, f"{detail}; {refused} calls refused in {duration_text(REFUSING_US)}"
            named = "/" in row["applies_to"] or row["scope"] == "gateway"
            subject = row["rule"] if named else f"{row['rule']}|{row['name']}"
            yield Reading(subject=subject, scope=row["scope"], name=row["name"], value=value, detail=detail)

    def _refused(self, budget: Row) -> int:
        """Calls that it was in the way of."""
        by = budget["scope"] if budget["scope"] not in ("model", "provider_key") else "gateway"
        rows = self._rows("lately", by=by, window_us=REFUSING_US, blocked_by=budget["rule"])
        return sum(row["blocked"] for row in rows if by == "gateway" or row["name"] == budget["name"])

    def _rows(self, query: str, **params: object) -> list[Row]:
        key = (("query", query), *sorted(params.items()))
        if key not in self._answers:
            self._answers[key] = self._ask(query, **params).rows
        return self._answers[key]


_TIMED = {"p95": ("p95_us", "timed"), "ttft": ("ttft_p95_us", "ttft_timed")}


def _reading(alert: Alert, name: str, value: int, weight: int = 0, detail: str = "") -> Reading:
    subject = f"{alert.per}/{name}" if name else alert.per
    return Reading(subject=subject, scope=alert.per, name=name, value=value, weight=weight, detail=detail)


def _is_meant(alert: Alert, reading: Reading) -> bool:
    if alert.only is None:
        return True
    names: Any = (reading.name,) if alert.per != "budget" else (reading.subject, reading.subject.partition("|")[0])
    return any(matches(each, name) for name in names for each in alert.only)


def _picos(usd: str) -> int:
    return 0 if usd == "unpriced" else picos_from_usd(Decimal(usd))


def _usd(picos: int) -> str:
    return f"{usd_text(picos) if picos < CENT else f'{Decimal(picos) / 10**12:.2f}'} USD"
