"""Rotations of providers' keys: begun, gone on with, cancelled, watched."""

from typing import Annotated

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.provider_rotations import ProviderRotations, Rotation
from gatewatch.hidden import hides
from gatewatch.rotation.rotator import Wish
from gatewatch.timespan import iso

_TIMES = ("started_at", "changed_at")
_LONGEST_US = 366 * 86_400 * 1_000_000
"""A time that nobody can write would keep every list of rotations from being shown."""


class OneProviderKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """A provider of the configuration."""
    key: str | None = None
    """Which of its keys; None: the only one."""


@hides("secret")
class RotateProviderKey(OneProviderKey, kw_only=True):
    secret: str | None = None
    """The new key; None: the provider makes it."""
    keep_old: bool = False
    """The old key stays as it is, at the provider and in the vault."""
    drain_us: Annotated[int, msgspec.Meta(ge=0, le=_LONGEST_US)] | None = None
    """How long calls that began with the old key may take to end; None: as the longest deadline of a call."""


class OneRotation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: str


class ResumeRotation(OneRotation, kw_only=True):
    keep_old: bool = False


class ListRotations(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str | None = None
    """Of one provider only."""
    limit: int = 100


@action("providers.rotation.outlook", Permission.PROVIDERS_VIEW, OneProviderKey, changes=False)
def outlook(acting: Acting, asked: OneProviderKey) -> dict[str, object]:
    """What a rotation would do, and the one of this key that is not over."""
    found = acting.rotator().outlook(acting.store, asked.name, asked.key)
    standing = ProviderRotations(acting.store).standing(found.entry)
    return found._asdict() | {
        "set_at": None if found.set_at is None else iso(found.set_at),
        "standing": None if standing is None else view(standing),
    }


@action("providers.rotate_key", Permission.PROVIDERS_ROTATE_KEY, RotateProviderKey, changes=True)
def rotate(acting: Acting, asked: RotateProviderKey) -> dict[str, object]:
    """The rotation: a running gateway goes on with it by itself; without one it is over with the answer."""
    wish = Wish(
        provider=asked.name, key=asked.key, secret=asked.secret, keep_old=asked.keep_old, drain_us=asked.drain_us
    )
    return view(acting.rotator().begin(acting.store, wish))


@action("providers.rotation.resume", Permission.PROVIDERS_ROTATE_KEY, ResumeRotation, changes=True)
def resume(acting: Acting, asked: ResumeRotation) -> dict[str, object]:
    return view(acting.rotator().resume(acting.store, asked.id, keep_old=asked.keep_old))


@action("providers.rotation.cancel", Permission.PROVIDERS_ROTATE_KEY, OneRotation, changes=True)
def cancel(acting: Acting, asked: OneRotation) -> dict[str, object]:
    return view(acting.rotator().cancel(acting.store, asked.id))


@action("providers.rotations", Permission.PROVIDERS_VIEW, ListRotations, changes=False)
def listed(acting: Acting, asked: ListRotations) -> list[dict[str, object]]:
    """Newest first."""
    rotations = ProviderRotations(acting.store).latest(max(1, min(asked.limit, 1000)))
    return [view(each) for each in rotations if asked.name in (None, each.provider)]


@action("providers.rotation", Permission.PROVIDERS_VIEW, OneRotation, changes=False)
def one(acting: Acting, asked: OneRotation) -> dict[str, object]:
    return view(ProviderRotations(acting.store).get(asked.id))


def view(rotation: Rotation) -> dict[str, object]:
    """A rotation as every face shows it: times in ISO 8601 UTC, missing is null, no secrets."""
    fields = msgspec.structs.asdict(rotation)
    detail = msgspec.structs.asdict(fields.pop("detail"))
    for name in _TIMES:
        fields[name] = iso(fields[name])
    detail["steps"] = {step: iso(at) for step, at in detail["steps"].items()}
    detail["drain_until"] = None if detail["drain_until"] is None else iso(detail["drain_until"])
    return fields | {name: value for name, value in detail.items() if name not in ("epoch", "rolls_back")}
