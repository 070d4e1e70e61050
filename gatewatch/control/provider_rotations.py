"""Rotations of providers' keys as the control store has them: how far each has come, told in the audit trail.

Keeps true: one rotation of a secret at a time; a step is noted together with its audit entry; whoever asks to cancel
either comes before the switch or is refused. No secret stands here.
"""

import uuid
from typing import Any, Literal

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.secret_shapes import shown

Step = Literal[
    "begun", "minted", "stored", "probed", "switching", "switched", "taken", "drained", "revoked", "finished"
]
"""What was finished last. `switching` alone says what is being done: from there on nothing is rolled back."""
State = Literal["running", "done", "rolled-back", "failed"]

BEFORE_THE_SWITCH: tuple[Step, ...] = ("begun", "minted", "stored", "probed")


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
        """A rotation that runs. Raises UsageError where one of this secret is not over yet."""
        now = self._store.clock()
        with self._store.change():
            if (other := self.standing(entry)) is not None:
                raise UsageError(
                    f"a rotation of vault:{entry} is {other.state} since {other.step}",
                    f"`gatewatch providers rotate-key {other.provider} --resume` goes on with it",
                )
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
                detail=msgspec.structs.replace(detail, steps={"begun": now}, version_old=self.version(entry)),
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

    def running(self) -> list[Rotation]:
        """Those to go on with."""
        return self._read("WHERE state = 'running' ORDER BY started_at, id")

    def latest(self, limit: int = 100) -> list[Rotation]:
        """Newest first."""
        return self._read("ORDER BY started_at DESC, id DESC LIMIT ?", limit)

    def minted_id(self, entry: str, version: int | None) -> str | None:
        """What the provider calls this version of a secret, where a rotation had it made."""
        for rotation in self._read("WHERE entry = ? AND state = 'done' ORDER BY started_at DESC", entry):
            if rotation.detail.version_new == version:
                return rotation.detail.minted_id
        return None

    def version(self, entry: str) -> int | None:
        """The secret's version, None where it was never noted."""
        row = self._store.connection.execute("SELECT version FROM provider_keys WHERE name = ?", (entry,)).fetchone()
        return None if row is None else int(row[0])

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
        """`switching`, from where nothing is rolled back; the rotation as it was where somebody cancelled before."""
        with self._store.change():
            if self.get(rotation.id).cancel_by is not None:
                return self.get(rotation.id)
            changed = self._changed(rotation, "switching", "running", {})
            self._tell(changed)
        return changed

    def note_switched(self, rotation: Rotation) -> Rotation:
        """The secret in the vault is the new one: one version more."""
        with self._store.change():
            self._store.connection.execute(
                "INSERT INTO provider_keys (name, version, set_at, set_by) VALUES (?, 1, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET version = version + 1, set_at = excluded.set_at, set_by = excluded.set_by",
                (rotation.entry, self._store.clock(), rotation.started_by),
            )
            changed = self._changed(rotation, "switched", "running", {"version_new": self.version(rotation.entry)})
            self._tell(changed)
        return changed

    def cancel(self, id: str) -> Rotation:
        """Asks for it to be rolled back. Raises UsageError where the new key is in force, or it is over."""
        with self._store.change():
            rotation = self.get(id)
            if rotation.state in ("done", "rolled-back"):
                raise UsageError(f"rotation {rotation.id} is over: {rotation.state}")
            if not rotation.before_the_switch:
                raise UsageError(
                    f"rotation {rotation.id} is past its switch: the new key is in force",
                    "let it end, with --resume; --keep-old spares the old key",
                )
            self._store.connection.execute(
                "UPDATE provider_rotations SET cancel_by = ? WHERE id = ?", (self._store.actor.id, id)
            )
            self._store.trail.add("provider_key.rotation.cancel", rotation.entry, after={"rotation": id})
            return self.get(id)

    def reopen(self, id: str, *, keep_old: bool = False) -> Rotation:
        """Let one that failed run again from where it stands. Raises UsageError where it is over."""
        with self._store.change():
            rotation = self.get(id)
            if rotation.state in ("done", "rolled-back"):
                raise UsageError(f"rotation {rotation.id} is over: {rotation.state}")
            if rotation.state == "running" and keep_old <= rotation.detail.keep_old:
                return rotation
            changes: dict[str, Any] = {"keep_old": keep_old or rotation.detail.keep_old}
            changed = self._changed(rotation, rotation.step, "running", changes | {"failure": None, "next_step": None})
            self._tell(changed, resumed_by=self._store.actor.id)
        return changed

    def _changed(self, rotation: Rotation, step: Step, state: State, detail: dict[str, Any]) -> Rotation:
        """Inside a change."""
        kept = self.get(rotation.id)  # somebody may have asked to cancel meanwhile, or to keep the old key
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
