"""`gatewatch keys …` in this process, on a home of its own."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from gatewatch.paths import Home

Run = Callable[..., tuple[int, str, str]]


class Terminal(io.StringIO):
    """A terminal where somebody types this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_VAULT", "file")
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return Home(tmp_path / "home")


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch keys …`: exit code, stdout, stderr."""
    del home

    def keys(*argv: str) -> tuple[int, str, str]:
        code = main(["keys", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return keys


@pytest.fixture
def ask(run: Run) -> Callable[..., Any]:
    """The JSON of a command that goes well."""

    def asked(*argv: str) -> Any:
        code, out, err = run(*argv, "-o", "json")
        assert code == 0, err
        return json.loads(out)

    return asked


@pytest.fixture
def made(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a key of team search."""

    def create(name: str = "app", *options: str, team: str = "search") -> Any:
        return ask("create", name, "--team", team, "--create-team", *options)

    return create


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From here on somebody sits at a terminal and types this."""

    def types(text: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal(text))

    return types
