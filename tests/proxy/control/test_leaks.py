"""What becomes of keys that were seen where no key should be: an alarm, an entry, an end."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from gatewatch.control.key_networks import learn, networks_of
from gatewatch.control.records import AuditEntry
from gatewatch.control.store import ControlStore
from gatewatch.keys.leaks import Leak, Mark, Reaction
from proxy.control import leaks as watching
from proxy.control.alarms import Alarms
from proxy.control.leaks import SOURCES_A_DAY, LeakWatch
from proxy.worker.live import LiveState
from tests.kit.waiting import until

PEPPER = bytes(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


@pytest.fixture
def store(path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(path, actor="alice") as opened:
        opened.create_team("search")
        yield opened


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.02)


@asynccontextmanager
async def watch(path: Path, alarms: Alarms) -> AsyncIterator[LeakWatch]:
    watching = LeakWatch(path, alarms)
    task = asyncio.create_task(watching.run())
    try:
        yield watching
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def report(*leaks: Leak, networks: tuple[tuple[str, str, int], ...] = ()) -> LiveState:
    return LiveState(
        pid=1, config_version="c", in_flight=0, streams=0, connections=0, started=0, ended=0, refused=0, errors=0,
        journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=1.0, draining=False,
        leaks=list(leaks), networks=list(networks),
    )  # fmt: skip


def leak(
    key_id: str, mark: Mark = "browser", source: str = "https://shop.example", reaction: Reaction = "alert"
) -> Leak:
    return Leak(key_id=key_id, kid=key_id, mark=mark, source=source, reaction=reaction)


def texts(alarms: Alarms) -> dict[str, str]:
    return {alarm.id: alarm.text for alarm in alarms.standing()}


def entries(store: ControlStore) -> list[AuditEntry]:
    return [entry for entry in store.audit_entries() if entry.action == "key.leak"]


async def entered(store: ControlStore, count: int) -> list[AuditEntry]:
    found: list[AuditEntry] = await until(lambda: entries(store), lambda found: len(found) >= count)
    return found


async def test_an_alarm_names_the_key_the_mark_and_what_to_do(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    alarms = Alarms()
    async with watch(path, alarms) as watched:
        watched.take(report(leak(key.id), leak(key.id, "in_prompt", "a prompt of key abcd1234")))
        standing = await until(lambda: texts(alarms), bool)
    text = standing[f"leak:{key.id}"]
    assert ("'app'" in text, key.id in text, "search" in text) == (True, True, True)
    assert "a browser (https://shop.example)" in text
    assert "a prompt of key abcd1234" in text
    assert f"gatewatch keys rotate {key.id}" in text
    assert "--grace 0s" in text, "what cuts off whoever has it"
    (second, first) = entries(store)
    assert (first.actor, first.target) == ("gateway", key.id)
    assert first.after == {
        "kid": key.id, "mark": "browser", "source": "https://shop.example", "reaction": "alert",
    }  # fmt: skip
    assert second.after is not None
    assert second.after["mark"] == "in_prompt"
    assert store.key(key.id).revoked_at is None


async def test_it_is_told_once_a_day_also_after_a_restart(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    other, _ = store.create_key("other", team="search", pepper=PEPPER)
    for _ in range(2):
        alarms = Alarms()
        async with watch(path, alarms) as watched:
            watched.take(report(leak(key.id)))
            watched.take(report(leak(key.id)))
            await until(alarms.standing, bool)
    async with watch(path, Alarms()) as watched:
        watched.take(report(leak(key.id), leak(other.id)))
        await entered(store, 2)
    assert sorted(entry.target for entry in entries(store)) == sorted([key.id, other.id])


async def test_many_pages_do_not_flood_the_trail(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    other, _ = store.create_key("other", team="search", pepper=PEPPER)
    async with watch(path, Alarms()) as watched:
        watched.take(report(*(leak(key.id, source=f"https://{n}.example") for n in range(SOURCES_A_DAY * 3))))
        watched.take(report(leak(other.id)))
        await until(lambda: entries(store), lambda found: any(entry.target == other.id for entry in found))
    assert len(entries(store)) == SOURCES_A_DAY + 1


async def test_a_policy_of_revoking_ends_the_key_and_says_so(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    alarms = Alarms()
    async with watch(path, alarms) as watched:
        watched.take(report(leak(key.id, reaction="revoke")))
        standing = await until(lambda: texts(alarms), bool)
    revoked = store.key(key.id)
    assert revoked.revoked_at is not None
    assert revoked.revoked_by == "gateway"
    assert "was revoked" in standing[f"leak:{key.id}"]
    assert {entry.action for entry in store.audit_entries(2)} == {"key.leak", "key.revoke"}


@pytest.mark.parametrize("how", ["rotated", "revoked"])
async def test_an_alarm_ends_when_somebody_has_seen_to_the_key(store: ControlStore, path: Path, how: str) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    alarms = Alarms()
    async with watch(path, alarms) as watched:
        watched.take(report(leak(key.id)))
        await until(lambda: texts(alarms), bool)
        if how == "rotated":
            store.rotate_key(key.id, pepper=PEPPER, grace_us=0)
        else:
            store.revoke_key(key.id)
        await until(lambda: not texts(alarms), bool)


async def test_networks_that_are_learnt_are_kept_quietly(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    alarms = Alarms()
    async with watch(path, alarms) as watched:
        watched.take(report(networks=((key.id, "203.0.113.0/24", 5), ("gone0000", "203.0.113.0/24", 5))))
        await until(lambda: networks_of(store.connection, key.id), bool)
    assert networks_of(store.connection, key.id) == {"203.0.113.0/24": 5}
    assert (texts(alarms), entries(store)) == ({}, [])


async def test_of_several_workers_that_see_a_new_network_one_is_heard(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    learn(store.connection, key.id, "203.0.113.0/24", 5)
    alarms = Alarms()
    async with watch(path, alarms) as watched:
        for _ in range(4):
            watched.take(report(leak(key.id, "new_network", "198.51.100.0/24")))
        standing = await until(lambda: texts(alarms), bool)
        assert "If that was nobody of yours" in standing[f"leak:{key.id}"]
        await until(lambda: "198.51.100.0/24" in networks_of(store.connection, key.id), bool)
    assert len(entries(store)) == 1


async def test_a_network_that_is_refused_does_not_become_known(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    async with watch(path, Alarms()) as watched:
        watched.take(report(leak(key.id, "new_network", "198.51.100.0/24", "refuse")))
        await entered(store, 1)
    assert networks_of(store.connection, key.id) == {}


async def test_what_could_not_be_written_is_written_later(
    store: ControlStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    opened = ControlStore.open

    def impatient(*args: object, **options: object) -> ControlStore:
        store = opened(*args, **options)  # type: ignore[arg-type]
        store.connection.execute("PRAGMA busy_timeout = 1")
        return store

    monkeypatch.setattr(watching.ControlStore, "open", impatient)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    failures: list[str] = []
    monkeypatch.setattr(watching.log, "error", lambda text, error: failures.append(str(error)))
    async with watch(path, Alarms()) as watched:
        watched.take(report(leak(key.id, reaction="revoke")))
        await until(lambda: failures, bool)
        holder.execute("ROLLBACK")
        holder.close()
        await entered(store, 1)
    assert "locked" in failures[0]
    assert store.key(key.id).revoked_at is not None


async def test_what_an_operator_has_found_in_a_file_is_an_alarm_too(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    alarms = Alarms()
    async with watch(path, alarms) as watched:
        watched.take(report(leak(key.id)))
        await until(lambda: texts(alarms), bool)
        store.audit("key.leak", key.id, kid=key.id, mark="in_prompt", source="the file export.jsonl", reaction="alert")
        text = await until(lambda: texts(alarms)[f"leak:{key.id}"], lambda text: "export.jsonl" in text)
        assert "stood in the file export.jsonl" in text
        assert "came from a browser" in text
        watched.take(report(leak(key.id)))
        store.revoke_key(key.id)
        await until(lambda: texts(alarms), lambda standing: not standing)
    assert len(entries(store)) == 2
