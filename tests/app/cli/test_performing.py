"""How a command performs an action: on the files, or through the gateway that runs (else: test_attach_options.py)."""

import argparse
import asyncio
import socket
from pathlib import Path

import pytest

from app.cli.performing import is_there, perform
from gatewatch.actions.keys.revoke import RevokeKey
from gatewatch.actions.teams import ListTeams, OneTeam
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound
from gatewatch.paths import Home
from tests.kit.control_api import Control, control_api


def arguments(home: Path) -> argparse.Namespace:
    return argparse.Namespace(home=str(home), config=None, vault=None, passphrase_fd=None, ask_passphrase=False)


@pytest.fixture(autouse=True)
def short_sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))


def test_where_there_is_no_home_one_is_made_or_it_is_said(tmp_path: Path) -> None:
    args = arguments(tmp_path / "home")
    assert not is_there(args)
    with pytest.raises(NotFound, match="no gateway in"):
        perform(args, "teams.list", ListTeams())
    assert not (tmp_path / "home").exists()
    perform(args, "teams.create", OneTeam(name="search"), make=True)
    assert is_there(args)
    assert [team["name"] for team in perform(args, "teams.list", ListTeams())] == ["search"]


async def test_a_gateway_that_runs_does_it(tmp_path: Path) -> None:
    control = Control(tmp_path)
    control.socket = control.home.socket
    async with control_api(tmp_path, control=control):
        control.login_role = "admin"
        args = arguments(control.home.root)
        await asyncio.to_thread(perform, args, "teams.create", OneTeam(name="search"))
        assert control.audit()[-1].role == "admin", "it was done by the gateway, as whom it recognised"
        control.login_role = "user"
        with pytest.raises(NotAllowed):
            await asyncio.to_thread(perform, args, "teams.create", OneTeam(name="chat"))


def test_on_the_files_the_role_that_was_set_holds_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewatch.authority import login_user as module

    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control, actor="alice") as store:
        store.set_role("uwe", "user")
    monkeypatch.setattr(module, "_login_name", lambda _: "uwe")
    with pytest.raises(NotAllowed, match="uwe has the role user"):
        perform(arguments(home.root), "teams.create", OneTeam(name="search"))
    assert perform(arguments(home.root), "teams.list", ListTeams()) == []


def test_what_needs_the_store_alone_is_done_though_the_gateway_does_not_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control, actor="alice") as store:
        store.create_key("leaked", team="search", create_team=True, pepper=bytes(32))
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(home.socket))
        stuck.listen()
        perform(arguments(home.root), "keys.revoke", RevokeKey(key="leaked"), patience=0.2)
        assert "The control store is used directly" in capfd.readouterr().err
        perform(arguments(home.root), "keys.revoke", RevokeKey(key="leaked"), patience=3600.0)  # is not asked twice
    with ControlStore.open(home.control) as store:
        assert store.key("leaked").revoked_at is not None
        assert [entry.action for entry in store.audit_entries(10)].count("key.revoke") == 1


async def test_what_the_gateway_refuses_is_not_done_behind_its_back(tmp_path: Path) -> None:
    control = Control(tmp_path)
    control.socket = control.home.socket
    control.key("app")
    async with control_api(tmp_path, control=control):
        control.login_role = "user"
        with pytest.raises(NotAllowed):
            await asyncio.to_thread(
                perform, arguments(control.home.root), "keys.revoke", RevokeKey(key="app"), patience=30.0
            )
    with control.store() as store:
        assert store.key("app").revoked_at is None
