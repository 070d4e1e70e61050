"""What a screen says instead of numbers: always three next steps."""

import pytest
from textual.content import Content

from app.console.snapshot import Problem
from app.console.widgets.notice import failed, first_steps, nothing_in_window, nothing_matches, problem_line

GONE = Problem("No gateway answers.", "Start one with 'gatewatch serve'.", 0, unreachable=True)
LOCKED = Problem("The ledger is locked.", "Close what holds it.", 0, unreachable=False)


@pytest.mark.parametrize(
    "notice",
    [
        first_steps("http://127.0.0.1:4000"),
        first_steps(None),
        nothing_in_window("15 min", "12"),
        nothing_matches("team=x"),
        failed(GONE),
        failed(LOCKED),
    ],
    ids=["first", "first, no gateway known", "window", "filter", "gone", "locked"],
)
def test_there_are_always_three_next_steps(notice: Content) -> None:
    lines = notice.plain.splitlines()
    assert [line[0] for line in lines if line[:1].isdigit()] == ["1", "2", "3"]
    assert max(len(line) for line in lines) <= 72


def test_a_gateway_that_is_gone_is_started_and_a_ledger_that_is_locked_is_freed() -> None:
    assert "gatewatch serve" in failed(GONE).plain
    assert "Close what holds it." in failed(LOCKED).plain


def test_the_first_call_goes_to_this_gateway() -> None:
    assert "http://127.0.0.1:4711/v1" in first_steps("http://127.0.0.1:4711").plain


def test_old_numbers_are_called_old() -> None:
    assert "The numbers below are from before." in problem_line(GONE).plain
