"""The audit trail: what was done or refused, in the order it happened. It only grows; the schema refuses changes to it.

An entry joins the transaction of what it tells of, so neither exists without the other. No secret enters it.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.control.records import AuditEntry

_COLUMNS = ", ".join(AuditEntry.__struct_fields__)


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
        actor = self.actor
        self._connection.execute(
            "INSERT INTO audit (at, actor, action, target, before, after, result, role, source, request_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._clock(), actor.id, action, target, _json(before), _json(after), result),
                *(actor.role, actor.source, actor.request_id),
            ),
        )

    def entries(self, limit: int) -> list[AuditEntry]:
        """Newest first."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY seq DESC LIMIT ?", (limit,))  # noqa: S608
        return [_entry(dict(zip(AuditEntry.__struct_fields__, row, strict=True))) for row in rows]


def _json(side: Mapping[str, object] | None) -> str | None:
    return None if side is None else msgspec.json.encode(dict(side)).decode()


def _entry(row: dict[str, Any]) -> AuditEntry:
    for side in ("before", "after"):
        row[side] = None if row[side] is None else msgspec.json.decode(row[side])
    return AuditEntry(**row)
