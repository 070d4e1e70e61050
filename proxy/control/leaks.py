"""What is done about keys that workers saw where no key should be: alarms, audit entries, revocations.

Keeps true: one alarm per key, which ends a day after the last finding, or with the secret that was found; one audit
entry per key, mark and source in a day, and never more than SOURCES_A_DAY of a key and mark; both outlive a restart.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.control.key_networks import learn, networks_of
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError, NotFound
from gatewatch.keys.leaks import DAY_US, Leak, Mark
from proxy.control.alarms import Alarms
from proxy.worker.live import LiveState

SOURCES_A_DAY = 20
LOOK_SECONDS = 10.0
"""How often standing alarms are looked at, and what could not be written is tried again."""
GATEWAY = Actor(id="gateway")

_SEEN: dict[Mark, str] = {
    "browser": "came from a browser ({})",
    "new_network": "was used from {}, where it never was before",
    "in_prompt": "stood in {}",
}

log = logging.getLogger("gatewatch.control")


class _Told(msgspec.Struct, frozen=True):
    """One finding as the audit trail has it."""

    kid: str
    mark: Mark
    source: str
    at: int


class LeakWatch:
    """One gateway's. `take` and `run` belong to the event loop, the store to a thread."""

    def __init__(self, control: Path, alarms: Alarms) -> None:
        self._control = control
        self._alarms = alarms
        self._waiting: list[Leak] = []
        self._networks: list[tuple[str, str, int]] = []
        self._news = asyncio.Event()
        self._told: dict[str, list[_Told]] = {}
        """Key → findings of the last day."""
        self._read_up_to = 0
        """The last finding in the audit trail that is known here: operators write some, too (`keys.found`)."""

    def take(self, state: LiveState) -> None:
        """What a worker has reported."""
        if state.leaks or state.networks:
            self._waiting += state.leaks
            self._networks += state.networks
            self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            leaks, self._waiting = self._waiting, []
            networks, self._networks = self._networks, []
            self._news.clear()
            try:
                texts = await asyncio.to_thread(self._settle, leaks, networks)
            except (GatewatchError, sqlite3.Error, OSError) as error:
                log.error("what was found of leaked keys was not noted, and is tried again: %s", error)
                self._waiting, self._networks = leaks + self._waiting, networks + self._networks
                await asyncio.sleep(1.0)
                continue
            for key_id, text in texts.items():
                self._alarms.set(f"leak:{key_id}", text)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()

    def _settle(self, leaks: Iterable[Leak], networks: Iterable[tuple[str, str, int]]) -> dict[str, str | None]:
        """Write all of it; key → text of its alarm, None where that is over."""
        with ControlStore.open(self._control, actor=GATEWAY) as store:
            self._read_trail(store)
            with store.change():
                for network in networks:
                    learn(store.connection, *network)
            for leak in leaks:
                self._note(store, leak)
            return {key_id: self._alarm(store, key_id) for key_id in list(self._told)}

    def _note(self, store: ControlStore, leak: Leak) -> None:
        """May be done again after a failure in its middle."""
        becomes_known = leak.mark == "new_network" and leak.reaction == "alert"
        if becomes_known and leak.source in networks_of(store.connection, leak.key_id):
            return  # another worker has told it
        if leak.reaction == "revoke":
            store.revoke_key(leak.key_id)
        now = time.time_ns() // 1000
        told = self._told.get(leak.key_id, [])
        today = [each for each in told if each.mark == leak.mark and each.at > now - DAY_US]
        is_news = all((each.kid, each.source) != (leak.kid, leak.source) for each in today)
        if is_news and len(today) < SOURCES_A_DAY:
            store.audit(
                "key.leak", leak.key_id, kid=leak.kid, mark=leak.mark, source=leak.source, reaction=leak.reaction
            )
            self._read_trail(store)
            log.warning("key %s %s (%s)", leak.key_id, _SEEN[leak.mark].format(leak.source), leak.reaction)
        if becomes_known:
            with store.change():
                learn(store.connection, leak.key_id, leak.source, now)

    def _read_trail(self, store: ControlStore) -> None:
        """What the audit trail has of findings since the last time, and of the last day."""
        rows = store.connection.execute(
            "SELECT seq, target, at, after FROM audit WHERE seq > ? AND action = 'key.leak' AND at > ? ORDER BY seq",
            (self._read_up_to, time.time_ns() // 1000 - DAY_US),
        )
        for self._read_up_to, key_id, at, after in rows:
            fields = msgspec.json.decode(after)
            self._told.setdefault(key_id, []).append(_Told(fields["kid"], fields["mark"], fields["source"], at))

    def _alarm(self, store: ControlStore, key_id: str) -> str | None:
        """What stands against the key's secrets of today; forgets what is a day old."""
        now = time.time_ns() // 1000
        told = self._told[key_id] = [each for each in self._told[key_id] if each.at > now - DAY_US]
        try:
            key = store.key(key_id)
        except NotFound:
            told = []
        if not told:
            del self._told[key_id]
            return None
        usable = {secret.kid for secret in store.secrets(key_id) if secret.is_valid(now)}
        if key.state(now) == "active":
            told = [each for each in told if each.kid in usable]
        elif key.revoked_by != GATEWAY.id:
            return None  # somebody has seen to it
        return _text(key, told) if told else None


def _text(key: KeyRecord, told: list[_Told]) -> str:
    latest = {each.mark: each.source for each in told}
    seen = " and ".join(_SEEN[mark].format(source) for mark, source in latest.items())
    named = f"The key {key.name!r} ({key.id}) of team {key.team}"
    if key.revoked_at is not None:
        return f"{named} {seen}: it was revoked. Make another: `gatewatch keys create`."
    if latest.keys() == {"new_network"}:
        return f"{named} {seen}. If that was nobody of yours: `gatewatch keys rotate {key.id} --grace 0s`."
    return (
        f"{named} {seen}: its secret is none any more. Replace it: `gatewatch keys rotate {key.id}`, and `--end-grace`"
        " once the new one is in use; `--grace 0s` cuts off whoever has it at once."
    )
