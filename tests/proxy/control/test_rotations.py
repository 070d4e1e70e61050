"""Rotations in threads of their own: begun, gone on with, let go, taken up again."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.loading import load
from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Wish
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.passphrase import Passphrase
from proxy.control.rotations import Rotations
from proxy.control.rotations_alone import RotationsAlone
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.waiting import until

FILE = """
providers:
  openai:
    dialect: openai-chat
    base_url: {0}/v1
    api_key: vault:openai
    allow_private: true
    admin: {{api: openai, key: vault:admin, base_url: {0}/v1, project: proj_a, service_account: svc_acct_b}}
"""


class Fleet:
    """Workers that take a new key when they are let."""

    def __init__(self, vault: FileVault) -> None:
        self._vault = vault
        self.takes = threading.Event()
        self.asked = threading.Event()

    def refresh(self) -> None:
        self.asked.set()

    def epoch_with(self, provider: str, secret: str) -> int | None:
        taken = self.takes.is_set() and provider in ("openai", "main") and self._vault.get("openai") == secret
        return 1 if taken else None

    def behind(self, epoch: int) -> list[int]:
        return []

    def in_flight_before(self, epoch: int) -> int:
        return 0

    def problem(self) -> str | None:
        return None


class Control:
    """What a control process has for its rotations."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.home = Home(folder / "home").make()
        self.file = folder / "g.yaml"
        self.configure(FILE.format(sandbox.url))
        self.vault = FileVault(self.home.vault, self.home.vault_lock, Passphrase(b"p" * 32, "a test"), "a test")
        self.vault.set("openai", "the-old-key")
        self.vault.set("admin", "sk-admin-of-a-test")
        self.fleet = Fleet(self.vault)
        self.alarms: dict[str, str | None] = {}
        self.rotations = self.new()

    def new(self) -> Rotations:
        return Rotations(
            self.home, lambda: self.loaded, lambda: self.vault, lambda: self.fleet, self.alarms.__setitem__
        )

    def configure(self, content: str) -> None:
        self.file.write_text(content)
        self.loaded = load(self.file, {})

    def ask(self, question: Any) -> Any:
        with ControlStore.open(self.home.control, actor="alice") as store:
            return question(store)

    async def begin(self, **wish: Any) -> Rotation:
        return await asyncio.to_thread(
            self.ask, lambda store: self.rotations.begin(store, Wish(provider="openai", **wish))
        )

    def get(self, id: str) -> Rotation:
        return self.ask(lambda store: ProviderRotations(store).get(id))  # type: ignore[no-any-return]


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    sandbox = await start(Options())
    control = Control(tmp_path, sandbox)
    yield control
    await asyncio.to_thread(control.rotations.stop)
    await sandbox.close()


async def test_a_rotation_goes_on_by_itself(control: Control) -> None:
    begun = await control.begin()
    assert begun.state == "running"
    control.fleet.takes.set()
    ended = await until(lambda: control.get(begun.id), lambda rotation: rotation.state != "running")
    assert (ended.state, ended.started_by) == ("done", "alice")
    assert control.vault.get("openai") != "the-old-key"
    assert control.vault.names() == ["admin", "openai"]


async def test_one_that_was_let_go_waits_for_the_next_start(control: Control) -> None:
    begun = await control.begin(secret="the-new-key")
    await until(control.fleet.asked.is_set)
    await asyncio.to_thread(control.rotations.stop)
    assert (control.get(begun.id).state, control.get(begun.id).step) == ("running", "switched")
    control.fleet.takes.set()
    control.rotations = control.new()
    await asyncio.to_thread(control.rotations.go_on)
    await until(lambda: control.get(begun.id).state, lambda state: state == "done")
    assert control.vault.get("openai") == "the-new-key"


