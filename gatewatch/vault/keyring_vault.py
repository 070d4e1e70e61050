"""The vault in the operating system's keyring.

Only the backends listed here are ever used, and each is addressed directly: `keyring`'s own choice would take a
plaintext file, a null backend that loses everything, or whatever PYTHON_KEYRING_BACKEND names. A backend counts only
after a canary was set, read back and deleted. A locked keyring waits for a human, so every call has a deadline.
"""

import importlib
import secrets
import sys
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Protocol, TypeVar, cast

import msgspec

from gatewatch.control.exclusive import exclusive
from gatewatch.redact import redact
from gatewatch.safe_text import safe
from gatewatch.vault.deadline import within
from gatewatch.vault.interface import Description, VaultError

ALLOWED = {
    "macOS": ("keyring.backends.macOS", "Keyring"),
    "Windows": ("keyring.backends.Windows", "WinVaultKeyring"),
    "SecretService": ("keyring.backends.SecretService", "Keyring"),
    "libsecret": ("keyring.backends.libsecret", "Keyring"),
    "KWallet": ("keyring.backends.kwallet", "DBusKeyring"),
}
"""Our name → module and class in `keyring`."""

PROBE_SECONDS = 3.0
"""For all that are tried when a vault is chosen."""
CALL_SECONDS = 30.0
"""For a keyring in use: long enough for a human to unlock it."""

UNLOCK = "unlock it: log in to the desktop, or `gnome-keyring-daemon --unlock` in this session, its password on stdin"

_INDEX = "gatewatch/names"

T = TypeVar("T")


class Backend(Protocol):
    """What is used of `keyring.backend.KeyringBackend`."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def candidates() -> tuple[str, ...]:
    """The names of the backends that this platform may have, the best first."""
    match sys.platform:
        case "darwin":
            return ("macOS",)
        case "win32":
            return ("Windows",)
        case _:
            return ("SecretService", "libsecret", "KWallet")


def load(name: str, seconds: float = CALL_SECONDS) -> Backend:
    """The backend of that name. Raises VaultError for a name that is not allowed or a backend that is not there."""
    if name not in ALLOWED:
        raise VaultError(f"{safe(name, 60)!r} is not a keyring that Gatewatch trusts", f"trusted: {', '.join(ALLOWED)}")
    module, class_name = ALLOWED[name]

    def start() -> Backend:
        backend_class = getattr(importlib.import_module(module), class_name)
        _ = backend_class.priority  # raises where the service is not there
        return cast(Backend, backend_class())

    return _call(name, start, seconds)


def probe(name: str, backend: Backend, service: str, seconds: float = PROBE_SECONDS) -> None:
    """Sets, reads and deletes a canary. Raises VaultError with what went wrong, also when nothing seemed to."""
    entry, canary = f"gatewatch/probe-{secrets.token_hex(4)}", secrets.token_hex(16)

    def there_and_back() -> None:
        backend.set_password(service, entry, canary)
        kept = backend.get_password(service, entry)
        if kept is not None:
            backend.delete_password(service, entry)
        if kept != canary:
            raise VaultError(f"{name} does not keep what it is given")
        if backend.get_password(service, entry) is not None:
            raise VaultError(f"{name} does not delete what it is told to")

    _call(name, there_and_back, seconds)


def look(name: str, backend: Backend, seconds: float = PROBE_SECONDS) -> None:
    """Asks for an entry that is not there. Raises VaultError where the keyring is locked or does not answer."""
    _call(name, lambda: backend.get_password("gatewatch", "gatewatch/nothing"), seconds)


class KeyringVault:
    """Entries of one home, under a service name of its own. A keyring lists nothing, so one entry holds the names."""

    def __init__(self, name: str, backend: Backend, service: str, lock: Path, reason: str) -> None:
        self._name = name
        self._backend = backend
        self._service = service
        self._lock = lock
        self._reason = reason

    def get(self, name: str) -> str | None:
        return self._run(lambda: self._backend.get_password(self._service, name))

    def set(self, name: str, secret: str) -> None:
        with exclusive(self._lock):
            self._run(lambda: self._backend.set_password(self._service, name, secret))
            self._write_index({*self.names(), name})

    def delete(self, name: str) -> None:
        with exclusive(self._lock):
            if self.get(name) is not None:
                self._run(lambda: self._backend.delete_password(self._service, name))
            self._write_index({*self.names()} - {name})

    def names(self) -> list[str]:
        index = self.get(_INDEX)
        if index is None:
            raise VaultError(
                f"the {self._name} keyring of this session holds nothing of this home",
                "is this the user and the session that the home was made in?",
            )
        return sorted(msgspec.json.decode(index, type=list[str]))

    def start(self) -> None:
        """Makes the (empty) list of names: without it a keyring is taken for the wrong one."""
        self._write_index(set())

    def describe(self) -> Description:
        return Description(f"keyring:{self._name}", self._reason)

    def _write_index(self, names: AbstractSet[str]) -> None:
        text = msgspec.json.encode(sorted(names)).decode()
        self._run(lambda: self._backend.set_password(self._service, _INDEX, text))

    def _run(self, work: Callable[[], T]) -> T:
        return _call(self._name, work, CALL_SECONDS)


def _call(name: str, work: Callable[[], T], seconds: float) -> T:
    """Backends raise errors of many libraries; all mean that this keyring cannot be used now."""
    try:
        return within(max(seconds, 0), work)
    except VaultError:
        raise
    except TimeoutError:
        raise VaultError(f"the {name} keyring did not answer in time: it may be waiting for you", UNLOCK) from None
    except Exception as error:  # noqa: BLE001 - see above
        raise VaultError(
            f"the {name} keyring cannot be used: {safe(redact(f'{type(error).__name__}: {error}'), 200)}",
            UNLOCK,
        ) from None
