"""The sealing thread: within a second, whatever vault and disk do, and alarms that say so."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatewatch.audit.second_sink import SecondSink
from gatewatch.audit.verify import verify_store
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultError
from proxy.control.sealing import Sealing
from tests.kit.audit_stage import MemoryVault, Stage
from tests.kit.running import Gateway as RunningGateway
from tests.kit.running import command
from tests.kit.running import gateway as gateway_process
from tests.kit.waiting import eventually, until


class SlowVault(MemoryVault):
    """A keyring that waits for its human, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.broken = False

    def set(self, name: str, secret: str) -> None:
        assert self.open.wait(30)
        if self.broken:
            raise VaultError("the keyring is locked")
        super().set(name, secret)


class Gateway:
    """What a control process has of it."""

    def __init__(self, folder: Path) -> None:
        self.vault = SlowVault()
        self.stage = Stage(Home(folder / "home").make(), self.vault)
        self.alarms: dict[str, str] = {}
        self.sink = self.stage.sink
        self.sealing = Sealing(self.stage.home, self.vault, lambda: self.sink, self.alarm)

    def alarm(self, id: str, text: str | None) -> None:
        if text is None:
            self.alarms.pop(id, None)
        else:
            self.alarms[id] = text

    def sealed_to(self, seq: int) -> Callable[[], bool]:
        return lambda: "gatewatch/audit-anchor" in self.vault.entries and self.stage.kept.anchor.seq == seq


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path)
    yield gateway
    gateway.vault.open.set()
    gateway.sealing.stop()


async def test_what_is_written_is_sealed_soon_and_the_rest_at_the_end(gateway: Gateway) -> None:
    gateway.stage.write(3)
    gateway.sealing.start()
    await eventually(gateway.sealed_to(3))
    gateway.stage.write(2)
    await eventually(gateway.sealed_to(5))
    gateway.stage.write(1)
    gateway.sealing.stop()
    assert gateway.stage.kept.anchor.seq == 6
    assert gateway.alarms == {}


async def test_a_vault_that_waits_holds_up_nobody_who_writes(gateway: Gateway) -> None:
    gateway.stage.write(1)
    gateway.sealing.start()
    await eventually(gateway.sealed_to(1))
    gateway.vault.open.clear()
    gateway.stage.write(2)
    gateway.stage.write(2)
    assert gateway.stage.kept.anchor.seq == 1
    gateway.vault.open.set()
    await eventually(gateway.sealed_to(5))


async def test_a_vault_that_fails_is_an_alarm_and_made_up_for(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.control.sealing.RETRY_SECONDS", 0.05)
    gateway.vault.broken = True
    gateway.stage.write(1)
    gateway.sealing.start()
    await eventually(lambda: "the keyring is locked" in gateway.alarms.get("audit_seals", ""))
    gateway.vault.broken = False
    await eventually(gateway.sealed_to(1))
    await eventually(lambda: not gateway.alarms)


async def test_a_second_sink_that_fails_is_an_alarm_and_caught_up(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("proxy.control.sealing.RETRY_SECONDS", 0.05)
    gateway.sink = SecondSink(tmp_path / "later" / "audit.jsonl")
    gateway.stage.write(2)
    gateway.sealing.start()
    await eventually(lambda: "cannot be written" in gateway.alarms.get("audit_sink", ""))
    assert gateway.stage.kept.anchor.seq == 2
    (tmp_path / "later").mkdir()
    await eventually(lambda: not gateway.alarms)
    assert (tmp_path / "later" / "audit.jsonl").read_text().count("\n") == 2


async def test_a_changed_configuration_is_followed_at_once(gateway: Gateway, tmp_path: Path) -> None:
    gateway.stage.write(2)
    gateway.sealing.start()
    await eventually(gateway.sealed_to(2))
    gateway.sink = SecondSink(tmp_path / "elsewhere.jsonl")
    await eventually((tmp_path / "elsewhere.jsonl").exists)
    await eventually(lambda: gateway.stage.kept.filed == 2)


async def test_a_trail_that_was_touched_while_no_gateway_ran_is_an_alarm_that_stands(gateway: Gateway) -> None:
    gateway.stage.write(5)
    gateway.stage.seal()
    with gateway.stage.tampering() as connection:
        connection.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 2")
    gateway.sealing.start()
    await eventually(lambda: "record 2 was changed" in gateway.alarms.get("audit_store", ""))
    gateway.stage.write(1)
    await eventually(gateway.sealed_to(6))
    assert "audit_store" in gateway.alarms
    assert not verify_store(gateway.stage.home.control, gateway.stage.key, gateway.stage.kept).ok


CONFIG = "vault: file\nproviders:\n  local: {dialect: openai-chat, base_url: 'http://127.0.0.1:9/v1', api_key: none"


@pytest.mark.slow
async def test_a_gateway_tells_what_its_configuration_changed_and_its_trail_survives_a_kill(tmp_path: Path) -> None:
    whole = CONFIG + ", allow_private: true}\n"
    with gateway_process(tmp_path, whole) as running:
        file = tmp_path / "gatewatch.yaml"
        file.write_text(whole + "teams: {search: {}}\n")
        await until(lambda: deeds(running), lambda found: ("config.reload", "ok") in found)
        file.write_text("providers: [\n")
        await until(lambda: deeds(running), lambda found: ("config.reload", "refused") in found)
        running.ask("teams", "create", "sales")
        assert running.ask("audit", "verify")["ok"]
        os.kill(running.running.process.pid, signal.SIGKILL)
        running.running.process.wait()
        for worker in running.running.ready["workers"]:  # serves on
            os.kill(worker, signal.SIGTERM)
    log = running.running.log.read_text()
    assert "audit trail at the start: gwaudit1:" in log
    told = command("audit", "verify", home=running.home)
    assert (told["ok"], told["broken"]) == (True, None)
    reload = next(e for e in command("audit", "list", home=running.home) if (e["action"], e["result"]) == RELOADED)
    assert [path.startswith("teams.search") for path in reload["after"] if path != "version"] == [True]
    assert reload["before"]["version"] != reload["after"]["version"]


RELOADED = ("config.reload", "ok")


def deeds(running: RunningGateway) -> list[tuple[str, str]]:
    return [(entry["action"], entry["result"]) for entry in running.ask("audit", "list")]
