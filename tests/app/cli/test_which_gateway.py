"""With a gateway of another machine in the environment, no command works on one of this machine without a word."""

import argparse
import importlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import attach_options
from app.cli.main import COMMANDS, HIDDEN, main
from gatewatch.keys import token

NOBODY_LISTENS = "https://127.0.0.1:1"
ID = "0190a1b2-0000-7000-8000-000000000000"

REACHES_OUT = {
    "alerts ack": ["slow|gateway"],
    "alerts list": [],
    "alerts show": ["slow|gateway"],
    "alerts silence": ["slow", "--for", "2h", "--reason", "a test"],
    "alerts silences": [],
    "alerts test": ["log"],
    "alerts unsilence": ["1"],
    "alerts watched": [],
    "audit accept": ["--reason", "a restore", "--yes"],
    "audit export": [],
    "audit list": [],
    "audit verify": [],
    "bodies show": [ID],
    "budgets grant": ["gateway", "--usd", "5", "--until", "1d", "--reason", "a launch"],
    "budgets list": [],
    "budgets remove": ["gateway"],
    "budgets set": ["gateway", "--usd", "5"],
    "budgets verify": [],
    "cache invalidate": ["--route", "chat"],
    "cache stats": [],
    "console": [],
    "deferred cancel": [ID],
    "deferred list": [],
    "deferred show": [ID],
    "explain": [ID],
    "keys create": ["app", "--team", "search"],
    "keys edit": ["app", "--max-uses", "5"],
    "keys export": [],
    "keys identify": [],
    "keys import": ["FILE", "-o", "json"],
    "keys list": [],
    "keys revoke": ["app", "--yes"],
    "keys rotate": ["app", "--yes"],
    "keys show": ["app"],
    "limits list": [],
    "limits remove": ["gateway"],
    "limits set": ["gateway", "--requests", "5"],
    "prices set": ["openai/gpt-4o", "--input", "1", "--from", "2026-01-01"],
    "providers lift": ["openai"],
    "providers quarantined": [],
    "providers rotate-key": ["openai", "--from-file", "FILE", "--yes"],
    "providers rotations": [],
    "providers set-key": ["openai", "--from-file", "FILE"],
    "roles list": [],
    "roles permissions": [],
    "roles set": ["uwe", "user"],
    "roles unset": ["uwe"],
    "routes canary": ["chat", "--share", "5%"],
    "routes diff": ["chat"],
    "routes drain": ["openai/gpt-4o"],
    "routes list": [],
    "routes restore": ["openai/gpt-4o"],
    "routes rollback": ["chat"],
    "routes show": ["chat"],
    "routes undrain": ["openai/gpt-4o"],
    "routes versions": ["chat"],
    "show": ["overview"],
    "teams create": ["search"],
    "teams list": [],
    "teams show": ["search"],
}
"""Commands that do their work there."""
REFUSES = {
    "config check": [],
    "config show": [],
    "doctor": [],
    "ledger check": [],
    "ledger rebuild": [],
    "ledger snapshot": ["COPY"],
    "prices list": [],
    "prices show": ["openai/gpt-4o"],
    "providers list": [],
    "providers show": ["openai"],
    "providers test": ["openai"],
    "providers vault": [],
    "serve": [],
}
"""Those that are about this machine's files and processes."""
HAS_NO_HOME = {"config schema", "demo", "sandbox", *HIDDEN}
"""Those that touch no gateway of anybody's: the demo makes one of its own and takes it away again."""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWATCH_ATTACH", NOBODY_LISTENS)
    monkeypatch.setenv("GATEWATCH_ADMIN_KEY", token.mint("admin", "live"))
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-key")
    monkeypatch.setattr(attach_options, "_taken", [])
    monkeypatch.setattr("sys.stdin", io.StringIO("gwk_sk_live_nothing\n"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text('{"id": "abcdefgh", "name": "app", "team": "search"}')
    (tmp_path / "FILE").chmod(0o600)


def leaves(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, set[str]]]:
    """Every command with its options."""
    below = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for each in below:
        for name, sub in each.choices.items():
            yield from leaves(sub, f"{path} {name}")
    if not below:
        yield path, {option for each in parser._actions for option in each.option_strings}


def test_every_command_stands_in_one_of_the_tables() -> None:
    found: dict[str, set[str]] = {}
    for name, module in {**{name: each for name, (each, _) in COMMANDS.items()}, **HIDDEN}.items():
        parser = argparse.ArgumentParser()
        importlib.import_module(module).add_arguments(parser)
        found |= dict(leaves(parser, name))
    assert {path for path, options in found.items() if "--attach" in options} == set(REACHES_OUT)
    assert {path for path, options in found.items() if "--home" in options} == {*REACHES_OUT, *REFUSES}
    assert set(found) == {*REACHES_OUT, *REFUSES, *HAS_NO_HOME}


@pytest.mark.parametrize("command", sorted(REACHES_OUT))
def test_it_is_done_there_or_not_at_all(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*command.split(), *REACHES_OUT[command]])
    said = "".join(capsys.readouterr())
    assert NOBODY_LISTENS.removeprefix("https://") in said
    assert code == (1 if command == "keys import" else 5), "an import says it of each line"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", sorted(REFUSES))
def test_it_says_that_it_cannot_be_done_there(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), *REFUSES[command]]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "GATEWATCH_ATTACH" in err
    assert "--home" in err
    assert not (tmp_path / "home").exists()


def test_with_a_home_that_is_named_it_is_done_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "show", "openai/gpt-4o", "--home", str(tmp_path / "home")]) == 0
    assert "gpt-4o" in capsys.readouterr().out
