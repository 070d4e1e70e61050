"""Rotates virtual keys: a new secret, the same key; and ends the grace of the old one."""

from typing import Any

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.delivery import Deliver, check_delivery, entry_of, forget_replaced, kept
from gatewatch.actions.keys.redelivery import answer_of, forget_delivered, is_awaited
from gatewatch.actions.keys.view import OneKey, secret_view, view
from gatewatch.actions.within_own import check_within_own
from gatewatch.authority.permissions import Permission
from gatewatch.control.exclusive import exclusive
from gatewatch.control.names import checked_name
from gatewatch.control.records import KeyRecord, SecretRecord
from gatewatch.control.virtual_keys import Rotated
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.keys import token
from gatewatch.vault.interface import Vault, VaultReadOnly

DEFAULT_GRACE_US = 10 * 60 * 1_000_000


class RotateKey(OneKey, kw_only=True):
    grace_us: int = DEFAULT_GRACE_US
    """How long the old secret is good for beside the new one."""
    rotation_id: str | None = None
    """Makes the rotation happen once, however often it is asked for."""
    deliver: Deliver = "answer"
    vault_name: str | None = None


class EndGrace(OneKey, kw_only=True):
    """A key whose replaced secrets are to end now."""


@action("keys.rotate", Permission.KEYS_ROTATE, RotateKey, changes=True)
def rotate(acting: Acting, asked: RotateKey) -> dict[str, Any]:
    """The key and its new secret, this once.

    Asked again with the same rotation id, it is the same secret for as long as it is awaited, and null afterwards;
    `repeated` says so.
    """
    record = acting.key(asked.key)
    check_within_own(acting, record)
    if asked.rotation_id is not None:
        checked_name("rotation", asked.rotation_id)
    check_delivery(acting, asked.deliver, asked.vault_name)
    place = None if asked.vault_name is None else entry_of(record.id, asked.vault_name)
    forget_delivered(acting.home, acting.store, acting.open_vault())
    with exclusive(acting.home.rotation_lock):
        rotated = _asked_again(acting, record, asked, place)
        if rotated is None:
            rotated = _rotated_now(acting, record, asked, place)
            forget_replaced(acting.open_vault(), record.id, place)
    now = acting.store.clock()
    secrets = [secret_view(secret, now) for secret in acting.store.secrets(record.id)]
    answer = view(rotated.key, now) | {
        "version": rotated.current.version,
        "secret": rotated.secret if asked.deliver == "answer" else None,
        "repeated": rotated.repeated,
        "old": [secret for secret in secrets if secret["state"] == "grace"],
    }
    return answer | ({"vault": place} if place is not None else {})


@action("keys.end_grace", Permission.KEYS_ROTATE, EndGrace, changes=True)
def end_grace(acting: Acting, asked: EndGrace) -> dict[str, Any]:
    """Ends every replaced secret now, with the calls that came with one; `ended`: their versions."""
    record = acting.key(asked.key)
    ended = acting.store.end_old_secrets(record.id)
    return view(record, acting.store.clock()) | {"ended": [secret.version for secret in ended]}


class _Done(Rotated, frozen=True):
    repeated: bool = False


def _rotated_now(acting: Acting, record: KeyRecord, asked: RotateKey, place: str | None) -> _Done:
    """Where the answer may get lost, its secret is sealed before it is good for anything."""
    if place is not None:
        return _rotated(acting, record, asked, place)
    if asked.rotation_id is not None:
        try:
            return _rotated(acting, record, asked, answer_of(record.id, asked.rotation_id))
        except VaultReadOnly:  # a lost answer cannot be had again then, but the rotation still happens once
            pass
    return _rotated(acting, record, asked, None)


def _rotated(acting: Acting, record: KeyRecord, asked: RotateKey, entry: str | None) -> _Done:
    state = record.state(acting.store.clock())
    if state != "active":
        raise NotAllowed(f"key {record.name!r} ({record.id}) is {state}", "make another one")
    pepper, secret = acting.pepper(), token.mint(record.kind, record.environment)
    with kept(acting, entry, secret):
        rotated = acting.store.rotate_key(
            record.id, pepper=pepper, grace_us=asked.grace_us, rotation_id=asked.rotation_id, secret=secret
        )
    return _Done(rotated.key, rotated.current, secret)


def _asked_again(acting: Acting, record: KeyRecord, asked: RotateKey, place: str | None) -> _Done | None:
    """The rotation, where it was made before. That its secret was told once more stands in the audit trail."""
    if asked.rotation_id is None or (known := acting.store.rotation(record.id, asked.rotation_id)) is None:
        return None
    vault, secret = acting.open_vault(), None
    if is_awaited(acting.store, known):
        secret = vault.get(answer_of(record.id, asked.rotation_id))
    if place is not None and not _is_in_vault(vault, place, known):
        if secret is None:
            raise UsageError(
                "this rotation was made before, and its secret is kept nowhere any more", "rotate with another id"
            )
        vault.set(place, secret)
    if secret is not None:
        acting.store.audit(
            "key.rotate", record.id, rotation_id=asked.rotation_id, told_again=True, version=known.version
        )
    return _Done(record, known, secret, True)


def _is_in_vault(vault: Vault, place: str, secret: SecretRecord) -> bool:
    """Whether the rotation has put its secret there."""
    kept_there = vault.get(place)
    return kept_there is not None and token.parse(kept_there) == secret.kid
