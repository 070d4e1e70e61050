"""A secret on the clipboard."""

import base64
import io
import os
from pathlib import Path

import pytest

from app.cli.keys.clipboard import copy


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def no_desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing on the path but what a test puts there."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_desktops_own_program_gets_it_on_stdin(no_desktop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    program(no_desktop, "wl-copy", f'cat > {no_desktop}/got; echo "$@" > {no_desktop}/args')
    assert copy("the secret") == "the clipboard by wl-copy"
    assert (no_desktop / "got").read_text() == "the secret"
    assert "secret" not in (no_desktop / "args").read_text()


def test_where_that_fails_the_terminal_is_asked(no_desktop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9")
    program(no_desktop, "xclip", "exit 1")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    where = copy("the secret")
    assert where is not None
    assert "OSC 52" in where
    assert terminal.getvalue() == f"\x1b]52;c;{base64.b64encode(b'the secret').decode()}\x07"


@pytest.mark.usefixtures("no_desktop")
def test_where_there_is_neither_nothing_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", io.StringIO())
    assert copy("the secret") is None
