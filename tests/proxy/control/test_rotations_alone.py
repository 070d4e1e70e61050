"""A command that rotates by itself, and what it leaves to a gateway."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.loading import load
from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed
from gatewatch.journal.writer import Journal
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Wish
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.passphrase import Passphrase
from proxy.control.home_lock import HomeLock
from proxy.control.rotations_alone import RotationsAlone
from proxy.sandbox.provider import Options
from proxy.sandbox.server import start

FILE = """
providers:
  openai: {{dialect: openai-chat, base_url: "{0}/v1", api_key: vault:openai, allow_private: true}}
"""


class Alone:
    """A home without a gateway."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:1") -> None:
        self.home = Home(folder / "home").make()
        file = folder / "g.yaml"
        file.write_text(FILE.format(url))
        self.vault = FileVault(self.home.vault, self.home.vault_lock, Passphrase(b"p" * 32, "a test"), "a test")
        self.vault.set("openai", "the-old-key")
        self.rotations = RotationsAlone(self.home, lambda: load(file, {}), lambda: self.vault, lambda _: None)

    def ask(self, question: Any) -> Any:
        with ControlStore.open(self.home.control, actor="alice") as store:
            return question(store)


async def test_a_pasted_key_is_tried_and_takes_its_place(tmp_path: Path) -> None:
    sandbox = await start(Options())
    alone = Alone(tmp_path, sandbox.url)
    wish = Wish(provider="openai", secret="the-new-key")
    ended = await asyncio.to_thread(alone.ask, lambda store: alone.rotations.begin(store, wish))
    assert (ended.state, ended.detail.revoked) == ("done", False)
    assert alone.vault.get("openai") == "the-new-key"
    await sandbox.close()


async def test_what_a_killed_command_left_behind_is_gone_on_with_or_rolled_back(tmp_path: Path) -> None:
    sandbox = await start(Options())
    for number, goes_on in enumerate((True, False)):
        alone = Alone(tmp_path / str(number), sandbox.url) if (tmp_path / str(number)).mkdir() is None else None
        assert alone

        def left_behind(store: ControlStore, alone: Alone = alone) -> Rotation:
            rotations = ProviderRotations(store)
            alone.vault.set("gatewatch/next/openai", "the-new-key")
            return rotations.note(rotations.begin("openai", "vault:openai", "openai", Detail()), "stored")

        id = alone.ask(left_behind).id
        ended = await asyncio.to_thread(
            alone.ask,
            lambda store, alone=alone, id=id, goes_on=goes_on: (
                alone.rotations.resume(store, id, keep_old=False) if goes_on else alone.rotations.cancel(store, id)
            ),
        )
        assert ended.state == ("done" if goes_on else "rolled-back")
        assert alone.vault.get("openai") == ("the-new-key" if goes_on else "the-old-key")
        assert alone.vault.names() == ["openai"]
    await sandbox.close()


def test_nothing_begins_while_somebody_else_has_the_home(tmp_path: Path) -> None:
    alone = Alone(tmp_path)
    lock = HomeLock(alone.home.lock)
    with pytest.raises(NotAllowed):
        alone.ask(lambda store: alone.rotations.begin(store, Wish(provider="openai", secret="new")))
    lock.release()
    assert alone.ask(lambda store: ProviderRotations(store).latest()) == []


def test_nothing_begins_while_workers_of_a_dead_gateway_serve(tmp_path: Path) -> None:
    alone = Alone(tmp_path)
    journal = Journal(alone.home.journal)
    try:
        with pytest.raises(NotAllowed, match="still serve with the old key"):
            alone.ask(lambda store: alone.rotations.begin(store, Wish(provider="openai", secret="new")))
    finally:
        journal.stop()
    HomeLock(alone.home.lock).release()
