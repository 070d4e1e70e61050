"""Looks every few seconds whether an alert fires or is over, and sees to what follows from it.

Keeps true: what the store says fires is what fires, so that it outlives a restart, and an operator's word counts from
any process; what an alert has put in force is in force before the first call of a restarted gateway; where something
cannot be measured, it neither fires nor clears, and an alarm says so; sinks are told at least once.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from gatewatch.alerts.alert import Alert, Reading
from gatewatch.alerts.judging import Judging
from gatewatch.alerts.silence import Silence, is_silenced
from gatewatch.authority.actor import Actor
from gatewatch.control.alerts import AlertRow, Alerts
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from proxy.control.alarms import Alarm, Alarms
from proxy.control.alerting.effects import effects, overrides
from proxy.control.alerting.firing import Sink
from proxy.control.alerting.readings import Ages, Ask, Readings, Usual
from proxy.control.alerting.words import firing_of, line, threshold_text, value_text
from proxy.control.limits_in_force import LimitsInForce

SETTLING_US = 15_000_000
"""After a start: so long it is no trouble that the ledger has not loaded anything yet."""
LOOK_SECONDS = 3.0
LONGEST_PAUSE = 20.0
SHARE = 30
"""A look takes at most one part in so many of the time, up to the longest pause."""
ALARM = "alerts"
GATEWAY = Actor(id="gateway")

log = logging.getLogger("gatewatch.alerts")


class Look(NamedTuple):
    """What one look has found."""

    rows: list[AlertRow]
    silences: list[Silence]
    to_tell: list[AlertRow]
    trouble: str | None
    """Why some alerts were not judged."""


class AlertEngine:
    """Of one gateway. Belongs to the event loop; what is asked and written is so in a thread."""

    def __init__(
        self,
        control: Path,
        limits: LimitsInForce,
        alarms: Alarms,
        *,
        alerts: Callable[[], Sequence[Alert]],
        ask: Ask,
        loaded_until: Callable[[], int | None],
        ages: Ages,
        sink: Sink,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """`alerts`: those of the configuration in force. `loaded_until`: what began before that is in
        the ledger, µs; None: not known yet."""
        self._control = control
        self._limits = limits
        self._alarms = alarms
        self._alerts = alerts
        self._ask = ask
        self._loaded_until = loaded_until
        self._ages = ages
        self._sink = sink
        self._clock = clock
        self._began = clock()
        self._usual = Usual(ask)
        self._judging = Judging()
        self._seen = Look([], [], [], None)
        self._news = asyncio.Event()

    def start(self, store: ControlStore) -> None:
        """Put in force again what was when the gateway ended. Raises sqlite3.Error."""
        self._seen = self._seen._replace(rows=Alerts(store).rows())
        self._limits.override("alerts", overrides(self._seen.rows))

    def look_soon(self) -> None:
        """Somebody may have acknowledged or silenced something."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._news.clear()
            began = time.monotonic()
            await self.settle()
            pause = min(LONGEST_PAUSE, max(LOOK_SECONDS, (time.monotonic() - began) * SHARE))
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def settle(self) -> None:
        """One look, and what follows from it."""
        try:
            self._seen = await asyncio.to_thread(self._look)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            self._judging.forget()
            title = error.title if isinstance(error, GatewatchError) else str(error)
            self._alarms.set(ALARM, f"Alerts are not watched: {title}. What fires stays in force; it is tried again.")
            return
        self._limits.override("alerts", overrides(self._seen.rows))
        for row in self._seen.to_tell:
            self._sink.tell(firing_of(row))
        if self._seen.to_tell:
            await asyncio.to_thread(self._note_told, self._seen.to_tell)
        trouble = self._seen.trouble
        self._alarms.set(
            ALARM, trouble and f"Some alerts cannot be judged, so that they neither fire nor clear: {trouble}"
        )

    def standing(self) -> list[Alarm]:
        """What fires, for screens: neither acknowledged nor silenced."""
        now = self._clock()
        return [
            Alarm(id=f"alert:{row.id}", text=row.text, since=row.since)
            for row in self._seen.rows
            if row.state == "firing" and not is_silenced(row.id, self._seen.silences, now)
        ]

    def live(self) -> list[dict[str, object]]:
        """All that fires, or has something in force. Times µs."""
        now = self._clock()
        return [
            msgspec.to_builtins(row)
            | {
                "actions": [str(each) for each in row.actions],
                "silenced": is_silenced(row.id, self._seen.silences, now),
            }
            for row in self._seen.rows
            if row.fires or row.actions
        ]

    # in a thread

    def _look(self) -> Look:
        with ControlStore.open(self._control, actor=GATEWAY, clock=self._clock) as store:
            book, now = Alerts(store), self._clock()
            alerts = {alert.name: alert for alert in self._alerts()}
            firing = {row.id for row in book.rows() if row.fires}
            until = self._loaded_until()
            lag = max(0, now - (self._began if until is None else until))
            readings = Readings(self._ask, self._usual, self._ages, lag=lag, is_loaded=until is not None, now=now)
            troubles: dict[str, None] = {}
            for alert in alerts.values():
                try:
                    measured = readings.of(alert)
                except GatewatchError as error:
                    self._judging.forget(alert)
                    if until is not None or now - self._began > SETTLING_US:
                        troubles[error.title] = None
                    continue
                for change in self._judging.judge(alert, measured, firing, now):
                    if change.fires and change.reading is not None:
                        book.fire(self._row(store, alert, change.reading, now))
                    else:
                        book.clear(change.id, self._why(alert, change.reading))
            for row in book.rows():
                if row.fires and row.alert not in alerts:
                    book.clear(row.id, "it is no longer configured")
            if any(not row.fires for row in book.rows()):
                book.forget_old()
            rows, silences = book.rows(), book.silences()
        to_tell = [row for row in rows if _is_to_be_told(row, alerts.get(row.alert), silences, now)]
        return Look(rows, silences, to_tell, "; ".join(troubles) or None)

    def _row(self, store: ControlStore, alert: Alert, reading: Reading, now: int) -> AlertRow:
        done = effects(alert, reading)
        text = line(alert, reading, done, _who(store, reading))
        return AlertRow(
            id=f"{alert.name}|{reading.subject}",
            alert=alert.name,
            subject=reading.subject,
            state="firing",
            severity=alert.severity,
            value=value_text(alert, reading),
            threshold=threshold_text(alert),
            text=text,
            since=now,
            changed_at=now,
            told=False,
            actions=done,
        )

    def _why(self, alert: Alert, reading: Reading | None) -> str:
        return "nothing is seen of it any more" if reading is None else f"it is {value_text(alert, reading)} now"

    def _note_told(self, rows: list[AlertRow]) -> None:
        try:
            with ControlStore.open(self._control, actor=GATEWAY, clock=self._clock) as store:
                Alerts(store).note_told(rows)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            log.error("that sinks were told of alerts was not noted: they are told again: %s", error)


def _is_to_be_told(row: AlertRow, alert: Alert | None, silences: list[Silence], now: int) -> bool:
    """Of an alert that fires, once nobody wants silence; of one that is over, where they were told that it fires."""
    if not row.fires:
        return row.told
    return (
        row.state == "firing"
        and not row.told
        and alert is not None
        and "notify" in alert.do
        and not is_silenced(row.id, silences, now)
    )


def _who(store: ControlStore, reading: Reading) -> str | None:
    """What people call a key."""
    if reading.scope != "key":
        return None
    try:
        key = store.key(reading.name)
    except GatewatchError:
        return None
    return f"{key.name} of {key.team}"
