"""Progress is said where somebody watches, and only of what takes long."""

import io
import sys

import pytest

from app.cli.progress import WORTH_SAYING, catching_up


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    say = catching_up()
    assert say is not None
    say(WORTH_SAYING, WORTH_SAYING * 4)
    say(WORTH_SAYING * 4, WORTH_SAYING * 4)
    assert "25 % of 128 MB" in terminal.getvalue()
    assert terminal.getvalue().endswith("100 % of 128 MB\n")


def test_what_is_quick_is_not_talked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    say = catching_up()
    assert say is not None
    say(1, WORTH_SAYING)
    assert terminal.getvalue() == ""


def test_a_pipe_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert catching_up() is None
