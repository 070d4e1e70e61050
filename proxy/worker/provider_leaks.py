"""Looks for secrets of providers in what callers send: in bodies, and as the key that they come with.

What is found is told once an hour at most, with the key's name; the secret itself goes nowhere.
"""

import asyncio
import time
from collections.abc import Mapping

from gatewatch.keys.leaks import ProviderLeak, Reaction
from proxy.settings import Settings
from proxy.worker.provider_secrets import Owner, ProviderSecrets

WAITING = 100
"""Findings in one report; more are dropped while no control process takes them."""
REMEMBERED = 5000
TOLD_AGAIN_SECONDS = 3600.0
_KEY_HEADERS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")


class ProviderLeaks:
    """One worker's look-out; `news` is set when something was found."""

    def __init__(self, news: asyncio.Event) -> None:
        self._news = news
        self._secrets = ProviderSecrets({})
        self._told: set[tuple[Owner, str]] = set()
        self._told_since = 0.0
        self._found: list[ProviderLeak] = []

    def configure(self, settings: Settings) -> None:
        """Take the secrets to look for."""
        self._secrets = ProviderSecrets(settings.providers)
        self._told.clear()

    def in_body(self, body: bytes, where: str, reaction: Reaction) -> bool:
        """Whether one stands in it, and the call is to be refused for that; tells of it."""
        if reaction == "off" or not (owners := self._secrets.in_body(body)):
            return False
        self._tell(owners, where, reaction)
        return reaction != "alert"

    def look_at_keys(self, headers: Mapping[bytes, bytes], source: str | None, reaction: Reaction) -> None:
        """To be asked where a request has no key of ours: it is refused for that anyhow."""
        for name in _KEY_HEADERS:
            value = headers.get(name, b"")
            scheme, _, rest = value.partition(b" ")
            owners = self._secrets.owners_of(rest.strip() if scheme.lower() == b"bearer" else value)
            if owners and reaction != "off":
                self._tell(owners, f"a request from {source or 'nowhere'}, as its key", reaction)

    def take_found(self) -> list[ProviderLeak]:
        """What was found since the last time this was asked."""
        found, self._found = self._found, []
        return found

    def _tell(self, owners: list[Owner], where: str, reaction: Reaction) -> None:
        now = time.monotonic()
        if now - self._told_since > TOLD_AGAIN_SECONDS or len(self._told) >= REMEMBERED:
            self._told.clear()
            self._told_since = now
        for owner in owners:
            if (owner, where) not in self._told and len(self._found) < WAITING:
                self._told.add((owner, where))
                self._found.append(
                    ProviderLeak(
                        provider=owner.provider,
                        key_id=owner.key_id,
                        version=owner.version,
                        source=where,
                        reaction=reaction,
                    )
                )
                self._news.set()
