"""What is done about secrets of providers that workers saw in what callers send: an alarm, an audit entry, a rotation.

Keeps true: an alarm stands as long as the secret that leaked is the one in use, also after a restart; one audit entry
per secret and source in a day, and never more than SOURCES_A_DAY of a secret; no secret stands in any of it.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.config import Loaded
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.keys.leaks import DAY_US, ProviderLeak
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.rotating_by_itself import Begin, command, rotate
from proxy.settings import Provider
from proxy.worker.live import LiveState

SOURCES_A_DAY = 20
LOOK_SECONDS = 10.0
"""How often standing alarms are looked at, and what could not be written is tried again."""
VAULT = "vault:"
GATEWAY = Actor(id="gateway")

log = logging.getLogger("gatewatch.control")


class _Told(msgspec.Struct, frozen=True):
    """One finding as the audit trail has it."""

    version: str
    source: str
    at: int


class ProviderLeakWatch:
    """One gateway's. `take` and `run` belong to the event loop, the store to a thread."""

    def __init__(
        self,
        home: Home,
        alarms: Alarms,
        loaded: Callable[[], Loaded],
        in_force: Callable[[], dict[str, Provider]],
        begin: Begin,
    ) -> None:
        """`in_force`: the providers as the workers have them."""
        self._home = home
        self._alarms = alarms
        self._loaded = loaded
        self._in_force = in_force
        self._begin = begin
        self._waiting: list[ProviderLeak] = []
        self._news = asyncio.Event()
        self._told: dict[tuple[str, str], list[_Told]] | None = None
        """Provider and key → every finding; None: not read yet."""

    def take(self, state: LiveState) -> None:
        """What a worker has reported."""
        if state.provider_leaks:
            self._waiting += state.provider_leaks
            self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            leaks, self._waiting = self._waiting, []
            self._news.clear()
            try:
                texts = await asyncio.to_thread(self._settle, leaks)
            except (GatewatchError, sqlite3.Error, OSError) as error:
                log.error("a leaked provider key was not noted, and is tried again: %s", error)
                self._waiting = leaks + self._waiting
                await asyncio.sleep(1.0)
                continue
            for (provider, key), text in texts.items():
                self._alarms.set(f"provider_leak:{provider}/{key}", text)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()

    def _settle(self, leaks: Iterable[ProviderLeak]) -> dict[tuple[str, str], str | None]:
        """Write all of it; provider and key → text of its alarm, None where that is over."""
        if self._told == {} and not leaks:
            return {}
        with ControlStore.open(self._home.control, actor=GATEWAY) as store:
            if self._told is None:
                self._told = _told_before(store)
            for leak in leaks:
                self._note(store, leak, self._told)
            return {whose: self._alarm(store, *whose, told) for whose, told in self._told.items()}

    def _note(self, store: ControlStore, leak: ProviderLeak, every: dict[tuple[str, str], list[_Told]]) -> None:
        """May be done again after a failure in its middle."""
        now = time.time_ns() // 1000
        told = every.setdefault((leak.provider, leak.key_id), [])
        today = [each for each in told if each.version == leak.version and each.at > now - DAY_US]
        if len(today) >= SOURCES_A_DAY or leak.source in [each.source for each in today]:
            return
        store.audit(
            "provider_key.leak",
            f"{leak.provider}/{leak.key_id}",
            provider=leak.provider,
            key=leak.key_id,
            version=leak.version,
            source=leak.source,
            reaction=leak.reaction,
        )
        told.append(_Told(leak.version, leak.source, now))
        log.warning("the key %s of %s stood in %s (%s)", leak.key_id, leak.provider, leak.source, leak.reaction)

    def _alarm(self, store: ControlStore, provider: str, key: str, every: list[_Told]) -> str | None:
        """What stands against the secret in use; begins its rotation where the policy says so."""
        configured = self._loaded().config.providers.get(provider)
        running = self._in_force().get(provider)
        version = next((each.version for each in running.keys if each.id == key), None) if running else None
        told = [each for each in every if each.version == version]
        if not told or configured is None or key not in configured.references:
            return None
        reference = configured.references[key]
        named = f"The key {key} of {provider} stood in {told[-1].source}: its secret is none any more."
        by_hand = f"Replace it: {command(provider, key, reference)}"
        if configured.rotation is None or not configured.rotation.on_leak:
            return f"{named} {by_hand}"
        if not reference.startswith(VAULT):
            return f"{named} It is not rotated by itself: the vault does not keep it. {by_hand}"
        trouble = rotate(store, self._begin, provider, key, reference.removeprefix(VAULT), "its key has leaked")
        if trouble is None:
            return f"{named} It is being rotated: `gatewatch providers rotations` shows how far that is."
        return f"{named} It is not rotated by itself: {trouble}. {by_hand}"


def _told_before(store: ControlStore) -> dict[tuple[str, str], list[_Told]]:
    told: dict[tuple[str, str], list[_Told]] = {}
    rows = store.connection.execute("SELECT at, after FROM audit WHERE action = 'provider_key.leak' ORDER BY seq")
    for at, after in rows:
        fields = msgspec.json.decode(after)
        finding = _Told(fields["version"], fields["source"], at)
        told.setdefault((fields["provider"], fields["key"]), []).append(finding)
    return told
