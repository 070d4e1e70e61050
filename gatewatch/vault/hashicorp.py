"""The vault in HashiCorp Vault or OpenBao: one secret of a KV version 2 engine for each entry, under one path.

vault: hashicorp
vault_options:
  address: https://vault.example.com:8200
  path: gatewatch/production        # of this home alone
  token: file:/run/secrets/token    # or role_id: … and secret_id: file:…
  mount: secret                     # namespace: …, ca: /path/of/certificates.pem
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gatewatch.vault.hashicorp_login import Login
from gatewatch.vault.hashicorp_options import read_options
from gatewatch.vault.interface import Description, VaultError

_FIELD = "value"
_DEEPEST = 8
"""Folders of folders that are looked into: ours are four deep at most."""


def open_vault(options: Mapping[str, str], reason: str) -> "HashicorpVault":
    """Raises VaultError where the options do not fit, the server does not answer, or does not let us in."""
    wanted = read_options(options)
    vault = HashicorpVault(Login(wanted), wanted.mount, wanted.path, reason)
    vault.names()
    return vault


class HashicorpVault:
    """Secrets are read anew each time: what is changed there is taken at the next reload."""

    def __init__(self, login: Login, mount: str, path: str, reason: str) -> None:
        self._login = login
        self._mount = quote(mount)
        self._path = quote(path)
        self._reason = reason

    def get(self, name: str) -> str | None:
        answer = self._login.ask("GET", self._place("data", name))
        if answer is None:
            return None
        secret = _inside(answer, "data", "data", _FIELD)
        if not isinstance(secret, str):
            raise VaultError(
                f"{self._where(name)} has no text in its field `{_FIELD}`",
                f"vault kv put -mount={self._mount} {self._path}/{name} {_FIELD}=-",
            )
        return secret

    def set(self, name: str, secret: str) -> None:
        self._login.ask("POST", self._place("data", name), {"data": {_FIELD: secret}})

    def delete(self, name: str) -> None:
        """With all its versions: an old version would still be the secret."""
        self._login.ask("DELETE", self._place("metadata", name))

    def names(self) -> list[str]:
        return sorted(self._names_in("", _DEEPEST))

    def describe(self) -> Description:
        return Description("hashicorp", f"{self._reason}; {self._login.address}, {self._mount}/{self._path}")

    def _names_in(self, folder: str, depth: int) -> list[str]:
        answer = self._login.ask("LIST", self._place("metadata", folder) + "/")
        keys = [] if answer is None else _inside(answer, "data", "keys")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise VaultError(f"{self._login.address} lists no names", "is it a KV engine of version 2?")
        found: list[str] = []
        for key in keys:
            if not key.endswith("/"):
                found.append(folder + key)
            elif depth and key != "/":
                found += self._names_in(folder + key, depth - 1)
        return found

    def _place(self, kind: str, name: str) -> str:
        return f"/v1/{self._mount}/{kind}/{self._path}/{quote(name)}".rstrip("/")

    def _where(self, name: str) -> str:
        return f"{self._login.address}: {self._mount}/{self._path}/{name}"


def _inside(answer: Any, *names: str) -> object:
    for name in names:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer
