"""Alerts that fire and silences, as the control store has them.

Keeps true: that an alert fires, is acknowledged or is over stands in the audit trail, once; what it has put in force
stands in its row for as long as it holds, over restarts; a paused key stays paused until somebody says otherwise.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from gatewatch.alerts.alert import Severity
from gatewatch.alerts.silence import Silence
from gatewatch.control.transactions import Transactions

KEEP_US = 30 * 86_400_000_000
"""How long an alert that is over stays in the list."""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert has done to calls."""

    kind: Literal["step_down", "shift", "throttle", "pause"]
    scope: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}/{self.name}" if self.name else f"{self.kind} {self.scope}"


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert and what it is about. Times µs since the epoch, UTC."""

    id: str
    alert: str
    subject: str
    state: Literal["firing", "acknowledged", "cleared"]
    severity: Severity
    value: str
    threshold: str
    text: str
    since: int
    changed_at: int
    told: bool
    """Whether sinks were told that it fires, and not yet that it is over."""
    acknowledged_by: str | None = None
    note: str | None = None
    actions: tuple[Effect, ...] = ()

    @property
    def fires(self) -> bool:
        return self.state != "cleared"


_COLUMNS = AlertRow.__struct_fields__


class Alerts:
    """Works on a store's connection, in its thread and as its actor."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def rows(self) -> list[AlertRow]:
        """What fires, longest first; then what is over, newest first."""
        found = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM alerts ORDER BY state = 'cleared',"  # noqa: S608
            " CASE state WHEN 'cleared' THEN -changed_at ELSE since END, id"
        )
        return [_row(row) for row in found]

    def row(self, id: str) -> AlertRow | None:
        return next((each for each in self.rows() if each.id == id), None)

    def fire(self, row: AlertRow) -> None:
        """It fires from now on."""
        with self._store.change():
            before = self.row(row.id)
            if before is not None and before.fires:
                return
            if before is not None:  # a key that it paused before is paused still
                kept = tuple(each for each in before.actions if each not in row.actions)
                row = msgspec.structs.replace(row, actions=(*row.actions, *kept))
            values = msgspec.structs.asdict(row) | {"actions": msgspec.json.encode(row.actions).decode()}
            self._store.connection.execute(
                f"INSERT OR REPLACE INTO alerts ({', '.join(_COLUMNS)})"  # noqa: S608
                f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
                values,
            )
            self._store.trail.add(
                "alert.fire",
                row.id,
                after={
                    "severity": row.severity, "value": row.value, "threshold": row.threshold,
                    "actions": [str(each) for each in row.actions],
                },
            )  # fmt: skip

    def clear(self, id: str, why: str) -> AlertRow | None:
        """It is over; what it had put in force is lifted, but for paused keys. None where it did not fire."""
        with self._store.change():
            before = self.row(id)
            if before is None or not before.fires:
                return None
            kept = tuple(each for each in before.actions if each.kind == "pause")
            self._store.connection.execute(
                "UPDATE alerts SET state = 'cleared', changed_at = ?, actions = ? WHERE id = ?",
                (self._store.clock(), msgspec.json.encode(kept).decode(), id),
            )
            self._store.trail.add(
                "alert.clear", id, before={"state": before.state, "fired_at": before.since, "value": before.value},
                after={"why": why, "still in force": [str(each) for each in kept]},
            )  # fmt: skip
            return self.row(id)

    def note_told(self, rows: Sequence[AlertRow]) -> None:
        """Sinks have heard what became of these, as the rows have it."""
        with self._store.change():
            self._store.connection.executemany(
                "UPDATE alerts SET told = ? WHERE id = ? AND since = ?",
                [(row.fires, row.id, row.since) for row in rows],
            )

    def acknowledge(self, id: str, note: str | None, *, resume: bool) -> AlertRow | None:
        """Somebody knows of it. `resume`: what it has put in force is lifted, paused keys too. None where there is no
        such alert, or nothing of it to be acknowledged or lifted."""
        with self._store.change():
            before = self.row(id)
            if before is None or not (before.fires or (resume and before.actions)):
                return None
            self._store.connection.execute(
                "UPDATE alerts SET state = ?, changed_at = ?, acknowledged_by = ?, note = coalesce(?, note),"
                " actions = ? WHERE id = ?",
                (
                    *("acknowledged" if before.fires else "cleared", self._store.clock(), self._store.actor.id, note),
                    *("[]" if resume else msgspec.json.encode(before.actions).decode(), id),
                ),
            )
            lifted = [str(each) for each in before.actions] if resume else []
            self._store.trail.add(
                "alert.acknowledge", id, before={"state": before.state}, after={"note": note, "lifted": lifted}
            )
            return self.row(id)

    def forget_old(self) -> None:
        """Alerts that have been over for long and hold nothing in force. The audit trail keeps them."""
        with self._store.change():
            self._store.connection.execute(
                "DELETE FROM alerts WHERE state = 'cleared' AND actions = '[]' AND changed_at < ?",
                (self._store.clock() - KEEP_US,),
            )

    # silences

    def silences(self) -> list[Silence]:
        """Those that are not over, the next to end first."""
        found = self._store.connection.execute(
            "SELECT id, pattern, until, reason, created_at, created_by FROM alert_silences"
            " WHERE until > ? ORDER BY until, id",
            (self._store.clock(),),
        )
        return [Silence(**dict(zip(Silence.__struct_fields__, row, strict=True))) for row in found]

    def silence(self, silence: Silence) -> None:
        with self._store.change():
            self._store.insert("alert_silences", silence)
            self._store.trail.add(
                "alert.silence", silence.pattern,
                after={"id": silence.id, "ends_at": silence.until, "reason": silence.reason},
            )  # fmt: skip

    def unsilence(self, id: str) -> Silence | None:
        """The silence that was ended; None where there is none, or it is over."""
        with self._store.change():
            ended = next((each for each in self.silences() if each.id == id), None)
            if ended is not None:
                self._store.connection.execute("DELETE FROM alert_silences WHERE id = ?", (id,))
                self._store.trail.add(
                    "alert.unsilence", ended.pattern, before={"id": id, "ends_at": ended.until, "reason": ended.reason}
                )
            return ended


def _row(values: tuple[Any, ...]) -> AlertRow:
    fields = dict(zip(_COLUMNS, values, strict=True))
    fields["actions"] = msgspec.json.decode(fields["actions"])
    fields["told"] = bool(fields["told"])
    return msgspec.convert(fields, AlertRow)
