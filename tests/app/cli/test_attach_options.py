"""Commands on a gateway of another machine: real commands, a real TLS server, an admin key that nobody can see."""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.cli import attach_options
from app.cli.attach_options import add_attach, attached, reader_of
from app.cli.command import add_home
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.keys import token
from gatewatch.ledger.reader import LocalLedger, RemoteLedger
from tests.kit.certificates import certificate
from tests.kit.control_api import Control, control_api
from tests.kit.journals import a_call, segment, whole

ROOT = Path(__file__).resolve().parents[3]
URL = "https://gw.example:4443"
KEY = token.mint("admin", "live")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GATEWATCH_ATTACH", "GATEWATCH_ADMIN_KEY", "GATEWATCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(attach_options, "_taken", [])


def parsed(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_home(parser, attach=True)
    return parser.parse_args(argv)


def key_file(folder: Path, text: str = KEY, mode: int = 0o600) -> str:
    path = folder / "admin.key"
    path.write_text(text + "\n")
    path.chmod(mode)
    return str(path)


def test_without_it_the_gateway_of_this_machine_is_meant() -> None:
    assert attached(parsed()) is None


def test_address_and_key_come_from_options_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_options = attached(parsed("--attach", URL, "--admin-key-file", key_file(tmp_path)))
    monkeypatch.setenv("GATEWATCH_ATTACH", URL)
    monkeypatch.setenv("GATEWATCH_ADMIN_KEY", KEY)
    by_environment = attached(parsed())
    assert by_options == by_environment
    assert by_options is not None
    assert (by_options.host, by_options.port, by_options.key) == ("gw.example", 4443, KEY)


def test_the_key_is_taken_out_of_the_environment_and_known_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWATCH_ADMIN_KEY", KEY)
    for _ in range(2):
        remote = attached(parsed("--attach", URL))
        assert remote is not None
        assert remote.key == KEY
        assert "GATEWATCH_ADMIN_KEY" not in os.environ


def test_a_home_that_is_named_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWATCH_ATTACH", URL)
    assert attached(parsed("--home", "/somewhere")) is None
    with pytest.raises(UsageError, match="two gateways"):
        attached(parsed("--home", "/somewhere", "--attach", URL))


def test_a_command_that_cannot_be_attached_is_not_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWATCH_ATTACH", URL)
    parser = argparse.ArgumentParser()
    add_home(parser)
    assert attached(parser.parse_args([])) is None


@pytest.mark.parametrize("option", ["--admin-key-file", "--ca", "--client-cert"])
def test_what_is_for_another_machine_wants_one(option: str) -> None:
    with pytest.raises(UsageError, match=option):
        attached(parsed(option, "x"))


def test_a_key_that_is_missing_open_to_others_or_of_the_wrong_kind_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="admin key"):
        attached(parsed("--attach", URL))
    with pytest.raises(UsageError, match="cannot be read"):
        attached(parsed("--attach", URL, "--admin-key-file", str(tmp_path / "none")))
    with pytest.raises(UsageError, match="read by others"):
        attached(parsed("--attach", URL, "--admin-key-file", key_file(tmp_path, mode=0o644)))
    with pytest.raises(NotAllowed, match="client key"):
        attached(parsed("--attach", URL, "--admin-key-file", key_file(tmp_path, token.mint("client", "live"))))


def test_the_key_is_no_option() -> None:
    parser = argparse.ArgumentParser()
    add_attach(parser)
    assert not [each for each in parser.format_help().split() if each in ("--admin-key", "--key")]


def test_the_ledger_is_the_one_that_is_meant(tmp_path: Path) -> None:
    remote = reader_of(parsed("--attach", URL, "--admin-key-file", key_file(tmp_path)))
    assert isinstance(remote, RemoteLedger)
    remote.close()
    (tmp_path / "home").mkdir()
    local = reader_of(parsed("--home", str(tmp_path / "home")))
    assert isinstance(local, LocalLedger)
    local.close()


# with a gateway


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    made = Control(tmp_path)
    segment(made.home, whole(a_call(0)))
    async with control_api(tmp_path, control=made) as serving:
        yield serving


async def command(control: Control, secret: str, *argv: str, ca: Path | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that is attached."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GATEWATCH")}
    environ |= {"GATEWATCH_ATTACH": control.remote, "GATEWATCH_ADMIN_KEY": secret}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gatewatch", *argv, "--ca", str(ca or control.chain)),
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert secret not in out.decode() + err.decode()
    return process.returncode or 0, out.decode(), err.decode()


async def test_commands_do_there_what_they_do_here(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    call_id = a_call(0).call_id
    for argv, said in (
        (("keys", "create", "app", "--team", "chat", "--create-team"), "gwk_sk_live_"),
        (("keys", "list"), "boss"),
        (("keys", "show", "app"), "chat"),
        (("teams", "list"), "chat"),
        (("roles", "list"), "super-admin"),
        (("roles", "set", "uwe", "user"), "uwe"),
        (("audit", "list"), "role.set"),
        (("show", "calls"), call_id),
        (("show", "overview", "--since", "2026-11-20T10:00:00Z", "-o", "json"), '"calls": 1'),
        (("explain", call_id), "openai/gpt-4o"),
        (("console",), "Gatewatch, "),
    ):
        code, out, err = await command(control, boss, *argv)
        assert (code, said in out) == (0, True), (argv, out, err)
    assert {entry.actor for entry in control.audit() if entry.action == "key.create"} >= {f"key:{token.parse(boss)}"}


async def test_what_goes_wrong_is_said_with_the_next_step(control: Control, tmp_path: Path) -> None:
    boss, lead, app = (
        control.key("boss", kind="admin", role="super-admin"),
        control.key("lead", kind="admin", role="user"),
        control.key("app"),
    )
    other, _ = certificate(tmp_path, "other")
    for secret, argv, ca, code, said in (
        (boss, ("keys", "list"), other, 5, "--ca"),
        (app, ("keys", "list"), None, 4, "client key"),
        (token.mint("admin", "live"), ("keys", "list"), None, 4, "admin key"),
        (lead, ("keys", "create", "x", "--team", "search"), None, 4, "does not include keys.create"),
        (lead, ("explain", "0190a1b2-0000-7000-8000-000000000000"), None, 3, "has no call"),
        (boss, ("keys", "show", "nobody"), None, 3, "no key"),
    ):
        got, out, err = await command(control, secret, *argv, ca=ca)
        assert (got, said in err, out) == (code, True, ""), (argv, got, err)
