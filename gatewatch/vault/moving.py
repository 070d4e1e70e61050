"""Moves a home's secrets to another vault, or gives up a vault that does not open any more.

The new vault is noted only after everything was read back from it, so a move that fails leaves the old one in use.
"""

import time
from collections.abc import Collection

from gatewatch.audit.anchor import NAME as ANCHOR
from gatewatch.control.exclusive import exclusive, is_held
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.keys.secret_shapes import shown
from gatewatch.paths import Home
from gatewatch.vault.atomic_file import write_private
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.opening import BACKEND, Wish, choose, kind_of, note, open_chosen, open_vault
from gatewatch.vault.own_entries import DELIVERED, is_given
from gatewatch.vault.pepper import CHECK
from gatewatch.vault.read_only import ReadOnlyVault

ROTATING = ("gatewatch/next/", "gatewatch/old/")
"""Beginnings of the entries that a rotation of a provider's key works with."""


def move_vault(home: Home, store: ControlStore, wish: Wish, kind: str, names: Collection[str] = ()) -> Vault:
    """Every secret in a new vault of that kind, and none in the old one, as far as it can be written.

    `names`: entries that are moved though the old vault does not list them under this name. A read-only vault must
    have been given the same secrets before. Raises UsageError where it is of that kind already, NotAllowed while a
    gateway runs, VaultError where the old vault does not open or the new one does not work.
    """
    _check_stopped(home)
    if kind_of(store) == kind:
        raise UsageError(f"the vault of this home is {store.setting(BACKEND)} already")
    if not kind_of(store):
        return open_vault(home, store, wish._replace(kind=kind))
    old = open_chosen(home, store, wish)
    with exclusive(home.root):
        choice = choose(home, wish, kind)
        secrets = {name: secret for name in {*old.names(), *names} if (secret := old.get(name)) is not None}
        if isinstance(choice.vault, ReadOnlyVault):
            _compare(choice.vault, {name: secret for name, secret in secrets.items() if is_given(name)})
            _leave_behind(home, secrets)
        else:
            _fill(choice.vault, secrets)
        before = store.setting(BACKEND)
        note(store, choice)
        store.audit("vault.move", choice.backend, before={"backend": before}, backend=choice.backend)
        if not isinstance(old, ReadOnlyVault):
            for name in old.names():
                old.delete(name)
        if kind != "file":
            home.vault.unlink(missing_ok=True)
    return choice.vault


def _fill(vault: Vault, secrets: dict[str, str]) -> None:
    for name, secret in secrets.items():
        vault.set(name, secret)
        if vault.get(name) != secret:
            raise VaultError(f"{vault.describe().backend} does not keep what it is given")


def _compare(vault: ReadOnlyVault, secrets: dict[str, str]) -> None:
    """Raises VaultError with every place that holds nothing, or something else than the old vault."""
    missing = [vault.place(name) for name in sorted(secrets) if vault.get(name) is None]
    other = [vault.place(name) for name in sorted(secrets) if vault.get(name) not in (None, secrets[name].strip())]
    if missing or other:
        told = [f"{what} {', '.join(places)}" for what, places in (("lacks", missing), ("differs in", other)) if places]
        raise VaultError(
            f"{vault.whole()} does not hold what the vault of this home holds: it {' and '.join(told)}",
            f"write it out with `gatewatch providers vault --secrets-to DIR --vault {vault.kind}`, and give it that",
        )


def _leave_behind(home: Home, secrets: dict[str, str]) -> None:
    """What a read-only vault cannot hold: the audit trail's anchor goes beside it, where it is looked for then.

    Raises VaultError where a rotation needs what it has kept, or it has the only copy of a virtual key's secret.
    """
    if delivered := sorted(name.removeprefix(DELIVERED) for name in secrets if name.startswith(DELIVERED)):
        raise VaultError(
            f"the vault holds secrets of virtual keys ({', '.join(delivered[:5])}), and a read-only vault cannot",
            "rotate those keys with --secret-file first, or revoke them: the eight letters before the name are the id",
        )
    if unfinished := sorted(name.rpartition("/")[2] for name in secrets if name.startswith(ROTATING)):
        raise VaultError(
            f"the key of {shown(unfinished[0])} is being rotated, and a read-only vault cannot keep what that needs",
            "finish or cancel it first: `gatewatch providers rotations`",
        )
    if ANCHOR in secrets:
        write_private(home.audit_anchor, secrets[ANCHOR].encode())


def abandon_vault(home: Home, store: ControlStore, wish: Wish, kind: str) -> Vault:
    """A new, empty vault. What the old one held is lost to us: every virtual key is revoked, provider keys are unset.

    An old vault file is kept under another name. Raises NotAllowed while a gateway runs, VaultError where the new
    vault does not work.
    """
    _check_stopped(home)
    with exclusive(home.root):
        aside = home.vault.with_name(f"{home.vault.name}.abandoned-{time.time_ns() // 1_000_000_000}")
        if home.vault.exists():
            home.vault.rename(aside)
        try:
            choice = choose(home, wish, kind)
        except BaseException:
            if aside.exists():
                aside.rename(home.vault)
            raise
        revoked = [key.id for key in store.keys() if key.revoked_at is None]  # noqa: SIM118 - a store is no dict
        for key_id in revoked:
            store.revoke_key(key_id)
        store.set_setting(CHECK, "")
        old = store.setting(BACKEND)
        store.audit(
            "vault.abandon",
            str(old),
            before={"backend": old},
            backend=choice.vault.describe().backend,
            revoked_keys=len(revoked),
        )
        note(store, choice)
    return choice.vault


def _check_stopped(home: Home) -> None:
    if is_held(home.lock):
        raise NotAllowed("a gateway of this home is running and has its vault open", "stop it first")
