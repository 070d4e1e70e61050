"""Writes out what a read-only vault has to be given: one private file for each systemd credential, or one file of
environment variables.

The only place where secrets leave a vault in plain text, because an operator said so: into a new folder of mode 0700,
never to a screen. Who has put them where they belong deletes the folder.
"""

from collections.abc import Mapping
from pathlib import Path

from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.keys.secret_shapes import shown
from gatewatch.paths import Home
from gatewatch.vault.atomic_file import write_private
from gatewatch.vault.environment_vault import variable
from gatewatch.vault.interface import VaultError
from gatewatch.vault.kinds import READ_ONLY
from gatewatch.vault.opening import Wish, kind_of, open_chosen
from gatewatch.vault.own_entries import NEEDED, is_given, new_secret
from gatewatch.vault.pepper import CHECK, NAME, lost
from gatewatch.vault.systemd_vault import credential

ENVIRONMENT_FILE = "gatewatch.env"


def secrets_to_give(home: Home, store: ControlStore, wish: Wish) -> dict[str, str]:
    """What this home's vault holds and keeps as it is, and new secrets for what no home can do without.

    Raises VaultError where the vault does not open, or has lost the pepper of virtual keys that exist: a new one
    would make every one of them worthless.
    """
    entries: dict[str, str] = {}
    if kind_of(store) not in ("", *READ_ONLY):
        vault = open_chosen(home, store, wish)
        entries = {name: secret for name in vault.names() if is_given(name) and (secret := vault.get(name)) is not None}
    if NAME not in entries and store.setting(CHECK):
        raise lost()
    return entries | {name: new_secret() for name in NEEDED if name not in entries}


def write_out(entries: Mapping[str, str], folder: Path, kind: str) -> list[Path]:
    """The files that were written. Raises UsageError where the folder exists and is not empty, VaultError else."""
    if kind not in READ_ONLY:
        raise UsageError(f"a vault of the kind {kind} is written by Gatewatch itself", f"one of {', '.join(READ_ONLY)}")
    contents = _variables(entries) if kind == "env" else {credential(name): text for name, text in entries.items()}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "name a folder that does not exist yet")
        folder.chmod(0o700)
        for name, text in contents.items():
            write_private(folder / name, text.encode())
    except OSError as error:
        raise VaultError(f"{folder} cannot be written: {error.strerror}") from None
    return [folder / name for name in contents]


def _variables(entries: Mapping[str, str]) -> dict[str, str]:
    lines: dict[str, str] = {}
    for name, secret in entries.items():
        if any(character in secret for character in "\r\n\0"):
            raise VaultError(
                f"{shown(name)} has several lines, which a variable file cannot hold",
                f"give {variable(name)} to the container in another way, or refer to it as file:PATH",
            )
        if (line := f"{variable(name)}={secret}\n") and lines.setdefault(variable(name), line) != line:
            raise VaultError(f"two entries of the vault would both be {variable(name)}", "rename one of them")
    return {ENVIRONMENT_FILE: "".join(lines.values())}
