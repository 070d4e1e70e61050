"""A refused call says what to do next, in words that can be typed."""

import pytest

from app.cli.explaining.next_step import next_step
from tests.app.cli.explaining.conftest import MINUTE, MONEY, MONTH, REQUESTS, RULES, MakeRow


def test_a_spent_budget_is_waited_for_or_lifted_by_what_is_missing(row: MakeRow) -> None:
    # 0.99 taken + 0.032 asked - 1 = 0.022 USD: three cents
    full = [*MONEY[:3], 990_000_000_000, 0, 32_000_000_000, MONEY[6]]
    call = row(status="blocked", error_kind="budget_exceeded", checked=[REQUESTS, full], blocked_by="budgets.team/usd")
    step = next_step(call, RULES)
    assert step is not None
    assert step.words == "wait until it begins anew at 2026-12-01T00:00:00Z, or lift it once:"
    assert step.command == (
        "gatewatch budgets grant team/search --budget budgets.team/usd --usd 0.03"
        " --until 2026-12-01T00:00:00Z --reason …"
    )


def test_a_budget_on_tokens_is_lifted_in_tokens_for_a_day(row: MakeRow) -> None:
    tokens = ["b/tokens", "", "tokens", 900, 0, 150, 1000]
    call = row(status="blocked", error_kind="budget_exceeded", checked=[tokens], blocked_by="b/tokens")
    step = next_step(call, {"b/tokens": MONTH | {"scope": "gateway", "of": "gateway", "begins_anew": None}})
    assert step is not None
    assert (
        step.command
        == "gatewatch budgets grant gateway --budget b/tokens --tokens 50 --until 2026-11-22T10:00:00Z --reason …"
    )


def test_a_hostile_name_cannot_break_out_of_the_command(row: MakeRow) -> None:
    full = ["b/usd", "ann; rm -rf ~ \x1b[2J", "picos", 10, 0, 1, 10]
    call = row(status="blocked", error_kind="budget_exceeded", checked=[full], blocked_by="b/usd")
    step = next_step(call, {"b/usd": MONTH | {"scope": "user", "of": "user/ann; rm -rf ~ \x1b[2J"}})
    assert step is not None
    assert step.command is not None
    assert "grant 'user/ann; rm -rf ~ ␛[2J' --budget" in step.command


def test_a_budget_that_each_team_has_is_lifted_for_each(row: MakeRow) -> None:
    full = ["b/usd", "search", "picos", 10, 0, 1, 10]
    call = row(status="blocked", error_kind="budget_exceeded", checked=[full], blocked_by="b/usd")
    step = next_step(call, {"b/usd": MONTH | {"of": "team"}})
    assert step is not None
    assert step.words.endswith("or lift it once, for each team:")
    assert (step.command or "").startswith("gatewatch budgets grant team --budget b/usd --usd 0.01")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ([*REQUESTS[:3], 60, 0, 1, 60], "wait until enough calls have left the window of 1m"),
        (["l/tokens", "kaaa", "tokens", 0, 0, 900, 500], "this call never fits"),
        (["l/concurrent", "kaaa", "concurrent", 5, 5, 1, 5], "wait until a call in flight has ended"),
    ],
)
def test_a_limit_says_whether_to_wait_or_to_ask_for_less(row: MakeRow, check: list[object], said: str) -> None:
    call = row(status="blocked", error_kind="rate_limit_exceeded", checked=[check], blocked_by=check[0])
    step = next_step(call, {str(check[0]): MINUTE})
    assert step is not None
    assert said in step.words
    assert f"raise {check[0]} in the configuration file" in step.words


def test_a_capped_key_is_shown_and_edited(row: MakeRow) -> None:
    step = next_step(row(status="blocked", error_kind="budget_exceeded"), {})
    assert step is not None
    assert "gatewatch keys edit kaaa" in step.words


def test_nothing_is_to_be_done_about_a_good_call(row: MakeRow) -> None:
    assert next_step(row(), RULES) is None
    assert next_step(row(status="error", error_kind="something_new"), RULES) is None
    assert next_step(row(status="blocked", error_kind="ledger_full"), RULES) is not None
