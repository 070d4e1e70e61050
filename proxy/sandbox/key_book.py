"""The keys that the sandbox has made through its admin endpoints, and whether they are still good.

A key of its own shape works as long as it stands here; any other key is none of its business and works as ever.
"""

import secrets
import time
from collections.abc import Iterator

import msgspec

from gatewatch.hidden import hides
from proxy.sandbox.stats import fingerprint

MARK = b"-sandbox0"
"""In every key that the sandbox makes: nobody else's has it."""
CONSOLE_MARK = b"-sandbox1"
"""In keys as somebody makes them in a vendor's console: known from their first use on."""

ADMIN_KEYS = ("sk-admin-", "sk-or-mgmt-", "sk-ant-admin")
"""What keys begin with that manage keys; they call no model."""

_HEADERS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")


@hides("secret")
class MadeKey(msgspec.Struct, kw_only=True):
    """One key. `secret` is shown once, when it is made."""

    id: str
    name: str
    secret: str
    place: str
    """The project or workspace that it belongs to."""
    owner: str = ""
    created: int
    active: bool = True
    calls: int = 0
    refused: int = 0
    """Calls with it while it was not active."""
    limit: float | int | None = None
    limit_reset: str | None = None
    include_byok_in_limit: bool = False
    expires: int | None = None
    """Told, not enforced."""


class KeyBook:
    """All of them, in the order in which they were made."""

    def __init__(self) -> None:
        self._by_secret: dict[str, MadeKey] = {}

    def make(self, *, prefix: str, id: str, name: str, place: str, owner: str = "") -> MadeKey:
        """A new key; `prefix` is what the vendor's keys begin with."""
        secret = f"{prefix}-{secrets.token_hex(8)}{MARK.decode()}{secrets.token_hex(16)}"
        key = MadeKey(id=id, name=name, secret=secret, place=place, owner=owner, created=int(time.time()))
        self._by_secret[secret] = key
        return key

    def keys(self, place: str) -> list[MadeKey]:
        return [key for key in self._by_secret.values() if key.place == place]

    def all(self) -> list[MadeKey]:
        return list(self._by_secret.values())

    def find(self, place: str, id: str) -> MadeKey | None:
        return next((key for key in self.keys(place) if key.id == id), None)

    def forget(self, key: MadeKey) -> None:
        """It is deleted: listed no more, and refused. The counts stay."""
        key.active, key.place = False, ""

    def admits(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a call with these headers may pass, as far as keys of ours are concerned. Counts it."""
        for name, value in headers:
            if name not in _HEADERS:
                continue
            secret = value.rpartition(b" ")[2].decode("latin-1")
            if secret.startswith(ADMIN_KEYS):
                return False
            if "-sandbox" not in secret:
                continue
            key = self._by_secret.get(secret)
            if key is None and CONSOLE_MARK in value:
                id = f"apikey_{secrets.token_hex(8)}"
                key = MadeKey(id=id, name="console", secret=secret, place="console", created=int(time.time()))
                self._by_secret[secret] = key
            if key is None:
                if MARK in value:
                    return False
                continue
            key.calls += key.active
            key.refused += not key.active
            return key.active
        return True

    def report(self) -> Iterator[dict[str, object]]:
        """What a tester is told: no secrets."""
        for key in self._by_secret.values():
            yield {
                "id": key.id,
                "name": key.name,
                "key": fingerprint(key.secret.encode()),
                "active": key.active,
                "calls": key.calls,
                "refused": key.refused,
            }


def redacted(secret: str, start: int, end: int) -> str:
    """As vendors show keys in lists: both ends."""
    return f"{secret[:start]}...{secret[-end:]}"