async def test_cancelling_rolls_back_what_runs(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = await control.begin(secret="bad-for-the-sandbox")
    ended = await until(lambda: control.get(begun.id), lambda rotation: rotation.state != "running")
    assert ended.state == "rolled-back"
    with pytest.raises(UsageError, match="is over"):
        await asyncio.to_thread(control.ask, lambda store: control.rotations.cancel(store, begun.id))


async def test_one_that_stands_still_is_an_alarm_until_it_goes_on(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gatewatch.rotation import procedure

    monkeypatch.setattr(procedure, "TAKE_SECONDS", 0.05)
    begun = await control.begin(secret="the-new-key")
    await until(lambda: control.get(begun.id).state, lambda state: state == "failed")
    await until(lambda: control.alarms.get("rotation:openai"), lambda text: bool(text))
    assert "rotate-key openai --resume" in (control.alarms["rotation:openai"] or "")
    control.fleet.takes.set()
    await asyncio.to_thread(control.ask, lambda store: control.rotations.resume(store, begun.id, keep_old=False))
    await until(lambda: control.get(begun.id).state, lambda state: state == "done")
    await until(lambda: control.alarms["rotation:openai"] is None)


async def test_what_it_would_do_is_told_before(control: Control) -> None:
    outlook = await asyncio.to_thread(control.ask, lambda store: control.rotations.outlook(store, "openai", None))
    assert (outlook.entry, outlook.mints, outlook.ends, outlook.version) == ("openai", True, True, None)
    assert outlook.drain_us == 600_000_000


async def test_the_key_in_use_is_no_new_key(control: Control) -> None:
    with pytest.raises(UsageError, match="that is the key in use now"):
        await control.begin(secret="the-old-key")
    with pytest.raises(NotFound):
        await asyncio.to_thread(control.ask, lambda store: control.rotations.outlook(store, "nobody", None))


async def test_nobody_makes_a_key_where_no_admin_api_is_configured(control: Control, tmp_path: Path) -> None:
    file = tmp_path / "bare.yaml"
    file.write_text(FILE.format("http://127.0.0.1:1").partition("    admin:")[0])
    control.loaded = load(file, {})
    with pytest.raises(UsageError, match="no admin API configured that makes keys"):
        await control.begin()
    assert control.ask(lambda store: ProviderRotations(store).latest()) == []


async def test_alone_it_is_over_with_the_answer_and_no_gateway_can_start_meanwhile(control: Control) -> None:
    from gatewatch.errors import NotAllowed
    from proxy.control.home_lock import HomeLock

    told: list[Rotation] = []

    def tell(rotation: Rotation) -> None:
        told.append(rotation)
        with pytest.raises(NotAllowed):
            HomeLock(control.home.lock)

    alone = RotationsAlone(control.home, lambda: control.loaded, lambda: control.vault, tell)
    ended = await asyncio.to_thread(control.ask, lambda store: alone.begin(store, Wish(provider="openai")))
    assert ended.state == "done"
    assert "probed" in {rotation.step for rotation in told}
    HomeLock(control.home.lock).release()


async def test_a_provider_that_was_renamed_meanwhile_goes_on_under_its_new_name(control: Control) -> None:
    begun = await stopped_after_the_switch(control)
    renamed = control.file.read_text().replace("  openai:\n", "  main:\n")
    control.configure(renamed)
    control.fleet.takes.set()
    await asyncio.to_thread(control.rotations.go_on)
    await until(lambda: control.get(begun.id).state, lambda state: state == "done")


async def test_a_key_that_was_moved_meanwhile_is_one_alarm_until_the_rotation_is_given_up(control: Control) -> None:
    begun = await stopped_after_the_switch(control)
    control.configure(control.file.read_text().replace("vault:openai", "vault:elsewhere"))
    await asyncio.to_thread(control.rotations.go_on)
    alarm = await until(lambda: control.alarms.get("rotation:openai"), bool)
    assert "no provider is configured with vault:openai any more" in alarm
    assert "--abandon" in alarm
    given_up = await asyncio.to_thread(control.ask, lambda store: control.rotations.abandon(store, begun.id))
    assert (given_up.state, control.get(begun.id).state) == ("abandoned", "abandoned")
    assert control.alarms == {"rotation:openai": None}
    assert control.vault.get("openai") == "the-new-key"


async def test_a_key_that_was_moved_before_the_switch_is_cancelled(control: Control) -> None:
    def begun(store: ControlStore) -> Rotation:
        control.vault.set("gatewatch/next/openai", "the-new-key")
        rotations = ProviderRotations(store)
        return rotations.note(rotations.begin("openai", "vault:openai", "openai", Detail()), "stored")

    id = control.ask(begun).id
    control.configure(control.file.read_text().replace("vault:openai", "vault:elsewhere"))
    await asyncio.to_thread(control.ask, lambda store: control.rotations.cancel(store, id))
    await until(lambda: control.get(id).state, lambda state: state == "rolled-back")
    assert control.vault.names() == ["admin", "openai"]


async def test_a_store_that_is_locked_for_long_holds_a_rotation_up_and_does_not_stop_it(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gatewatch.control import schema
    from proxy.control import rotations

    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(rotations, "STORE_AGAIN_SECONDS", 0.05)
    begun = await control.begin(secret="the-new-key")
    await until(control.fleet.asked.is_set)
    with sqlite3.connect(control.home.control, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        control.fleet.takes.set()
        alarm = await until(lambda: control.alarms.get("rotation:openai"), bool)
        assert "waits for the control store" in alarm
        other.execute("ROLLBACK")
    other.close()
    await until(lambda: control.get(begun.id).state, lambda state: state == "done")
    await until(lambda: control.alarms["rotation:openai"] is None)


async def test_an_error_of_sqlite_itself_is_an_alarm_and_tried_again(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proxy.control import rotations

    monkeypatch.setattr(rotations, "STORE_AGAIN_SECONDS", 0.05)

    def broken(*_: object) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(control.fleet, "in_flight_before", broken)
    control.fleet.takes.set()
    begun = await control.begin(secret="the-new-key")
    assert "disk I/O error" in await until(lambda: control.alarms.get("rotation:openai"), bool)
    monkeypatch.undo()
    await until(lambda: control.get(begun.id).state, lambda state: state == "done")


async def test_an_old_rotation_is_gone_on_with_however_many_came_after(control: Control) -> None:
    def many(store: ControlStore) -> Rotation:
        rotations = ProviderRotations(store)
        oldest = rotations.begin("openai", "vault:openai", "openai", Detail(mint=True))
        for _ in range(101):
            rotations.note(rotations.begin("b", "k", "other", Detail()), "begun", "rolled-back")
        return oldest

    oldest = control.ask(many)
    control.fleet.takes.set()
    await asyncio.to_thread(control.rotations.go_on)
    await until(lambda: control.get(oldest.id).state, lambda state: state == "done")


async def stopped_after_the_switch(control: Control) -> Rotation:
    """A rotation that the next control process has to go on with."""
    begun = await control.begin(secret="the-new-key")
    await until(control.fleet.asked.is_set)
    await asyncio.to_thread(control.rotations.stop)
    control.rotations = control.new()
    return begun
