"""Keys of providers that must not be used for now, over all workers: what one has found out, every one is told.

Keeps true: one alarm per key, one audit entry per hold; what the store says is what holds, so that an operator's lift
takes effect from any process, and holds outlive a restart; where the store cannot be written, workers and screens are
told all the same, and it is written later.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.config.models import Config
from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.safe_text import safe
from proxy.control.alarms import Alarms
from proxy.control.quarantine_words import alarm_text
from proxy.control.workers import Workers
from proxy.settings import Settings
from proxy.worker.live import LiveState

LOOK_SECONDS = 1.0
"""How often the store is looked at: whether an operator has lifted a hold."""
DAY_US = 86_400_000_000
GATEWAY = Actor(id="gateway")

Place = tuple[str, str, str]

log = logging.getLogger("gatewatch.control")


class Quarantine:
    """One gateway's. Belongs to the event loop; what is written is written in a thread."""

    def __init__(self, control: Path, store: ControlStore, alarms: Alarms, workers: Workers) -> None:
        self._control = control
        self._book = ProviderQuarantine(store)
        self._alarms = alarms
        self._workers = workers
        self._settings: Settings | None = None
        self._config: Callable[[], Config] = Config
        self._faults: list[KeyHold] = []
        self._lifted: list[KeyHold] = []
        self._holds: list[KeyHold] = []
        self._news = asyncio.Event()
        self._said: set[str] = set()
        """Alarms that stand."""

    def keys_held(self) -> dict[str, int]:
        """Provider → how many of its keys are not used for now, for one model or all."""
        return dict(Counter(provider for provider, _ in {hold.place[:2] for hold in self._holds}))

    def take(self, state: LiveState) -> None:
        """What a worker has reported."""
        if state.key_faults or state.keys_lifted:
            self._faults += state.key_faults
            self._lifted += state.keys_lifted
            self._news.set()

    def start(self, settings: Settings, config: Callable[[], Config]) -> None:
        """Take up what stood at the end of the last run, before workers are configured. Raises sqlite3.Error."""
        self._settings, self._config = settings, config
        self._tell(self._in_force(self._book.holds()))

    def configured(self, settings: Settings) -> None:
        """Other settings are in force: their keys may be others, or have other secrets."""
        self._settings = settings
        self._news.set()

    def look(self) -> None:
        """Somebody may have lifted a hold."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._news.clear()
            await self.settle()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()

    async def settle(self) -> None:
        """Write what is new, and tell everybody."""
        faults, self._faults = self._faults, []
        lifted, self._lifted = self._lifted, []
        try:
            holds = self._book.holds()
            if faults or lifted or len(self._in_force(holds)) < len(holds):
                holds = await asyncio.to_thread(self._write, faults, lifted)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            log.error("the quarantine of provider keys was not written, and is tried again: %s", error)
            self._faults, self._lifted = faults + self._faults, lifted + self._lifted
            holds = list(_merged(self._holds, faults, lifted).values())
        self._tell(self._in_force(holds))

    def _write(self, faults: list[KeyHold], lifted: list[KeyHold]) -> list[KeyHold]:
        with ControlStore.open(self._control, actor=GATEWAY) as store:
            book = ProviderQuarantine(store)
            before = {hold.place: hold for hold in book.holds()}
            known = [fault for fault in faults if self._is_configured(fault)]
            after = _merged(list(before.values()), known, lifted)
            for place, hold in before.items():
                if place not in after:
                    book.lift(hold, "a call tried it and was served")
                elif not self._is_configured(hold):
                    book.lift(hold, "the key was replaced or removed")
                elif _is_forgotten(hold):
                    book.lift(hold, "nobody has asked for the model any more")
            for place, hold in after.items():
                if self._is_configured(hold) and before.get(place) != hold:
                    book.put(hold)
            return book.holds()

    def _in_force(self, holds: list[KeyHold]) -> list[KeyHold]:
        return [hold for hold in holds if self._is_configured(hold) and not _is_forgotten(hold)]

    def _is_configured(self, hold: KeyHold) -> bool:
        """Whether the secret that it is about is in use."""
        provider = self._settings.providers.get(hold.provider) if self._settings else None
        keys = provider.keys if provider else ()
        return any((key.id, key.version) == (hold.key_id, hold.version) for key in keys)

    def _tell(self, holds: list[KeyHold]) -> None:
        assert self._settings
        if holds != self._holds:
            self._log_changes(holds)
            self._workers.quarantine(holds)
        self._holds = holds
        texts: dict[str, str] = {}
        for hold in holds:
            of_key = [each for each in holds if each.place[:2] == hold.place[:2]]
            reference = self._reference(hold)
            texts[f"provider_key:{hold.provider}:{hold.key_id}"] = alarm_text(of_key, holds, self._settings, reference)
        for ended in self._said - texts.keys():
            self._alarms.set(ended, None)
        for id, text in texts.items():
            self._alarms.set(id, text)
        self._said = set(texts)

    def _reference(self, hold: KeyHold) -> str:
        provider = self._config().providers.get(hold.provider)
        return provider.references.get(hold.key_id, "") if provider else ""

    def _log_changes(self, holds: list[KeyHold]) -> None:
        before, after = ({hold.place for hold in each} for each in (self._holds, holds))
        for hold in holds:
            if hold.place not in before:
                model = f" for {safe(hold.model, 60)}" if hold.model else ""
                log.warning("key %s of %s is in quarantine%s: %s", hold.key_id, hold.provider, model, hold.reason)
        for provider, key_id, _ in before - after:
            log.info("key %s of %s is in use again", key_id, provider)


def _is_forgotten(hold: KeyHold) -> bool:
    """A model that no call has tried again for a day after it was due: callers may make up names."""
    return bool(hold.model) and hold.until + DAY_US < now_us()


def _merged(holds: list[KeyHold], faults: list[KeyHold], lifted: list[KeyHold]) -> dict[Place, KeyHold]:
    """What holds now. Of two workers that say the same of one key, the one that knows of more failures counts, then
    the one with the shorter pause."""
    merged = {hold.place: hold for hold in holds}
    for fault in faults:
        known = merged.get(fault.place)
        if known is None or known.version != fault.version:
            merged[fault.place] = fault
        elif (fault.failures, -fault.until) > (known.failures, -known.until):
            merged[fault.place] = msgspec.structs.replace(fault, since=known.since)
    for lift in lifted:
        known = merged.get(lift.place)
        if known and known.version == lift.version and known.failures <= lift.failures:
            del merged[lift.place]
    return merged
