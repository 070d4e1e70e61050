"""What every kind of vault says when it is looked at: for the doctor, who changes nothing and chooses nothing."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault import keyring_vault
from gatewatch.vault.environment_vault import EnvironmentVault
from gatewatch.vault.passphrase import Sources
from gatewatch.vault.read_only import ReadOnlyVault
from gatewatch.vault.systemd_vault import SystemdVault

CHOOSES_FOR_KEYRING = "PYTHON_KEYRING_BACKEND"


class Looked(NamedTuple):
    """One kind, and what came of looking at it."""

    kind: str
    works: bool
    told: str
    next_step: str = ""


def survey(home: Home, passphrase_fd: int | None = None) -> list[Looked]:
    """All of our kinds, in the order in which they are tried. A keyring may ask its human to unlock it: up to 3 s."""
    return [
        *(_looked(f"keyring:{name}", partial(_keyring, name)) for name in keyring_vault.candidates()),
        _looked("file", lambda: _file(home, passphrase_fd)),
        _looked("systemd", lambda: _given(SystemdVault("given"))),
        _looked("env", lambda: _given(EnvironmentVault("given"))),
    ]


def ignored() -> Iterator[str]:
    """What would make other programs keep their secrets elsewhere, and is never followed here."""
    if CHOOSES_FOR_KEYRING in os.environ:
        yield f"{CHOOSES_FOR_KEYRING} is set: it chooses nothing here"
    if _is_installed("keyrings.alt"):
        yield "keyrings.alt is installed: its plaintext and prompting keyrings are never used here"


def _looked(kind: str, look: Callable[[], str]) -> Looked:
    try:
        return Looked(kind, True, look())
    except GatewatchError as error:
        return Looked(kind, False, error.title, error.next_step)


def _keyring(name: str) -> str:
    keyring_vault.look(name, keyring_vault.load(name, keyring_vault.PROBE_SECONDS))
    return "it answers"


def _file(home: Home, passphrase_fd: int | None) -> str:
    sources = Sources(home.vault_key, passphrase_fd)
    found = sources.find(ask=False)
    if not home.vault.exists():
        return f"it would be opened with {found.source if found else f'a key file made at {home.vault_key}'}"
    if found is None:
        raise sources.missing(home.vault)
    return f"{home.vault}, with {found.source}"


def _given(vault: ReadOnlyVault) -> str:
    vault.check_complete()
    return f"{vault.whole()}, which is read-only"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
