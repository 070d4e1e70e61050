"""Targets that come last because they do not keep to their route's level, as the control store has them.

Keeps true: each shift and each return has one audit entry; both outlive a restart, and when a target last changed its
place stays known, so that what was measured before says nothing of it.
"""

from typing import Any

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.routing.service_level import Misses, Standing


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One target of one route. Times µs since the epoch, UTC."""

    route: str
    target: str
    """`provider/model`."""
    misses: Misses = ()
    """Why it comes last; empty: it has come back."""
    text: str = ""
    """What was measured when it was put there, for people."""
    since: int
    forgiven_at: int = 0
    """Failures before that do not count any more: an operator said so. 0: all do."""
    relapses: int = 0
    """How often in a row it came last again shortly after it had come back."""

    @property
    def standing(self) -> Standing:
        return Standing(misses=self.misses, since=self.since, relapses=self.relapses)


_COLUMNS = Shift.__struct_fields__


class Shifts:
    """Works on a store's connection, in its thread and as its actor."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def rows(self) -> list[Shift]:
        """What comes last, and what has come back of late."""
        found = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM shifts ORDER BY route, target"  # noqa: S608
        )
        return [_row(row) for row in found]

    def shift(self, route: str, target: str, misses: Misses, text: str) -> None:
        """It comes last from now on; or still does, by now for other reasons, which is no news."""
        with self._store.change():
            before, now = self._of(route, target), self._store.clock()
            news = before is None or not before.misses
            row = before or Shift(route=route, target=target, since=0)
            if news:
                row = msgspec.structs.replace(row, since=now, relapses=row.standing.relapses_by(now))
            self._put(msgspec.structs.replace(row, misses=misses, text=text))
            if news:
                self._store.trail.add("target.shift", f"{route}|{target}", after={"misses": list(misses), "why": text})

    def take_back(self, route: str, target: str, why: str, *, forgive: bool = False) -> bool:
        """It is in its place again; False where it was. `forgive`: its failures and relapses do not count any more."""
        with self._store.change():
            before = self._of(route, target)
            if before is None or not before.misses:
                return False
            now = self._store.clock()
            forgiven, relapses = (now, 0) if forgive else (before.forgiven_at, before.relapses)
            row = Shift(route=route, target=target, text=why, since=now, forgiven_at=forgiven, relapses=relapses)
            self._put(row)
            self._store.trail.add(
                "target.return",
                f"{route}|{target}",
                before={"misses": list(before.misses), "shifted_at": before.since, "why": before.text},
                after={"why": why},
            )
        return True

    def forget(self, before: int) -> None:
        """What came back before that time and was left in its place since."""
        with self._store.change():
            self._store.connection.execute("DELETE FROM shifts WHERE misses = '[]' AND since < ?", (before,))

    def _of(self, route: str, target: str) -> Shift | None:
        found = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM shifts WHERE route = ? AND target = ?",  # noqa: S608
            (route, target),
        ).fetchone()
        return None if found is None else _row(found)

    def _put(self, shift: Shift) -> None:
        values = msgspec.structs.asdict(shift) | {"misses": msgspec.json.encode(shift.misses).decode()}
        self._store.connection.execute(
            f"INSERT OR REPLACE INTO shifts ({', '.join(_COLUMNS)})"  # noqa: S608
            f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
            values,
        )


def _row(values: tuple[Any, ...]) -> Shift:
    fields = dict(zip(_COLUMNS, values, strict=True))
    return msgspec.convert(fields | {"misses": msgspec.json.decode(fields["misses"])}, Shift)
