"""One look at everything that is watched: what fires now, what is over, and how it is by now with what goes on.

Keeps true: all that a look finds is written at once or not at all; what could not be measured stays as it is; of what
fires, the row says what was measured last, and what the alert does as it is configured now.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from gatewatch.alerts.alert import Alert, Reading, id_of
from gatewatch.alerts.crowd import bounded
from gatewatch.alerts.judging import Judging
from gatewatch.alerts.outdone import Fires, outdone
from gatewatch.alerts.silence import Silence
from gatewatch.authority.actor import Actor
from gatewatch.control.alerts import KEEP_US, AlertRow, Alerts, Heard, Over
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from proxy.control.alerting.effects import effects
from proxy.control.alerting.readings import Ages, Ask, Figures, Readings, Usual
from proxy.control.alerting.words import line, over, threshold_text, value_text

SETTLING_US = 15_000_000
"""After a start: so long it is no trouble that the ledger has not loaded anything yet."""
GATEWAY = Actor(id="gateway")
GONE = "nothing is seen of it any more"


class Look(NamedTuple):
    """What one look has found."""

    rows: Sequence[AlertRow] = ()
    silences: Sequence[Silence] = ()
    alerts: Mapping[str, Alert] = MappingProxyType({})
    trouble: str | None = None
    """Why some alerts were not judged."""


class Looking:
    """Of one gateway. Used in one thread at a time."""

    def __init__(
        self,
        control: Path,
        *,
        alerts: Callable[[], Sequence[Alert]],
        ask: Ask,
        loaded_until: Callable[[], int | None],
        ages: Ages,
        clock: Callable[[], int],
        figures: Figures = tuple,
    ) -> None:
        """`alerts`: those of the configuration in force. `loaded_until`: what began before that is in
        the ledger, µs; None: not known yet."""
        self._control = control
        self._alerts = alerts
        self._ask = ask
        self._loaded_until = loaded_until
        self._ages = ages
        self._figures = figures
        self._clock = clock
        self._began = clock()
        self._usual = Usual(ask)
        self._judging = Judging()

    def look(self, heard: Sequence[Heard]) -> Look:
        """`heard`: what sinks have taken since the last one. Raises GatewatchError, sqlite3.Error, OSError; then
        nothing was found and nothing written."""
        try:
            with self._opened() as store:
                return self._look(store, heard)
        except (GatewatchError, sqlite3.Error, OSError):
            self._judging.forget()
            raise

    def note(self, heard: Sequence[Heard]) -> None:
        """What sinks have taken. Raises as `look`."""
        with self._opened() as store:
            Alerts(store).hear(heard)

    def _opened(self) -> ControlStore:
        return ControlStore.open(self._control, actor=GATEWAY, clock=self._clock)

    def _look(self, store: ControlStore, heard: Sequence[Heard]) -> Look:
        book, now = Alerts(store), self._clock()
        if heard:
            book.hear(heard)
        alerts = {alert.name: alert for alert in self._alerts()}
        known = {row.id: row for row in book.rows()}
        firing = {id: row.since for id, row in known.items() if row.fires}
        until = self._loaded_until()
        lag = max(0, now - (self._began if until is None else until))
        of_budgets = [alert for alert in alerts.values() if alert.metric.source == "budgets"]
        readings = Readings(
            self._ask,
            self._usual,
            self._ages,
            lag=lag,
            is_loaded=until is not None,
            now=now,
            firing=firing,
            figures=self._figures,
            least=min((0 if alert.below else alert.clear for alert in of_budgets), default=0),
        )
        found = dict(known)
        whys: dict[str, str] = {}
        troubles: dict[str, None] = {}
        for alert in alerts.values():
            try:
                measured = bounded(alert, readings.of(alert), firing, self._judging.waiting)
            except GatewatchError as error:
                self._judging.forget(alert)
                if until is not None or now - self._began > SETTLING_US:
                    troubles[error.title] = None
                continue
            seen = {id_of(alert.name, reading.subject): reading for reading in measured}
            for change in self._judging.judge(alert, measured, firing, now):
                if not change.fires:
                    whys[change.id] = f"it is {value_text(alert, change.reading)} now" if change.reading else GONE
                    found[change.id] = _over(known[change.id], alert, change.reading)
                elif change.reading is not None:
                    found[change.id] = _fires(store, alert, change.reading, now)
            for id in seen.keys() & firing.keys() - whys.keys():
                found[id] = _goes_on(store, known[id], alert, seen[id])
        for id in [id for id in firing if known[id].alert not in alerts]:
            whys[id] = "it is no longer configured"
            found[id] = msgspec.structs.replace(known[id], state="cleared", text=over(known[id], whys[id]))
        _write(book, known, _quietened(found, alerts), whys)
        if any(not row.fires and not row.actions and row.changed_at < now - KEEP_US for row in known.values()):
            book.forget_old()
        return Look(book.rows(), book.silences(), alerts, "; ".join(troubles) or None)


def _write(book: Alerts, known: dict[str, AlertRow], found: dict[str, AlertRow], whys: dict[str, str]) -> None:
    changed = [row for id, row in found.items() if row != known.get(id)]
    if changed:
        fired_before = {id for id, row in known.items() if row.fires}
        book.settle(
            fired=[row for row in changed if row.fires and row.id not in fired_before],
            over=[Over(row, whys[row.id]) for row in changed if not row.fires],
            news=[row for row in changed if row.fires and row.id in fired_before],
        )


def _quietened(found: dict[str, AlertRow], alerts: dict[str, Alert]) -> dict[str, AlertRow]:
    """With what others say better already."""
    fires = [Fires(row.id, row.subject, alerts[row.alert]) for row in found.values() if row.fires]
    by = outdone(fires)
    return {id: msgspec.structs.replace(row, outdone_by=by.get(id)) if row.fires else row for id, row in found.items()}


def _fires(store: ControlStore, alert: Alert, reading: Reading, now: int) -> AlertRow:
    done, who = effects(alert, reading), _who(store, reading)
    return AlertRow(
        id=id_of(alert.name, reading.subject),
        alert=alert.name,
        subject=reading.subject,
        who=who,
        state="firing",
        severity=alert.severity,
        value=value_text(alert, reading),
        fired_value=value_text(alert, reading),
        measured=reading.value,
        bound=alert.bound,
        unit=alert.unit,
        threshold=threshold_text(alert),
        text=line(alert, reading, done, who),
        since=now,
        changed_at=now,
        actions=done,
    )


def _goes_on(store: ControlStore, before: AlertRow, alert: Alert, reading: Reading) -> AlertRow:
    """What it does is what it is to do by now, but for what an operator has lifted; a paused key stays paused."""
    after = _fires(store, alert, reading, before.since)
    paused = tuple(each for each in before.actions if each.kind == "pause" and each not in after.actions)
    actions = before.actions if before.lifted else (*after.actions, *paused)
    return msgspec.structs.replace(
        before,
        who=after.who,
        severity=after.severity,
        value=after.value,
        measured=after.measured,
        bound=after.bound,
        unit=after.unit,
        threshold=after.threshold,
        text=line(alert, reading, actions, after.who),
        actions=actions,
    )


def _over(before: AlertRow, alert: Alert, reading: Reading | None) -> AlertRow:
    if reading is None:
        value, text = "none", over(before, GONE)
    else:
        value, text = value_text(alert, reading), line(alert, reading, (), before.who)
    measured = None if reading is None else reading.value
    return msgspec.structs.replace(before, state="cleared", value=value, measured=measured, text=text)


def _who(store: ControlStore, reading: Reading) -> str | None:
    """What people call a key."""
    if reading.scope != "key":
        return None
    try:
        key = store.key(reading.name)
    except GatewatchError:
        return None
    return f"{key.name} of {key.team}"
