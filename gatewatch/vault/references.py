"""Secret references, as the configuration holds them: `vault:NAME`, `env:NAME`, `file:PATH` or `none`.

A secret itself never stands in the configuration; no error repeats what stands in place of a reference: it may be one.
"""

import os
import re
import stat
from pathlib import Path

from gatewatch.errors import GatewatchError
from gatewatch.keys.secret_shapes import looks_like_secret, shown
from gatewatch.vault.interface import Vault

LARGEST_FILE = 64 * 1024

_VAULT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class SecretError(GatewatchError):
    """A reference does not lead to a secret."""


def resolve(reference: str, vault: Vault | None) -> str | None:
    """The secret that is meant; None for `none`. Whitespace around it is dropped.

    Raises SecretError where the reference is none, leads nowhere, to an empty value or to a file that everybody may
    read; VaultError where the vault fails.
    """
    if reference == "none":
        return None
    kind, _, name = reference.partition(":")
    match kind:
        case "vault":
            secret = _from_vault(name, vault)
        case "env":
            secret = _from_environment(name)
        case "file":
            secret = _from_file(name)
        case _:
            raise SecretError(
                "a key must be a reference, and this is none (it is not shown: it may be the key itself)",
                "keep the key with `gatewatch providers set-key NAME` and write vault:NAME;"
                " or write env:NAME, file:PATH or none",
            )
    secret = secret.strip()
    if not secret:
        raise SecretError(f"{kind}:{shown(name)} is empty")
    return secret


def checked_vault_name(name: str) -> str:
    """`name`, where it may name a provider key in the vault. Raises SecretError; our own entries have a slash."""
    if _VAULT_NAME.fullmatch(name) is None or looks_like_secret(name):
        raise SecretError(f"{shown(name)} cannot name a key in the vault", "1 to 64 letters, digits and . _ - @ +")
    return name


def _from_vault(name: str, vault: Vault | None) -> str:
    checked_vault_name(name)
    secret = None if vault is None else vault.get(name)
    if secret is None:
        where = "there is no vault" if vault is None else f"the vault has no key named {shown(name)}"
        raise SecretError(where, "put it there with `gatewatch providers set-key NAME`")
    return secret


def _from_environment(name: str) -> str:
    if _VARIABLE.fullmatch(name) is None:
        raise SecretError(
            f"{shown(name)} cannot name an environment variable", "write env:NAME, as in env:OPENAI_API_KEY"
        )
    if (value := os.environ.get(name)) is None:
        raise SecretError(f"the environment variable {shown(name)} is not set", "set it where the gateway is started")
    return value


def _from_file(name: str) -> str:
    path = Path(name).expanduser()
    try:
        with open(
            path, "rb", opener=lambda target, flags: os.open(target, flags | os.O_NONBLOCK | os.O_CLOEXEC)
        ) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SecretError(f"file:{shown(name)} is not a regular file")
            if status.st_mode & 0o007:
                raise SecretError(
                    f"file:{shown(name)} is open to everybody (mode {stat.S_IMODE(status.st_mode):04o})",
                    "run `chmod 600` on it; who could read it may have the key",
                )
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SecretError(f"file:{shown(name)} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_FILE:
        raise SecretError(f"file:{shown(name)} is too large for a key")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise SecretError(f"file:{shown(name)} is not UTF-8 text") from None
