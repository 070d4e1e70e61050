"""Chooses a home's vault once, and opens the same one ever after.

The choice and its reason stand in the control store. A chosen vault that does not work is an error that says how to
take another, never a quiet change to a second place where half of the secrets are missing. Unasked, only a keyring or
a file is taken: what is given from outside, or kept on another machine, is named by an operator.
"""

import os
import secrets
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gatewatch.control.exclusive import exclusive
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.vault import keyring_vault, passphrase
from gatewatch.vault.environment_vault import EnvironmentVault
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.keyring_vault import KeyringVault
from gatewatch.vault.kinds import check_kind
from gatewatch.vault.passphrase import Prompt, Sources
from gatewatch.vault.plugins import plugged_in
from gatewatch.vault.read_only import ReadOnlyVault
from gatewatch.vault.systemd_vault import SystemdVault

KIND_VARIABLE = "GATEWATCH_VAULT"
TAKE_ANOTHER = (
    "once it opens, `gatewatch providers vault --use file` moves its secrets to a file;"
    " if it never will, `--use file --abandon` starts with an empty one and revokes every virtual key"
)

BACKEND, _REASON, _SERVICE = "vault.backend", "vault.reason", "vault.service"


class Wish(NamedTuple):
    """What the operator says about the vault; most of it matters when it is chosen."""

    kind: str | None = None
    """One of `kinds`; else GATEWATCH_VAULT; else the keyring or the file, whichever works, the keyring first."""
    passphrase_fd: int | None = None
    prompt: Prompt | None = None
    """How to ask for a passphrase, where there is a terminal."""
    new_passphrase: bool = False
    """Ask for the passphrase of a new file vault, instead of making a key file."""
    options: Mapping[str, str] = MappingProxyType({})
    """`vault_options` of the configuration: where a vault on another machine is, and how to get in."""


NO_WISH = Wish()


class Choice(NamedTuple):
    """A vault that was chosen, and what has to be noted to find it again."""

    vault: Vault
    backend: str
    """What is noted: a kind, for a keyring followed by which."""
    reason: str
    service: str = ""
    """Under which name a keyring keeps this home's entries."""


def open_vault(home: Home, store: ControlStore, wish: Wish = NO_WISH) -> Vault:
    """The vault of this home, chosen now if none is yet.

    Raises VaultError where it cannot be opened, UsageError where `wish.kind` is not the kind it has.
    """
    kind = wished_kind(wish)
    if store.setting(BACKEND) is None:
        with exclusive(home.root):
            if store.setting(BACKEND) is None:
                choice = choose(home, wish, kind)
                note(store, choice)
                return choice.vault
    if kind is not None and kind != kind_of(store):
        raise UsageError(
            f"the vault of this home is of the kind {kind_of(store)}, not {kind}",
            "`gatewatch providers vault --use` moves it",
        )
    return open_chosen(home, store, wish)


def wished_kind(wish: Wish) -> str | None:
    """The kind that is asked for, by an option or by GATEWATCH_VAULT. Raises UsageError where there is no such kind."""
    kind = wish.kind or os.environ.get(KIND_VARIABLE) or None
    if kind is not None:
        check_kind(kind, KIND_VARIABLE if wish.kind is None else "--vault")
    return kind


def kind_of(store: ControlStore) -> str:
    """One of `kinds`; empty where none was chosen yet."""
    return (store.setting(BACKEND) or "").partition(":")[0]


def open_chosen(home: Home, store: ControlStore, wish: Wish) -> Vault:
    """The vault that was chosen before. Raises VaultError where it does not open."""
    backend, reason = store.setting(BACKEND) or "", store.setting(_REASON) or ""
    if not backend.startswith("keyring:"):
        return _of_kind(backend, home, wish, reason)
    try:
        name = backend.removeprefix("keyring:")
        vault = KeyringVault(name, keyring_vault.load(name), store.setting(_SERVICE) or "", home.vault_lock, reason)
        vault.names()
    except VaultError as error:
        raise VaultError(
            f"the vault of this home is {backend}: {error.title}",
            "\n".join(filter(None, (error.next_step, TAKE_ANOTHER))),
        ) from None
    return vault


def choose(home: Home, wish: Wish, kind: str | None) -> Choice:
    """A new vault of that kind, or of the first that works; not noted yet. Raises VaultError where none does."""
    reason = "asked for"
    if kind is None and home.vault.exists():
        kind, reason = "file", f"{home.vault.name} was there already"
    if kind is not None and kind != "keyring":
        return Choice(_of_kind(kind, home, wish, reason), kind, reason)
    failure = ""
    give_up = time.monotonic() + keyring_vault.PROBE_SECONDS
    for name in keyring_vault.candidates():
        service = f"gatewatch {secrets.token_hex(4)}"
        try:
            backend = keyring_vault.load(name, give_up - time.monotonic())
            keyring_vault.probe(name, backend, service, give_up - time.monotonic())
        except VaultError as error:
            failure = failure or error.title
            continue
        reason = reason if kind else "the operating system's keyring works"
        keyring = KeyringVault(name, backend, service, home.vault_lock, reason)
        keyring.start()
        return Choice(keyring, f"keyring:{name}", reason, service)
    if kind == "keyring":
        raise VaultError(
            f"no keyring of the operating system works: {failure}",
            f"{keyring_vault.UNLOCK}, or take `file` instead: `gatewatch doctor` tells what works here",
        )
    reason = f"no keyring of the operating system works ({failure})"
    return Choice(_file(home, wish, reason), "file", reason)


def note(store: ControlStore, choice: Choice) -> None:
    """From here on this is the vault of the store's home."""
    store.set_setting(_SERVICE, choice.service)
    store.set_setting(_REASON, choice.reason)
    store.set_setting(BACKEND, choice.backend)


def _of_kind(kind: str, home: Home, wish: Wish, reason: str) -> Vault:
    """A vault of any kind but a keyring. Raises VaultError where it does not work."""
    if kind == "file":
        return _file(home, wish, reason)
    given = {"systemd": SystemdVault, "env": EnvironmentVault}.get(kind)
    if given is None:
        return plugged_in(kind, wish.options, reason)
    vault: ReadOnlyVault = given(reason)
    vault.check_complete()
    return vault


def _file(home: Home, wish: Wish, reason: str) -> Vault:
    sources = Sources(home.vault_key, wish.passphrase_fd, wish.prompt)
    if home.vault.exists():
        if wish.new_passphrase:
            raise UsageError(f"{home.vault} has its passphrase already")
        found = sources.find()
        if found is None:
            raise sources.missing(home.vault)
    elif wish.new_passphrase:
        if wish.prompt is None:
            raise UsageError("a new passphrase is asked for on a terminal only", sources.ways())
        found = passphrase.choose(wish.prompt)
    else:
        found = sources.find(ask=False) or passphrase.generate(home.vault_key, home.vault_lock)
    return FileVault(home.vault, home.vault_lock, found, reason)
