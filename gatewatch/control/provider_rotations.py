"""Rotations of providers' keys as the control store has them: how far each has come, told in the audit trail.

Keeps true: one rotation of a secret at a time; a step is noted together with its audit entry; whoever asks to cancel
either comes before the switch or is refused; what is over stays so. No secret stands here.
"""

import uuid
from typing import Any, Literal

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.errors import GatewatchError, NotFound, UsageError
from gatewatch.keys.secret_shapes import shown

Step = Literal[
    "begun", "minted", "stored", "probed", "switching", "switched", "taken", "drained", "revoked", "finished"
]
"""What was finished last. `switching` alone says what is being done: from there on nothing is rolled back."""
State = Literal["running", "done", "rolled-back", "failed", "abandoned"]

BEFORE_THE_SWITCH: tuple[Step, ...] = ("begun", "minted", "stored", "probed")
OVER: tuple[State, ...] = ("done", "rolled-back", "abandoned")
LONGEST_DRAIN_US = 366 * 86_400 * 1_000_000
"""A time that nobody can write would keep every list of rotations from being shown."""


class RotationOver(GatewatchError):
    """Somebody has ended it meanwhile."""


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rotation was asked and has learnt. Times µs since the epoch, UTC."""

    mint: bool = False
    """The provider makes the new key; else the operator gave it."""
    keep_old: bool = False
    """The old key stays as it is, at the provider and in the vault."""
    drain_us: int = 0
    """How long calls that began with the old key may take to end."""
    steps: dict[str, int] = {}
    """Step → when it was finished, in their order."""
    version_old: int | None = None
    version_new: int | None = None
    set_at_old: int | None = None
    set_by_old: str | None = None
    asked_at: int | None = None
    """When the provider was asked to make the new key, while it is not known whether it did."""
    minted_id: str | None = None
    """What the provider calls the new key."""
    old_id: str | None = None
    """What the provider calls the old key."""
    epoch: int | None = None
    """Of the settings with which every worker has the new key."""
    drain_until: int | None = None
    calls_left: int | None = None
    """Calls in flight that began with the old key."""
    awaiting: str | None = None
    rolls_back: bool = False
    """It was decided that nothing comes of it; what is left is to clean up."""
    revoked: bool | None = None
    """Whether the provider has ended the old key; False: an operator must."""
    failure: str | None = None
    next_step: str | None = None


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """One rotation."""

    id: str
    provider: str
    key_id: str
    """Which of the provider's keys."""
    entry: str
    """The vault's name of its secret."""
    step: Step
    state: State
    started_at: int
    started_by: str
    changed_at: int
    cancel_by: str | None = None
    detail: Detail = Detail()

    @property
    def before_the_switch(self) -> bool:
        return self.step in BEFORE_THE_SWITCH

    @property
    def is_over(self) -> bool:
        return self.state in OVER


_COLUMNS = ", ".join(Rotation.__struct_fields__)


