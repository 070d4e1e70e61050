"""Rotations of providers' keys: begun, gone on with, cancelled, watched."""

from typing import Annotated

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.provider_rotations import LONGEST_DRAIN_US, ProviderRotations, Rotation
from gatewatch.hidden import hides
from gatewatch.rotation.remains import remains
from gatewatch.rotation.rotator import Wish
from gatewatch.timespan import iso

_TIMES = ("started_at", "changed_at")


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
    drain_us: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_DRAIN_US)] | None = None
    """How long calls that began with the old key may take to end; None: as the longest deadline of a call."""


class OneRotation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: str


class ResumeRotation(OneRotation, kw_only=True):
    keep_old: bool = False


class ListRotations(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str | None = None
    """Of one provider only."""
    limit: int = 100
    unfinished: bool = False
    """Those only that run, or failed."""


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


@action("providers.rotation.abandon", Permission.PROVIDERS_ROTATE_KEY, OneRotation, changes=True)
def abandon(acting: Acting, asked: OneRotation) -> dict[str, object]:
    """Given up as it stands: nothing is undone. `next_step` says what may be left."""
    return view(acting.rotator().abandon(acting.store, asked.id))


@action("providers.rotations", Permission.PROVIDERS_VIEW, ListRotations, changes=False)
def listed(acting: Acting, asked: ListRotations) -> list[dict[str, object]]:
    """Newest first."""
    known = ProviderRotations(acting.store)
    rotations = known.unfinished()[::-1] if asked.unfinished else known.latest(max(1, min(asked.limit, 1000)))
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
    for name in ("drain_until", "set_at_old"):
        detail[name] = None if detail[name] is None else iso(detail[name])
    fields["remains"] = None if rotation.is_over else remains(rotation)
    return fields | {name: value for name, value in detail.items() if name not in ("epoch", "rolls_back", "asked_at")}
