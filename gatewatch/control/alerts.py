"""Alerts that fire and silences, as the control store has them.

Keeps true: that an alert fires, is acknowledged or is over stands in the audit trail, once; what it has put in force
stands in its row for as long as it holds, over restarts; a paused key stays paused until somebody says otherwise.
"""

import shlex
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import msgspec

from gatewatch.alerts.alert import Severity
from gatewatch.alerts.amount import Unit
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
    who: str | None = None
    """What people call the key that it is about: `search-app of search`."""
    state: Literal["firing", "acknowledged", "cleared"]
    severity: Severity
    value: str
    """What was measured last, for people; of one that is over, when it was."""
    fired_value: str = ""
    """What was measured when it fired."""
    measured: int | None = None
    """The value, in the unit; None where nothing is seen of it any more."""
    bound: int = 0
    """The threshold, in the unit."""
    unit: Unit = "count"
    threshold: str
    text: str
    since: int
    changed_at: int
    told: tuple[str, ...] = ()
    """Sinks that know that it fires, and not yet that it is over."""
    outdone_by: str | None = None
    """The id of one that fires of the same budget and says more: nobody is told of this one beside it."""
    lifted: bool = False
    """Whether somebody has lifted what it had put in force, since it fired."""
    acknowledged_by: str | None = None
    note: str | None = None
    actions: tuple[Effect, ...] = ()

    @property
    def fires(self) -> bool:
        return self.state != "cleared"

    @property
    def lift(self) -> str | None:
        """The command that lifts what it has put in force, where there is anything."""
        return lifting(self.id) if self.actions else None


def lifting(id: str) -> str:
    """The command that lifts what an alert has put in force."""
    return f"gatewatch alerts ack {shlex.quote(id)} --resume"


_COLUMNS = AlertRow.__struct_fields__
_AS_JSON = ("told", "actions")
_WHILE_IT_FIRES = ("severity", "value", "measured", "bound", "unit", "threshold", "text", "who", "outdone_by")


class Over(NamedTuple):
    """An alert that is over: as it is told of from now on, and why it is."""

    row: AlertRow
    why: str


class Heard(NamedTuple):
    """A sink has taken what was told of an alert that fired at `since`."""

    id: str
    since: int
    sink: str
    fires: bool
    """Whether that was that it fires; else that it is over."""


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
        found = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM alerts WHERE id = ?",  # noqa: S608
            (id,),
        ).fetchone()
        return None if found is None else _row(found)

    def settle(
        self, *, fired: Iterable[AlertRow] = (), over: Iterable[Over] = (), news: Iterable[AlertRow] = ()
    ) -> None:
        """What one look has found, all of it or nothing. `news`: of what fires still, as it is now."""
        with self._store.change():
            for row in fired:
                self._fire(row)
            for row, why in over:
                self._clear(row, why)
            for row in news:
                self._renew(row)

    def _fire(self, row: AlertRow) -> None:
        before = self.row(row.id)
        if before is not None and before.fires:
            return
        if before is not None:  # a key that it paused before is paused still
            kept = tuple(each for each in before.actions if each not in row.actions)
            row = msgspec.structs.replace(row, actions=(*row.actions, *kept))
        self._store.connection.execute(
            f"INSERT OR REPLACE INTO alerts ({', '.join(_COLUMNS)})"  # noqa: S608
            f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
            _columns(row),
        )
        self._store.trail.add(
            "alert.fire",
            row.id,
            after={
                "severity": row.severity, "value": row.value, "threshold": row.threshold,
                "actions": [str(each) for each in row.actions],
            },
        )  # fmt: skip

    def _clear(self, row: AlertRow, why: str) -> None:
        """What it had put in force is lifted, but for paused keys."""
        before = self.row(row.id)
        if before is None or not before.fires:
            return
        kept = tuple(each for each in before.actions if each.kind == "pause")
        self._store.connection.execute(
            "UPDATE alerts SET state = 'cleared', changed_at = ?, value = ?, measured = ?, text = ?, actions = ?,"
            " outdone_by = NULL WHERE id = ?",
            (self._store.clock(), row.value, row.measured, row.text, _json(kept), row.id),
        )
        self._store.trail.add(
            "alert.clear",
            row.id,
            before={"state": before.state, "fired_at": before.since, "value": before.fired_value},
            after={"why": why, "still in force": [str(each) for each in kept]},
        )  # fmt: skip

    def _renew(self, row: AlertRow) -> None:
        """Whatever it does by now; but what an operator has lifted stays so."""
        values = {name: value for name, value in _columns(row).items() if name in (*_WHILE_IT_FIRES, "actions", "id")}
        changes = ", ".join(f"{name} = :{name}" for name in _WHILE_IT_FIRES)
        self._store.connection.execute(
            f"UPDATE alerts SET {changes}, actions = CASE WHEN lifted THEN actions ELSE :actions END"  # noqa: S608
            " WHERE id = :id AND state <> 'cleared'",
            values,
        )

    def hear(self, heard: Iterable[Heard]) -> None:
        """What sinks have taken; of a firing that another has followed, nothing is noted."""
        with self._store.change():
            for id, since, sink, fires in heard:
                row = self.row(id)
                if row is not None and row.since == since:
                    others = tuple(name for name in row.told if name != sink)
                    told = _json((*others, sink) if fires else others)
                    self._store.connection.execute("UPDATE alerts SET told = ? WHERE id = ?", (told, id))

    def acknowledge(self, id: str, note: str | None, *, resume: bool) -> AlertRow | None:
        """Somebody knows of it. `resume`: what it has put in force is lifted, paused keys too. None where there is no
        such alert, or nothing of it to be acknowledged or lifted."""
        with self._store.change():
            before = self.row(id)
            if before is None or not (before.fires or (resume and before.actions)):
                return None
            self._store.connection.execute(
                "UPDATE alerts SET state = ?, changed_at = ?, acknowledged_by = ?, note = coalesce(?, note),"
                " actions = ?, lifted = lifted OR ? WHERE id = ?",
                (
                    *("acknowledged" if before.fires else "cleared", self._store.clock(), self._store.actor.id, note),
                    *(_json(() if resume else before.actions), resume, id),
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


def _columns(row: AlertRow) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    return fields | {name: _json(fields[name]) for name in _AS_JSON}


def _row(values: tuple[Any, ...]) -> AlertRow:
    fields = dict(zip(_COLUMNS, values, strict=True))
    fields |= {name: msgspec.json.decode(fields[name]) for name in _AS_JSON}
    return msgspec.convert(fields | {"lifted": bool(fields["lifted"])}, AlertRow)


def _json(value: tuple[object, ...]) -> str:
    return msgspec.json.encode(value).decode()
