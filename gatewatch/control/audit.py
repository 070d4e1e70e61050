"""The audit trail: what was done or refused, in the order it happened. It only grows; the schema refuses changes to it.

An entry joins the transaction of what it tells of, so neither exists without the other. No secret enters it. Every
entry is chained to the one before it as it is written; `gatewatch/audit` has the proofs.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gatewatch.audit.chain import chain
from gatewatch.audit.told import told, told_as_json
from gatewatch.authority.actor import Actor
from gatewatch.control.records import AuditEntry

_COLUMNS = ", ".join(AuditEntry.__struct_fields__)

_OF_ONE_TEAM = """(actor = :own
    OR target IN (SELECT id FROM virtual_keys WHERE team = :team AND NOT all_teams)
    OR (action LIKE 'team.%' AND target = :team)
    OR (action LIKE 'project.%' AND substr(target, 1, length(:team) + 1) = :team || '/')
    OR (action LIKE 'service.%' AND target IN (SELECT name FROM services WHERE team = :team))
    OR ((action LIKE 'budget.%' OR action LIKE 'limit.%') AND target IN
        (SELECT id FROM rules WHERE team = :team UNION SELECT rule_id FROM grants WHERE team = :team)))"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; what is None does not matter. Times are µs since the epoch, UTC."""

    since: int | None = None
    until: int | None = None
    """They are before it."""
    action: str | None = None
    """`key.revoke`, or the beginning of it and a star: `key.*`."""
    actor: str | None = None
    target: str | None = None
    result: str | None = None

    def condition(self, team: str | None, own: str) -> tuple[str, dict[str, object]]:
        """SQL and its parameters. `team`: only what concerns that team, or was done by `own`."""
        parts, values = ["1"], dict[str, object]()
        for name, test in (("since", "at >= :since"), ("until", "at < :until")):
            if (value := getattr(self, name)) is not None:
                parts.append(test)
                values[name] = value
        for name in ("action", "actor", "target", "result"):
            if (text := getattr(self, name)) is None:
                continue
            star = text.endswith("*")
            parts.append(f"substr({name}, 1, length(:{name})) = :{name}" if star else f"{name} = :{name}")
            values[name] = text.removesuffix("*")
        if team is not None:
            parts.append(_OF_ONE_TEAM)
            values |= {"team": team, "own": own}
        return " AND ".join(parts), values


EVERYTHING = Wanted()


class AuditTrail:
    """Writes as one actor, inside the transaction that is open on the connection."""

    def __init__(self, connection: sqlite3.Connection, actor: Actor, clock: Callable[[], int]) -> None:
        self._connection = connection
        self.actor = actor
        self._clock = clock

    def add(
        self,
        action: str,
        target: str,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        result: str = "ok",
    ) -> None:
        """Tells of one thing. What looks like a secret is left out of it, whoever put it there."""
        actor = self.actor
        cursor = self._connection.execute(
            "INSERT INTO audit (at, actor, action, target, before, after, result, role, source, request_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._clock(), told(actor.id, 200), told(action, 200), told(target)),
                *(told_as_json(before), told_as_json(after), told(result, 200), actor.role),
                *(None if text is None else told(text, 200) for text in (actor.source, actor.request_id)),
            ),
        )
        assert cursor.lastrowid is not None
        chain(self._connection, cursor.lastrowid)

    def entries(
        self, limit: int, wanted: Wanted = EVERYTHING, *, before: int | None = None, team: str | None = None
    ) -> list[AuditEntry]:
        """Newest first; `before` goes on behind that entry. `team`: what is its business, and the actor's own deeds."""
        condition, values = wanted.condition(team, self.actor.id)
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM audit WHERE (:before IS NULL OR seq < :before) AND {condition}"  # noqa: S608
            " ORDER BY seq DESC LIMIT :limit",
            values | {"before": before, "limit": limit},
        )
        return [_entry(dict(zip(AuditEntry.__struct_fields__, row, strict=True))) for row in rows]


def _entry(row: dict[str, Any]) -> AuditEntry:
    for side in ("before", "after"):
        row[side] = None if row[side] is None else _decoded(row[side])
    return AuditEntry(**row)


def _decoded(text: str) -> dict[str, object]:
    """An entry that somebody has damaged is shown for all that: `audit verify` names it."""
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, TypeError):
        return {"unreadable": str(text)}
