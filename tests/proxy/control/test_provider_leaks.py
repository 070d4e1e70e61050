"""What becomes of a provider's secret that leaked: an alarm, an entry, a rotation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from gatewatch.config.loading import load
from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.records import AuditEntry
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import UsageError
from gatewatch.keys.leaks import ProviderLeak
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Wish
from proxy.control import provider_leaks as watching
from proxy.control.alarms import Alarms
from proxy.control.provider_leaks import SOURCES_A_DAY, ProviderLeakWatch
from proxy.settings import Provider, ProviderKey
from proxy.worker.live import LiveState
from tests.kit.waiting import until

FILE = """
providers:
  openai: {preset: openai, api_key: vault:openai, rotation: {on_leak: true}}
  many:
    preset: groq
    api_keys: [{name: a, key: vault:many-a}, {name: b, key: "env:B"}]
  environment: {preset: mistral, api_key: env:MISTRAL_API_KEY, rotation: {on_leak: true}}
"""


class Stage:
    """A gateway's control side, whose rotator notes what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").make()
        file = folder / "g.yaml"
        file.write_text(FILE)
        self.loaded = load(file, {})
        self.alarms = Alarms()
        self.asked: list[Wish] = []
        self.refuses: str | None = None
        self.versions = {"vault:openai": "v1", "a": "v1", "b": "v1", "env:MISTRAL_API_KEY": "v1"}
        self.keys = {"openai": ["vault:openai"], "many": ["a", "b"], "environment": ["env:MISTRAL_API_KEY"]}

    def in_force(self) -> dict[str, Provider]:
        def key(id: str) -> ProviderKey:
            return ProviderKey(id=id, secret="s", version=self.versions[id])

        return {
            name: Provider(name=name, ways=(), keys=tuple(map(key, ids)), price_provider=name)
            for name, ids in self.keys.items()
        }

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        if self.refuses:
            raise UsageError(self.refuses)
        self.asked.append(wish)
        return ProviderRotations(store).begin(wish.provider, wish.key or "", "openai", Detail())

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[ProviderLeakWatch]:
        watch = ProviderLeakWatch(self.home, self.alarms, lambda: self.loaded, self.in_force, self.begin)
        task = asyncio.create_task(watch.run())
        try:
            yield watch
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def texts(self) -> dict[str, str]:
        return {alarm.id: alarm.text for alarm in self.alarms.standing()}

    def entries(self) -> list[AuditEntry]:
        with ControlStore.open(self.home.control, actor="alice") as store:
            return [entry for entry in store.audit_entries(1000) if entry.action == "provider_key.leak"]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.02)
    return Stage(tmp_path)


def leak(provider: str, key: str, source: str = "a prompt of key abcd1234", version: str = "v1") -> ProviderLeak:
    return ProviderLeak(provider=provider, key_id=key, version=version, source=source, reaction="alert")


def report(*leaks: ProviderLeak) -> LiveState:
    return LiveState(
        pid=1, config_version="c", in_flight=0, streams=0, connections=0, started=0, ended=0, refused=0, errors=0,
        journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=1.0, draining=False,
        provider_leaks=list(leaks),
    )  # fmt: skip


async def test_an_alarm_names_the_key_where_it_was_and_the_command(stage: Stage) -> None:
    async with stage.watch() as watch:
        watch.take(report(leak("many", "a")))
        texts = await until(stage.texts, bool)
    assert texts == {
        "provider_leak:many/a": "The key a of many stood in a prompt of key abcd1234: its secret is none any more."
        " Replace it: gatewatch providers rotate-key many --key a"
    }
    (entry,) = stage.entries()
    assert (entry.actor, entry.target) == ("gateway", "many/a")
    assert entry.after == {
        "provider": "many", "key": "a", "version": "v1", "source": "a prompt of key abcd1234", "reaction": "alert",
    }  # fmt: skip
    assert stage.asked == [], "its policy does not say so"


async def test_where_the_policy_says_so_it_is_rotated_once(stage: Stage) -> None:
    async with stage.watch() as watch:
        watch.take(report(leak("openai", "vault:openai")))
        texts = await until(stage.texts, bool)
        watch.take(report(leak("openai", "vault:openai", "a prompt of key efgh5678")))
        await until(stage.entries, lambda found: len(found) == 2)
    assert "It is being rotated" in texts["provider_leak:openai/vault:openai"]
    assert stage.asked == [Wish(provider="openai", key="vault:openai")]


async def test_where_it_cannot_be_rotated_the_alarm_says_why_and_names_the_command(stage: Stage) -> None:
    stage.refuses = "openai has no admin API configured that makes keys"
    async with stage.watch() as watch:
        watch.take(report(leak("openai", "vault:openai"), leak("environment", "env:MISTRAL_API_KEY")))
        texts = await until(stage.texts, lambda texts: len(texts) == 2)
    assert texts["provider_leak:openai/vault:openai"].endswith(
        "It is not rotated by itself: openai has no admin API configured that makes keys."
        " Replace it: gatewatch providers rotate-key openai"
    )
    assert "the vault does not keep it" in texts["provider_leak:environment/env:MISTRAL_API_KEY"]


async def test_the_alarm_outlives_a_restart_and_ends_with_the_secret(stage: Stage) -> None:
    async with stage.watch() as watch:
        watch.take(report(leak("many", "a")))
        await until(stage.texts, bool)
    stage.alarms = Alarms()
    async with stage.watch() as watch:
        await until(stage.texts, bool)
        stage.versions["a"] = "v2"
        await until(stage.texts, lambda texts: not texts)
        watch.take(report(leak("many", "a", version="v2")))
        await until(stage.texts, bool)
        del stage.keys["many"]
        await until(stage.texts, lambda texts: not texts)


async def test_many_sources_do_not_flood_the_trail(stage: Stage) -> None:
    many = [leak("many", "a", f"a request from 192.0.2.{n}, as its key") for n in range(SOURCES_A_DAY * 3)]
    async with stage.watch() as watch:
        watch.take(report(*many, *many))
        watch.take(report(leak("many", "b")))
        await until(stage.entries, lambda found: any(entry.target == "many/b" for entry in found))
    assert len(stage.entries()) == SOURCES_A_DAY + 1
