"""The secrets of providers, found where they should not be: in a body, among the keys that a caller comes with.

Costs a body of 1 kB less than 2 µs, however many secrets there are: a long secret fills several eight-byte blocks of
whatever it stands in, so every few blocks one is looked up, and only where one is known the body is searched.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from proxy.settings import Provider

SHORTEST = 16
"""Characters; anything shorter may stand in a prompt by chance."""
LONG = 32
"""From so many characters on, secrets are searched all at once; shorter ones, which are rare, one by one."""
_BLOCK = 8


class Owner(NamedTuple):
    """Whose a secret is."""

    provider: str
    key_id: str
    version: str


class ProviderSecrets:
    """Those of the settings in force."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._owners: dict[bytes, list[Owner]] = {}
        self._bare: dict[bytes, list[Owner]] = {}
        for provider in providers.values():
            for key in provider.keys:
                owner = Owner(provider.name, key.id, key.version)
                for secret in _secret_parts(key.secret or "", provider.auth):
                    if len(secret) >= SHORTEST:
                        self._bare.setdefault(secret.encode(), []).append(owner)
                        self._owners.setdefault(json.dumps(secret)[1:-1].encode(), []).append(owner)
        self._short = [secret for secret in self._owners if len(secret) < LONG]
        long = [secret for secret in self._owners if len(secret) >= LONG]
        self._every = (min(map(len, long), default=LONG) - _BLOCK + 1) // _BLOCK
        self._blocks = frozenset(
            int.from_bytes(secret[end - _BLOCK : end], sys.byteorder)
            for secret in long
            for end in range(len(secret), len(secret) - self._every * _BLOCK, -1)  # many begin alike: `sk-proj-`
        )

    def in_body(self, body: bytes) -> list[Owner]:
        """Those whose secrets stand in it as they are, or as JSON writes them."""
        if self._may_hold_long(body) or (self._short and any(secret in body for secret in self._short)):
            return [owner for secret, owners in self._owners.items() if secret in body for owner in owners]
        return []

    def owners_of(self, presented: bytes) -> list[Owner]:
        """Those whose secret it is."""
        return self._bare.get(presented, [])

    def _may_hold_long(self, body: bytes) -> bool:
        if not self._blocks:
            return False
        blocks = memoryview(body)[: len(body) & -_BLOCK].cast("Q")
        return not self._blocks.isdisjoint(blocks[:: self._every])


def _secret_parts(secret: str, auth: str) -> Iterator[str]:
    """What of a credential nobody else may know: of AWS's the secret behind the id, of Google's a line of its key."""
    if auth == "sigv4":
        yield from secret.split(":", 2)[1:]
    elif auth == "google":
        lines = _private_key(secret).strip().splitlines()[1:-1]
        yield from lines[len(lines) // 2 :][:1]
    else:
        yield secret


def _private_key(service_account: str) -> str:
    try:
        said = msgspec.json.decode(service_account)
    except msgspec.DecodeError:
        return ""
    return str(said.get("private_key", "")) if isinstance(said, dict) else ""
