"""What `vault_options` say of a HashiCorp Vault or OpenBao server. Secrets among them are references."""

import os
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from gatewatch.keys.secret_shapes import shown
from gatewatch.vault.interface import VaultError

_KEYS = ("address", "path", "mount", "namespace", "token", "role_id", "secret_id", "role_mount", "ca")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """No field is a secret: `token` and `secret_id` say where one is."""

    address: str
    """Without a slash at its end."""
    path: str
    mount: str = "secret"
    namespace: str = ""
    token: str = ""
    role_id: str = ""
    secret_id: str = ""
    role_mount: str = "approle"
    ca: str = ""

    def tls(self) -> ssl.SSLContext:
        """Verifies, whatever the options say. Raises VaultError where the file of certificates cannot be read."""
        try:
            return ssl.create_default_context(cafile=str(Path(self.ca).expanduser()) if self.ca else None)
        except (OSError, ssl.SSLError) as error:
            raise VaultError(f"vault_options.ca: {self.ca} holds no certificates that can be read: {error}") from None


def read_options(given: Mapping[str, str]) -> Options:
    """Raises VaultError, which names every option, where one is missing, unknown or unfit. VAULT_ADDR,
    VAULT_NAMESPACE and VAULT_CACERT stand in for those that are left out, the reference env:VAULT_TOKEN for `token`."""
    if unknown := sorted(set(given) - set(_KEYS)):
        raise VaultError(f"vault_options: {shown(unknown[0])} is no option", f"there are {', '.join(_KEYS)}")
    said = {
        "address": os.environ.get("VAULT_ADDR", ""),
        "namespace": os.environ.get("VAULT_NAMESPACE", ""),
        "ca": os.environ.get("VAULT_CACERT", ""),
    } | dict(given)
    said["address"] = said["address"].rstrip("/")
    said["path"] = said.get("path", "").strip("/")
    if not said["address"] or not said["path"]:
        missing = "address" if not said["address"] else "path"
        raise VaultError(f"vault_options: {missing} is missing", "address: https://HOST:8200, path: gatewatch/HOME")
    if bool(said.get("role_id")) != bool(said.get("secret_id")):
        raise VaultError("vault_options: role_id and secret_id go together", "or give a token")
    if not said.get("role_id"):
        said.setdefault("token", "env:VAULT_TOKEN")
    _check_address(said["address"])
    return msgspec.convert(said, Options)


def _check_address(address: str) -> None:
    """Raises VaultError: a secret crosses no network in the clear, and an address holds no password."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.query:
        raise VaultError("vault_options: address is no plain URL", "https://HOST:8200, without user and password")
    if parts.scheme == "http" and not _is_loopback(host):
        raise VaultError(
            f"vault_options: {shown(address)} would send secrets in the clear", "https:// (http to loopback only)"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
