"""When keys were last used: written every now and then, and not lost where the store cannot be."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gatewatch.control import schema
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from proxy.control import key_use
from proxy.control.key_use import KeyUse
from tests.kit.waiting import until


@pytest.fixture
def control(tmp_path: Path) -> Path:
    path = tmp_path / "control.db"
    with ControlStore.open(path, actor="root") as store:
        store.create_key("app", team="search", create_team=True, pepper=bytes(32))
    return path


def app(control: Path) -> KeyRecord:
    with ControlStore.open(control) as store:
        return store.key("app")


async def test_the_latest_use_that_anybody_told_of_is_noted(control: Path) -> None:
    use, kid = KeyUse(control), app(control).id
    use.hear({kid: 7, "unknown": 9})
    use.note(kid, 5)
    await use.write()
    assert app(control).last_used_at == 7


async def test_what_a_locked_store_did_not_take_is_written_later_by_itself(
    control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(key_use, "WRITE_SECONDS", 0.01)
    use, kid = KeyUse(control), app(control).id
    locker = sqlite3.connect(control, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    use.note(kid, 5)
    await use.write()
    going_on = asyncio.create_task(use.run())
    use.note(kid, 6)
    locker.execute("ROLLBACK")
    locker.close()
    await until(lambda: app(control).last_used_at, lambda at: at == 6)
    assert not going_on.done()
    going_on.cancel()


async def test_who_is_stopped_while_writing_loses_nothing(control: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use, kid = KeyUse(control), app(control).id
    locker = sqlite3.connect(control, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    use.note(kid, 5)
    writing = asyncio.create_task(use.write())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    locker.execute("ROLLBACK")
    locker.close()
    await use.write()
    assert app(control).last_used_at == 5
