"""The configuration in force: taken when it can be, refused with a word, tried again by itself."""

import asyncio
from pathlib import Path

import pytest

from gatewatch.config import Loaded
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.opening import Wish, open_vault
from proxy.control import configuration as module
from proxy.control.alarms import Alarms
from proxy.control.configuration import Configuration
from proxy.settings import Settings
from tests.kit.waiting import until

TEXT = """\
providers:
  openai: {{preset: openai, api_key: "file:{folder}/key"}}
models:
  {model}: {{targets: [openai/gpt-4o]}}
"""


class Stage:
    """A home whose gateway has started with one model."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").make()
        self.folder = folder
        self.alarms = Alarms()
        self.taken: list[Settings] = []
        self.set_key()
        self.write("chat")
        self.store = ControlStore.open(self.home.control, actor="gateway")
        self.configuration = Configuration(self.home, None, None, self.alarms)
        self.configuration.on_taken = self.taken.append
        self.configuration.start(self.store, open_vault(self.home, self.store, Wish(kind="file")), "00" * 32)

    def set_key(self) -> None:
        (self.folder / "key").write_text("sk-of-a-provider")
        (self.folder / "key").chmod(0o600)

    def write(self, model: str, more: str = "") -> None:
        self.home.config.write_text(TEXT.format(folder=self.folder, model=model) + more)

    def said(self) -> dict[str, str]:
        return {alarm.id: alarm.text for alarm in self.alarms.standing()}

    def deeds(self) -> list[tuple[str, str]]:
        entries = self.store.audit_entries(100)[::-1]
        return [(entry.action, entry.result) for entry in entries if entry.action.startswith("config.")]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_changed_file_is_taken_told_of_and_noted_once(stage: Stage) -> None:
    stage.configuration.reload()
    assert stage.taken == [], "nothing has changed"
    stage.write("chat-two")
    for _ in range(2):
        stage.configuration.reload()
    assert stage.taken == [stage.configuration.settings]
    assert list(stage.configuration.config.models) == ["chat-two"]
    assert stage.deeds() == [("config.start", "ok"), ("config.reload", "ok")]


def test_what_cannot_be_taken_changes_nothing_and_is_said_once(stage: Stage) -> None:
    before = stage.configuration.settings
    stage.home.config.write_text("providers: [")
    for _ in range(3):
        stage.configuration.reload()
    assert stage.configuration.settings is before
    assert stage.configuration.untaken is not None
    assert "the old one is in force" in stage.said()["config"]
    assert [result for _, result in stage.deeds()] == ["ok", "refused"]
    stage.write("chat", "workers: 7\n")
    stage.configuration.reload()
    assert stage.configuration.untaken is None
    assert stage.said().keys() == {"restart"}


def test_a_misspelt_tier_is_refused_like_any_mistake_and_forgotten_once_mended(stage: Stage) -> None:
    stage.write("chat", "tiers: {gold: {requests: 9}}\nlimits: {a: {scope: key, tier: glod}}\n")
    stage.configuration.reload()
    assert "limits.a.tier: found 'glod'" in stage.said()["config"]
    assert "did you mean gold?" in stage.said()["config"]
    stage.write("chat", "tiers: {gold: {requests: 9}}\nlimits: {a: {scope: key, tier: gold}}\n")
    stage.configuration.reload()
    assert stage.said() == {}


def test_a_mistake_of_ours_is_told_like_one_in_the_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stage.configuration.settings

    def fails(*_: object) -> None:
        raise KeyError("a step of ours")

    with monkeypatch.context() as broken:
        broken.setattr(module, "compile_settings", fails)
        stage.write("chat-two")
        stage.configuration.reload()
    assert "the old one is in force: KeyError: 'a step of ours'" in stage.said()["config"]
    assert stage.configuration.settings is before
    stage.configuration.reload()
    assert stage.said() == {}
    assert list(stage.configuration.config.models) == ["chat-two"]


async def test_what_was_in_the_way_of_it_may_go_by_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRY_AGAIN_SECONDS", 0.01)
    (stage.folder / "key").unlink()
    stage.write("chat-two")
    stage.configuration.reload()
    assert stage.taken == []
    trying = asyncio.create_task(stage.configuration.keep_trying())
    stage.set_key()
    await until(lambda: stage.taken, bool)
    assert stage.said() == {}
    trying.cancel()


async def test_a_secret_that_is_set_anew_is_taken(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    looking = asyncio.create_task(stage.configuration.keep_looking_for_secrets())
    (stage.folder / "key").write_text("sk-of-a-provider-two")
    await until(lambda: stage.taken, bool)
    looking.cancel()


def test_what_cannot_be_put_in_force_at_the_start_ends_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    home.config.write_text("nonsense: 1\n")
    with pytest.raises(GatewatchError):
        Configuration(home, None, None, Alarms())
    assert not home.control.exists()


def test_a_file_that_was_emptied_to_be_written_is_not_taken(stage: Stage) -> None:
    path, before = stage.configuration.path, stage.configuration.settings
    written = path.read_text()
    path.write_text("")
    stage.configuration.reload()
    assert stage.configuration.settings == before
    assert "is empty" in (stage.configuration.untaken or "")
    path.write_text(written)
    stage.configuration.reload()
    assert stage.configuration.untaken is None


def test_a_file_that_is_written_while_it_is_read_is_not_taken(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path, before = stage.configuration.path, stage.configuration.settings
    compiled = stage.configuration._compile

    def meanwhile(loaded: Loaded) -> Settings:
        path.write_text("deadlines: {total: 5m}\n# more is to come\n")
        return compiled(loaded)

    path.write_text("deadlines: {total: 3m}\n")
    monkeypatch.setattr(stage.configuration, "_compile", meanwhile)
    stage.configuration.reload()
    assert stage.configuration.settings == before
    assert "while it was read" in (stage.configuration.untaken or "")
