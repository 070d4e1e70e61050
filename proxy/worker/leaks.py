"""Looks for keys where no key should be: in browsers, in networks that are not their own, in prompts.

Costs a call that is in order well under 3 µs, beside a search of its body's bytes. What is found is told to the control
process at once.

Node's own `fetch` sends `Sec-Fetch-Mode`, and so do the SDKs for Node: that header alone marks no browser.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping

from gatewatch.control.key_networks import network_of
from gatewatch.control.key_table import KeyTable, Known
from gatewatch.keys.leaks import Leak, Mark, Reaction, Reactions, secrets_in
from gatewatch.redact import redact
from gatewatch.safe_text import safe
from proxy.refusal import key_leaked
from proxy.settings import Settings
from proxy.worker.inbound import Inbound
from proxy.worker.provider_leaks import ProviderLeaks

REMEMBERED = 20_000
WAITING = 500
"""Findings in one report; more are dropped while no control process takes them."""
TOLD_AGAIN_SECONDS = 3600.0


class Leaks:
    """One worker's look-out."""

    def __init__(self, keys: KeyTable) -> None:
        self.news = asyncio.Event()
        """Set when there is something that should not wait for the next report."""
        self.of_providers = ProviderLeaks(self.news)
        """Looks for the secrets of providers."""
        self._keys = keys
        self._everybodys = Reactions()
        self._of_teams: Mapping[str, Reactions] = {}
        self._at_home: set[tuple[str, str]] = set()
        """Keys and the addresses from which they need no further look."""
        self._told: set[tuple[str, Mark, str]] = set()
        self._told_since = 0.0
        self._found: list[Leak] = []
        self._networks: dict[tuple[str, str], int] = {}

    def configure(self, settings: Settings) -> None:
        """Take what is to be done."""
        self._everybodys, self._of_teams = settings.leaks, settings.leaks_of_teams
        self._at_home.clear()
        self._told.clear()
        self.of_providers.configure(settings)

    def check_arrival(self, inbound: Inbound) -> None:
        """To be asked when the key is known. Raises Refusal."""
        known, headers, source = inbound.known, inbound.headers, inbound.call.source
        assert known
        browser = b"origin" in headers or b"sec-fetch-site" in headers or b"sec-fetch-dest" in headers
        if browser and self._is_refused(known, "browser", _page(headers)):
            raise key_leaked("browser")
        if source and (known.key.id, source) not in self._at_home and self._is_away(known, source):
            raise key_leaked("new_network")

    def check_prompt(self, inbound: Inbound, body: bytes) -> None:
        """To be asked when the body is there: whose keys stand in it? Raises Refusal."""
        assert inbound.known
        where = f"a prompt of key {inbound.known.key.id}"
        refused = self.of_providers.in_body(body, where, self._reactions(inbound.known).in_prompt)
        for secret in secrets_in(body):
            if isinstance(known := self._keys.lookup(secret), Known):
                refused |= self._is_refused(known, "in_prompt", where)  # each of them is told
        if refused:
            raise key_leaked("in_prompt")

    def check_stranger(self, inbound: Inbound) -> None:
        """To be asked about a request without a key of ours, which is refused."""
        self.of_providers.look_at_keys(inbound.headers, inbound.call.source, self._everybodys.in_prompt)

    def take_found(self) -> list[Leak]:
        """What was found since the last time this was asked."""
        found, self._found = self._found, []
        self.news.clear()
        return found

    def take_networks(self) -> list[tuple[str, str, int]]:
        """Key, network and time (µs) of first uses that are in order, since the last time this was asked."""
        networks, self._networks = self._networks, {}
        return [(key_id, network, at) for (key_id, network), at in networks.items()]

    def _is_away(self, known: Known, source: str) -> bool:
        """Whether the call is to be refused for where it comes from. Where the store cannot say, it is not."""
        key, network, reactions = known.key, network_of(source), self._reactions(known)
        if network is None:
            return False
        try:
            networks = self._keys.networks_of(key.id)
        except sqlite3.Error:
            return False
        if network not in networks:
            now = time.time_ns() // 1000
            learning = not networks or now < min(networks.values()) + reactions.learn_us
            # A person travels, and a list of networks says already what is in order.
            if learning or reactions.new_network == "off" or key.user is not None or key.networks is not None:
                if len(self._networks) < WAITING:
                    self._networks.setdefault((key.id, network), now)
            elif self._is_refused(known, "new_network", network):
                return True
        if len(self._at_home) >= REMEMBERED:
            self._at_home.clear()
        self._at_home.add((key.id, source))
        return False

    def _is_refused(self, known: Known, mark: Mark, source: str) -> bool:
        """What is to be done about a mark; tells of it, where that was not done within the hour."""
        reaction: Reaction = getattr(self._reactions(known), mark)
        if reaction == "off":
            return False
        now = time.monotonic()
        if now - self._told_since > TOLD_AGAIN_SECONDS or len(self._told) >= REMEMBERED:
            self._told.clear()
            self._told_since = now
        if (known.kid, mark, source) not in self._told and len(self._found) < WAITING:
            self._told.add((known.kid, mark, source))
            self._found.append(Leak(key_id=known.key.id, kid=known.kid, mark=mark, source=source, reaction=reaction))
            self.news.set()
        return reaction != "alert"

    def _reactions(self, known: Known) -> Reactions:
        return self._of_teams.get(known.key.team, self._everybodys)


def _page(headers: Mapping[bytes, bytes]) -> str:
    """The page that a browser sends a request for, as far as it says."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    return safe(redact(origin[:200]), 100) if origin else "a page that was not named"
