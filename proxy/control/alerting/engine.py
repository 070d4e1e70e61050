"""Looks every few seconds whether an alert fires or is over, and sees to what follows from it.

Keeps true: what the store says fires is what fires, so that it outlives a restart, and an operator's word counts from
any process; what an alert has put in force is in force before the first call of a restarted gateway; where something
cannot be measured, it neither fires nor clears, and an alarm says so; each sink is told until it has heard, at least
once, also by a gateway that comes after one that was killed.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gatewatch.alerts.alert import Alert
from gatewatch.alerts.silence import is_silenced
from gatewatch.control.alerts import AlertRow, Alerts, Heard
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from proxy.control.alarms import Alarm, Alarms
from proxy.control.alerting.effects import overrides
from proxy.control.alerting.firing import Firing, Sink
from proxy.control.alerting.looking import Look, Looking
from proxy.control.alerting.readings import Ages, Ask, Figures
from proxy.control.alerting.words import firing_of
from proxy.control.limits_in_force import LimitsInForce

LOOK_SECONDS = 3.0
LONGEST_PAUSE = 20.0
SHARE = 30
"""A look takes at most one part in so many of the time, up to the longest pause."""
ALARM = "alerts"

log = logging.getLogger("gatewatch.alerts")


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
        figures: Figures = tuple,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """`alerts`: those of the configuration in force. `loaded_until`: what began before that is in
        the ledger, µs; None: not known yet."""
        self._limits = limits
        self._alarms = alarms
        self._sink = sink
        self._clock = clock
        self._looking = Looking(
            control, alerts=alerts, ask=ask, loaded_until=loaded_until, ages=ages, clock=clock, figures=figures
        )
        self._seen = Look()
        self._is_news = False
        self._heard: list[Heard] = []
        """What sinks have taken, and the store does not know yet."""
        self._stirred = asyncio.Event()
        sink.on_heard = self._hear

    def start(self, store: ControlStore) -> None:
        """Put in force again what was when the gateway ended. Raises sqlite3.Error."""
        self._seen = self._seen._replace(rows=Alerts(store).rows())
        self._limits.override("alerts", overrides(self._seen.rows))

    def look_soon(self) -> None:
        """Somebody may have acknowledged or silenced something."""
        self._is_news = True
        self._stirred.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._is_news = False
            began = time.monotonic()
            await self.settle()
            due = time.monotonic() + min(LONGEST_PAUSE, max(LOOK_SECONDS, (time.monotonic() - began) * SHARE))
            while not self._is_news and (left := due - time.monotonic()) > 0:
                try:
                    async with asyncio.timeout(left):
                        await self._stirred.wait()
                except TimeoutError:
                    continue
                self._stirred.clear()
                await self.note()

    async def settle(self) -> None:
        """One look, and what follows from it."""
        heard, self._heard = self._heard, []
        try:
            self._seen = await asyncio.to_thread(self._looking.look, heard)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            self._heard[:0] = heard
            title = error.title if isinstance(error, GatewatchError) else str(error)
            self._alarms.set(ALARM, f"Alerts are not watched: {title}. What fires stays in force; it is tried again.")
            return
        self._limits.override("alerts", overrides(self._seen.rows))
        for row in self._seen.rows:
            if self._is_to_be_told(row):
                self._sink.tell(firing_of(row), row.told)
        await self.note()
        trouble = self._seen.trouble
        self._alarms.set(
            ALARM, trouble and f"Some alerts cannot be judged, so that they neither fire nor clear: {trouble}"
        )

    async def note(self) -> None:
        """Write down what sinks have taken, so that nobody tells them again."""
        if not self._heard:
            return
        heard, self._heard = self._heard, []
        try:
            await asyncio.to_thread(self._looking.note, heard)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            self._heard[:0] = heard
            log.error("that sinks were told of alerts was not noted: they may be told again: %s", error)

    def standing(self) -> list[Alarm]:
        """What fires, for screens: neither acknowledged nor silenced, nor said better by another."""
        now = self._clock()
        return [
            Alarm(id=f"alert:{row.id}", text=row.text, since=row.since, severity=row.severity)
            for row in self._seen.rows
            if row.state == "firing" and not row.outdone_by and not is_silenced(row.id, self._seen.silences, now)
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

    def _is_to_be_told(self, row: AlertRow) -> bool:
        """That it fires, while nobody wants silence and no other says more; that it is over, whoever knows that it
        fires. Not within a silence."""
        if is_silenced(row.id, self._seen.silences, self._clock()):
            return False
        if not row.fires:
            return bool(row.told)
        alert = self._seen.alerts.get(row.alert)
        return row.state == "firing" and not row.outdone_by and alert is not None and "notify" in alert.do

    def _hear(self, sink: str, firing: Firing) -> None:
        self._heard.append(Heard(firing.id, firing.since, sink, firing.state == "firing"))
        self._stirred.set()
