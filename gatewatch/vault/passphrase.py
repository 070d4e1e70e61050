"""Where the file vault's passphrase comes from.

In this order: a file descriptor, a systemd credential, a key file, a prompt. Never an argument or an environment
variable: those are seen by other processes and inherited. A key file that others may read is refused.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gatewatch.control.exclusive import exclusive
from gatewatch.vault.atomic_file import read_private, write_private
from gatewatch.vault.interface import VaultError

CREDENTIAL = "gatewatch-vault"
FD_VARIABLE = "GATEWATCH_PASSPHRASE_FD"
KEY_FILE_VARIABLE = "GATEWATCH_KEY_FILE"
SHORTEST_TYPED = 8
BESIDE = (
    "this key file lies beside the vault: it protects a copy of the vault without the key file,"
    " not from somebody who can read this folder"
)

Prompt = Callable[[str], str]
"""Asks on a terminal without echo; given only where there is one."""


class Passphrase:
    """A passphrase, where it came from and what that protects from; only the latter two are ever shown."""

    def __init__(self, secret: bytes, source: str, protects: str = "") -> None:
        self.secret = secret.rstrip(b"\r\n")
        self.source = source
        self.protects = protects
        if not self.secret:
            raise VaultError(f"the passphrase from {source} is empty")

    def __repr__(self) -> str:
        return f"<Passphrase from {self.source}>"


class Sources(NamedTuple):
    """Where to look for the passphrase of one vault."""

    key_file: Path
    """The place of the key file when GATEWATCH_KEY_FILE names no other."""
    fd: int | None = None
    """`--passphrase-fd`; else GATEWATCH_PASSPHRASE_FD."""
    prompt: Prompt | None = None

    def find(self, ask: bool = True) -> Passphrase | None:
        """The first that there is. Raises VaultError where one is named but cannot be used: no other is tried then."""
        if (fd := self._descriptor()) is not None:
            return Passphrase(_read_descriptor(fd), f"file descriptor {fd}")
        if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
            try:
                credential = (Path(folder) / CREDENTIAL).read_bytes()
            except FileNotFoundError:
                pass  # the unit has other credentials, not this one
            except OSError as error:
                raise VaultError(f"the systemd credential {CREDENTIAL} cannot be read: {error.strerror}") from error
            else:
                return Passphrase(credential, f"the systemd credential {CREDENTIAL}")
        if named := os.environ.get(KEY_FILE_VARIABLE):
            if (passphrase := _read_key_file(Path(named))) is None:
                raise VaultError(f"the key file {named} does not exist", f"{KEY_FILE_VARIABLE} names it")
            return passphrase
        if (passphrase := _read_key_file(self.key_file, BESIDE)) is not None:
            return passphrase
        if ask and self.prompt is not None:
            return Passphrase(self.prompt("Passphrase of the vault: ").encode(), "the prompt")
        return None

    def _descriptor(self) -> int | None:
        if self.fd is not None:
            return self.fd
        text = os.environ.get(FD_VARIABLE)
        if text is not None and not text.isdecimal():
            raise VaultError(f"{FD_VARIABLE} is not the number of a file descriptor")
        return None if text is None else int(text)

    def missing(self, vault: Path) -> VaultError:
        """The error of a vault that exists while nothing opens it."""
        return VaultError(f"{vault} is locked, and nothing gives its passphrase", self.ways())

    def ways(self) -> str:
        """All the ways to give a passphrase, for an operator to read."""
        return (
            "give its passphrase in one of these ways:"
            f"\n  - a systemd credential named {CREDENTIAL} (LoadCredentialEncrypted=)"
            f"\n  - a key file with mode 0400: {self.key_file}, or the one that {KEY_FILE_VARIABLE} names"
            f"\n  - --passphrase-fd N, or {FD_VARIABLE}=N"
            "\n  - the prompt, on a terminal"
        )


def choose(prompt: Prompt) -> Passphrase:
    """A new passphrase, typed twice."""
    first = prompt("New passphrase of the vault: ")
    if len(first) < SHORTEST_TYPED:
        raise VaultError(f"a passphrase has at least {SHORTEST_TYPED} characters")
    if prompt("The same again: ") != first:
        raise VaultError("the two passphrases differ")
    return Passphrase(first.encode(), "the prompt")


def generate(key_file: Path, lock: Path) -> Passphrase:
    """The key file, made (256 random bits, mode 0400) where no other process made it meanwhile."""
    with exclusive(lock):
        if not key_file.exists():
            write_private(key_file, secrets.token_urlsafe(32).encode() + b"\n", 0o400)
    made = _read_key_file(key_file, BESIDE)
    assert made is not None
    return made


def _read_key_file(key_file: Path, protects: str = "") -> Passphrase | None:
    try:
        return Passphrase(read_private(key_file, "400"), f"the key file {key_file}", protects)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultError(f"the key file {key_file} cannot be read: {error.strerror}") from error


_read: dict[int, bytes] = {}
"""A pipe can be read once; a process may open its vault again."""


def _read_descriptor(fd: int) -> bytes:
    if fd not in _read:
        try:
            with os.fdopen(fd, "rb") as file:
                _read[fd] = file.read(4096)
        except OSError as error:
            raise VaultError(f"file descriptor {fd} cannot be read: {error.strerror}") from error
    return _read[fd]
