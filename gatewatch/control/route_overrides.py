"""What operators have put in force over routes and targets: canaries, drains, rollbacks.

Keeps true: every change, every step and every end is one transaction with its audit entry; a step or a stop is only
taken of what is still as it was when that was decided.
"""

from typing import Any, Literal

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.routing.rollout import share_text, taken
from gatewatch.timespan import duration_text, iso

Kind = Literal["canary", "drain", "rollback"]


class MadeOverride(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. Times µs since the epoch, UTC."""

    id: str
    """As rows of calls have it: `canary:chat`, `drain:openai/gpt-4o`, `rollback:chat`."""
    kind: Kind
    route: str | None = None
    """None: every route."""
    target: str | None = None
    """`provider/model`; of a drain also `provider`."""
    version: str | None = None
    """Of a rollback: the one in force."""
    instead_of: str | None = None
    """Of a rollback: the one that the configuration asked for when it was made."""
    share: int = 0
    """Of a canary, in hundredths of a percent."""
    teams: tuple[str, ...] = ()
    """Whose calls all go there, whatever the share."""
    steps: tuple[str, ...] = ()
    step: int = 0
    """How many of the steps were taken."""
    every: int | None = None
    """µs between two steps."""
    next_at: int | None = None
    """When the next step is due; None: there is none."""
    halted: str | None = None
    """Why a canary was stopped by itself; None: it goes on."""
    since: int = 0
    """From when on a canary is judged."""
    reason: str | None = None
    until: int | None = None
    """None: until it is lifted."""
    created_at: int = 0
    created_by: str = ""

    def drains(self, route: str, target: str) -> bool:
        """Whether calls of that route are kept from that target by it."""
        return self.kind == "drain" and self.route in (None, route) and covers(self.target or "", target)

    @property
    def subject(self) -> str:
        """What the audit trail calls it."""
        return (self.target if self.kind == "drain" else self.route) or ""


def id_of(kind: Kind, subject: str, route: str | None = None) -> str:
    """`route`: of a drain for that route alone. No name of a model holds the mark between them."""
    return f"{kind}:{subject}" + (f"|{route}" if route and kind == "drain" else "")


def covers(drained: str, target: str) -> bool:
    """Whether a drain of `drained` is about that target."""
    return drained in (target, target.partition("/")[0])


_COLUMNS = MadeOverride.__struct_fields__
_JSON = ("teams", "steps")


class RouteOverrides:
    """Works on a store's connection, in its thread and as its actor."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def standing(self) -> list[MadeOverride]:
        """Those that are in force now, the oldest first."""
        return self._rows("WHERE until IS NULL OR until > ? ORDER BY created_at, id", self._store.clock())

    def get(self, id: str) -> MadeOverride | None:
        """None where there is none, or its time is over."""
        return next((each for each in self.standing() if each.id == id), None)

    def put(self, made: MadeOverride) -> MadeOverride:
        """In force from now on, in place of what has its id. Raises ControlStoreError."""
        with self._store.change():
            before = self.get(made.id)
            now = self._store.clock()
            made = msgspec.structs.replace(made, created_at=now, created_by=self._store.actor.id)
            self._write(made)
            self._tell(f"route.{made.kind}", made, before, made)
        return made

    def lift(self, id: str) -> MadeOverride | None:
        """What was lifted; None where there was none."""
        with self._store.change():
            made = self.get(id)
            if made is not None:
                self._delete(made, f"route.{'undrain' if made.kind == 'drain' else f'{made.kind}_lift'}")
        return made

    def end_those_over(self) -> list[MadeOverride]:
        """Those whose time is over are gone."""
        over = self._rows("WHERE until <= ?", self._store.clock())
        if over:
            with self._store.change():
                for made in over:
                    self._delete(made, f"route.{made.kind}_end", why="its time was over")
        return over

    def take_step(self, made: MadeOverride) -> MadeOverride | None:
        """The canary with its next step taken; None where it is not as it was any more."""
        step = made.steps[made.step]
        share, teams = taken(made.share, made.teams, step)
        now = self._store.clock()
        is_last = made.step + 1 == len(made.steps)
        after = msgspec.structs.replace(
            made, share=share, teams=teams, step=made.step + 1, next_at=None if is_last else now + (made.every or 0)
        )
        return self._changed(made, after, "route.canary_step", step=step)

    def halt(self, made: MadeOverride, why: str) -> MadeOverride | None:
        """The canary, which gets no calls any more; None where it is not as it was any more."""
        after = msgspec.structs.replace(made, share=0, teams=(), next_at=None, halted=why)
        return self._changed(made, after, "route.canary_halt", why=why)

    def _changed(self, made: MadeOverride, after: MadeOverride, deed: str, **more: object) -> MadeOverride | None:
        with self._store.change():
            if self.get(made.id) != made:
                return None
            self._write(after)
            self._tell(deed, after, made, after, **more)
        return after

    def _delete(self, made: MadeOverride, deed: str, **more: object) -> None:
        self._store.connection.execute("DELETE FROM route_overrides WHERE id = ?", (made.id,))
        self._tell(deed, made, made, None, **more)

    def _tell(
        self, deed: str, made: MadeOverride, before: MadeOverride | None, after: MadeOverride | None, **more: object
    ) -> None:
        self._store.trail.add(
            deed,
            made.subject,
            before=None if before is None else view(before),
            after=None if after is None and not more else (view(after) if after else {}) | more,
        )

    def _write(self, made: MadeOverride) -> None:
        fields = msgspec.structs.asdict(made)
        fields |= {name: msgspec.json.encode(fields[name]).decode() for name in _JSON}
        self._store.connection.execute(
            f"INSERT OR REPLACE INTO route_overrides ({', '.join(_COLUMNS)})"  # noqa: S608 - words of ours
            f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
            fields,
        )

    def _rows(self, condition: str, *values: object) -> list[MadeOverride]:
        rows = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM route_overrides {condition}",  # noqa: S608 - words of ours
            values,
        )
        found = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        return [
            msgspec.convert(each | {name: msgspec.json.decode(each[name]) for name in _JSON}, MadeOverride)
            for each in found
        ]


def view(made: MadeOverride) -> dict[str, Any]:
    """As every face shows it, without what is not set: times in ISO 8601 UTC, shares as `5%`."""
    shown: dict[str, Any] = {
        "id": made.id,
        "kind": made.kind,
        "route": made.route,
        "target": made.target,
        "version": made.version,
        "instead_of": made.instead_of,
        "share": share_text(made.share) if made.kind == "canary" else None,
        "teams": list(made.teams) or None,
        "steps": list(made.steps[made.step :]) or None,
        "every": duration_text(made.every) if made.every else None,
        "next_at": None if made.next_at is None else iso(made.next_at),
        "halted": made.halted,
        "reason": made.reason,
        "until": None if made.until is None else iso(made.until),
        "created_at": iso(made.created_at),
        "created_by": made.created_by,
    }
    return {name: value for name, value in shown.items() if value is not None}