class ProviderRotations:
    """Works on a store's connection, in its thread and as its actor."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    @property
    def clock(self) -> int:
        """Now, as the store has it."""
        return self._store.clock()

    def begin(self, provider: str, key_id: str, entry: str, detail: Detail) -> Rotation:
        """A rotation that runs. Raises UsageError where one of this secret is not over yet, or drains for ever."""
        if not 0 <= detail.drain_us <= LONGEST_DRAIN_US:
            raise UsageError("calls cannot be waited for as long as that", "give from 0s to 366d, as in 10m")
        now = self._store.clock()
        with self._store.change():
            if (other := self.standing(entry)) is not None:
                raise UsageError(
                    f"a rotation of vault:{entry} is {other.state} since {other.step}",
                    f"`gatewatch providers rotate-key {other.provider} --resume` goes on with it, --abandon ends it",
                )
            version, set_at, set_by, _ = self._noted(entry)
            known = {"version_old": version, "set_at_old": set_at, "set_by_old": set_by}
            rotation = Rotation(
                id=f"rot_{uuid.uuid4().hex[:16]}",
                provider=provider,
                key_id=key_id,
                entry=entry,
                step="begun",
                state="running",
                started_at=now,
                started_by=self._store.actor.id,
                changed_at=now,
                detail=msgspec.structs.replace(detail, steps={"begun": now}, **known),
            )
            row = msgspec.structs.asdict(rotation) | {"detail": _json(rotation.detail)}
            self._store.connection.execute(
                f"INSERT INTO provider_rotations ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in row)})",  # noqa: S608
                row,
            )
            self._tell(rotation)
        return rotation

    def get(self, id: str) -> Rotation:
        """Raises NotFound."""
        found = self._read("WHERE id = ?", id)
        if not found:
            raise NotFound(f"there is no rotation {shown(id)}", "`gatewatch providers rotations` lists them")
        return found[0]

    def standing(self, entry: str) -> Rotation | None:
        """The rotation of this secret that is not over."""
        found = self._read("WHERE entry = ? AND state IN ('running', 'failed')", entry)
        return found[0] if found else None

    def unfinished(self) -> list[Rotation]:
        """Those that run, and those that failed and wait for an operator; oldest first."""
        return self._read("WHERE state IN ('running', 'failed') ORDER BY started_at, id")

    def last(self, entry: str) -> Rotation | None:
        """The newest rotation of this secret."""
        found = self._read("WHERE entry = ? ORDER BY started_at DESC, id DESC LIMIT 1", entry)
        return found[0] if found else None

    def latest(self, limit: int = 100) -> list[Rotation]:
        """Newest first."""
        return self._read("ORDER BY started_at DESC, id DESC LIMIT ?", limit)

    def version(self, entry: str) -> int | None:
        """The secret's version, None where it was never noted."""
        return self._noted(entry)[0]

    def _noted(self, entry: str) -> tuple[int | None, int | None, str | None, str | None]:
        """Of the secret in the vault: version, when and by whom it was set, what the provider calls it."""
        row = self._store.connection.execute(
            "SELECT version, set_at, set_by, provider_id FROM provider_keys WHERE name = ?", (entry,)
        ).fetchone()
        return row or (None, None, None, None)

    # how it goes on

    def note(self, rotation: Rotation, step: Step, state: State | None = None, **detail: Any) -> Rotation:
        """A step was finished, or the rotation has ended."""
        with self._store.change():
            changed = self._changed(rotation, step, state or rotation.state, detail)
            self._tell(changed)
        return changed

    def learn(self, rotation: Rotation, **detail: Any) -> Rotation:
        """The step goes on; what is known of it has changed."""
        if msgspec.structs.replace(rotation.detail, **detail) == rotation.detail:
            return rotation
        with self._store.change():
            return self._changed(rotation, rotation.step, rotation.state, detail)

    def claim_switch(self, rotation: Rotation) -> Rotation:
        """`switching`: the new secret takes its place now; the rotation as it was where somebody cancelled before.

        Raises UsageError where the old secret is not the one of the beginning any more.
        """
        with self._store.change():
            kept = self.get(rotation.id)
            if kept.cancel_by is not None:
                return kept
            version, _, _, provider_id = self._noted(kept.entry)
            if version != kept.detail.version_old:
                raise UsageError(f"vault:{kept.entry} was set by hand meanwhile", "begin again if that one is too old")
            changed = self._changed(rotation, "switching", "running", {"old_id": provider_id})
            self._tell(changed)
        return changed

    def note_switched(self, rotation: Rotation) -> Rotation:
        """The secret in the vault is the new one: one version more."""
        with self._store.change():
            self._store.connection.execute(
                "INSERT INTO provider_keys (name, version, set_at, set_by, provider_id) VALUES (?, 1, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET version = version + 1, set_at = excluded.set_at,"
                " set_by = excluded.set_by, provider_id = excluded.provider_id",
                (rotation.entry, self._store.clock(), rotation.started_by, rotation.detail.minted_id),
            )
            changed = self._changed(rotation, "switched", "running", {"version_new": self.version(rotation.entry)})
            self._tell(changed)
        return changed

    def note_first_seen(self, entry: str) -> None:
        """A secret that came into the vault past us is as old as this moment, unless more is known of it."""
        with self._store.change():
            if self.version(entry) is None and self.standing(entry) is None:
                self._store.connection.execute(
                    "INSERT INTO provider_keys (name, version, set_at, set_by) VALUES (?, 1, ?, ?)",
                    (entry, self._store.clock(), self._store.actor.id),
                )
                self._store.trail.add("provider_key.seen", entry, after={"version": 1})

    def cancel(self, id: str) -> Rotation:
        """Asks for it to be rolled back. Raises UsageError where the new key is in force, or it is over.

        One that failed in the middle of its switch is cancelled where the vault still has the old key.
        """
        with self._store.change():
            rotation = self._not_over(id)
            if not rotation.before_the_switch and (rotation.step, rotation.state) != ("switching", "failed"):
                which = "in its switch" if rotation.step == "switching" else "past its switch: the new key is in force"
                raise UsageError(
                    f"rotation {rotation.id} is {which}", "let it end, with --resume; --keep-old spares the old key"
                )
            self._store.connection.execute(
                "UPDATE provider_rotations SET cancel_by = ? WHERE id = ?", (self._store.actor.id, id)
            )
            self._store.trail.add("provider_key.rotation.cancel", rotation.entry, after={"rotation": id})
            return self.get(id)

    def reopen(self, id: str, *, keep_old: bool = False) -> Rotation:
        """Let one that failed run again from where it stands. Raises UsageError where it is over."""
        with self._store.change():
            rotation = self._not_over(id)
            if rotation.state == "running" and keep_old <= rotation.detail.keep_old:
                return rotation
            changes: dict[str, Any] = {"keep_old": keep_old or rotation.detail.keep_old, "next_step": None}
            if not rotation.detail.rolls_back:
                changes["failure"] = None
            changed = self._changed(rotation, rotation.step, "running", changes)
            self._tell(changed, resumed_by=self._store.actor.id)
        return changed

    def abandon(self, id: str, remains: str) -> Rotation:
        """Gives it up as it stands: nobody goes on with it, and nothing is undone. Raises UsageError where it is over.

        `remains`: what may be left of it, and where.
        """
        with self._store.change():
            rotation = self._not_over(id)
            detail = {"awaiting": None, "next_step": remains}
            changed = self._changed(rotation, rotation.step, "abandoned", detail)
            self._tell(changed, abandoned_by=self._store.actor.id)
        return changed

    def _not_over(self, id: str) -> Rotation:
        rotation = self.get(id)
        if rotation.is_over:
            raise UsageError(f"rotation {rotation.id} is over: {rotation.state}")
        return rotation

    def _changed(self, rotation: Rotation, step: Step, state: State, detail: dict[str, Any]) -> Rotation:
        """Inside a change."""
        kept = self.get(rotation.id)  # somebody may have asked to cancel meanwhile, or to keep the old key
        if kept.is_over:
            raise RotationOver(f"rotation {kept.id} is over: {kept.state}")
        now = self._store.clock()
        steps = kept.detail.steps if step == kept.step else kept.detail.steps | {step: now}
        learnt = msgspec.structs.replace(kept.detail, **detail, steps=steps)
        changed = msgspec.structs.replace(kept, step=step, state=state, changed_at=now, detail=learnt)
        self._store.connection.execute(
            "UPDATE provider_rotations SET step = ?, state = ?, changed_at = ?, detail = ? WHERE id = ?",
            (step, state, changed.changed_at, _json(learnt), changed.id),
        )
        return changed

    def _tell(self, rotation: Rotation, **further: object) -> None:
        """One audit entry, inside a change."""
        told = {
            "rotation": rotation.id,
            "provider": rotation.provider,
            "key": rotation.key_id,
            "step": rotation.step,
            "state": rotation.state,
            "version": rotation.detail.version_new,
        }
        told |= {
            name: value for name, value in msgspec.to_builtins(rotation.detail).items() if name != "steps"
        } | further
        result = "failed" if rotation.state == "failed" or rotation.detail.rolls_back else "ok"
        before = {"version": rotation.detail.version_old}
        self._store.trail.add("provider_key.rotate", rotation.entry, before=before, after=told, result=result)

    def _read(self, condition: str, *values: object) -> list[Rotation]:
        rows = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM provider_rotations {condition}",  # noqa: S608 - conditions of this file
            values,
        )
        return [_rotation(row) for row in rows]


def _rotation(row: tuple[Any, ...]) -> Rotation:
    fields = dict(zip(Rotation.__struct_fields__, row, strict=True))
    return msgspec.convert(fields | {"detail": msgspec.json.decode(fields["detail"])}, Rotation)


def _json(detail: Detail) -> str:
    return msgspec.json.encode(detail).decode()
