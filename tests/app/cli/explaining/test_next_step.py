"""A refused call says what to do next, in words that can be typed."""

import shlex
from typing import Any

import pytest

from app.cli.explaining.next_step import next_step
from app.cli.explaining.steps import Step
from gatewatch.timespan import parse_instant
from tests.app.cli.explaining.conftest import MINUTE, MONEY, MONTH, REQUESTS, RULES, MakeRow

NOW = parse_instant("2026-11-21T12:00:00Z", 0)
FULL = MONEY | {"taken": "0.99", "held": "0", "asked": "0.032"}


def step(call: dict[str, Any], rules: dict[str, Any]) -> Step:
    found = next_step(call, rules, NOW)
    assert found is not None
    return found


def over_budget(row: MakeRow, check: dict[str, Any]) -> dict[str, Any]:
    return row(status="blocked", error_kind="budget_exceeded", checked=[REQUESTS, check], blocked_by=check["rule"])


def test_a_spent_budget_is_waited_for_or_lifted_by_what_is_missing(row: MakeRow) -> None:
    # 0.99 taken + 0.032 asked - 1 = 0.022 USD: three cents
    told = step(over_budget(row, FULL), RULES)
    assert told.words == "wait until it begins anew at 2026-12-01T00:00:00Z, or lift it once:"
    assert told.command == (
        "gatewatch budgets grant team/search --budget budgets.team/usd --usd 0.03"
        ' --until 2026-12-01T00:00:00Z --reason "WHY"'
    )


def test_a_rolling_budget_on_tokens_is_lifted_for_a_day_from_now(row: MakeRow) -> None:
    tokens = {"rule": "b/tokens", "name": "", "measure": "tokens", "taken": 900, "held": 0, "asked": 150, "most": 1000}
    rolling = MONTH | {"scope": "gateway", "of": "gateway", "begins_anew": None}
    assert step(over_budget(row, tokens), {"b/tokens": rolling}).command == (
        'gatewatch budgets grant gateway --budget b/tokens --tokens 50 --until 2026-11-22T12:00:00Z --reason "WHY"'
    )


def test_a_budget_that_began_anew_meanwhile_needs_no_grant(row: MakeRow) -> None:
    minute = MONTH | {"window": "minute", "begins_anew": "2026-11-21T10:01:00.000000Z"}
    told = step(over_budget(row, FULL), {"budgets.team/usd": minute})
    assert told.words == "it began anew at 2026-11-21T10:01:00Z: call again; what is left now:"
    assert told.command == "gatewatch budgets list team/search"


def test_a_budget_that_calls_in_flight_hold_is_waited_for(row: MakeRow) -> None:
    told = step(over_budget(row, FULL | {"held": "0.5"}), RULES)
    assert told.words == "wait until calls in flight have ended, which held 0.5 USD; what is left now:"
    assert "grant" not in str(told.command)


def test_a_call_that_costs_more_than_a_whole_budget_is_told_to_ask_for_less(row: MakeRow) -> None:
    assert step(over_budget(row, FULL | {"asked": "1.5"}), RULES).words.startswith("this call alone may cost more")


def test_a_grant_that_is_not_enough_says_what_else_had_no_room(row: MakeRow) -> None:
    call = over_budget(row, FULL) | {"checked": [REQUESTS | {"taken": 60}, FULL]}
    assert step(call, RULES).words.endswith("lift it once (limits.each-key/requests/1m had no room either):")


def test_a_budget_that_is_not_known_any_more_is_looked_at(row: MakeRow) -> None:
    assert step(over_budget(row, FULL), {}).command == "gatewatch budgets list"


def test_a_hostile_name_cannot_break_out_of_the_command(row: MakeRow) -> None:
    name = "ann; rm -rf ~ \x1b[2J"
    rule = MONTH | {"scope": "user", "of": f"user/{name}"}
    command = step(over_budget(row, FULL | {"name": name}), {"budgets.team/usd": rule}).command
    assert command is not None
    assert "grant 'user/ann; rm -rf ~ ␛[2J' --budget" in command


def test_a_grant_on_a_budget_that_each_team_has_is_told_to_be_for_every_team(row: MakeRow) -> None:
    told = step(over_budget(row, FULL), {"budgets.team/usd": MONTH | {"of": "team"}})
    assert told.words.endswith("or lift it once for every team, not for this one alone:")
    assert (told.command or "").startswith("gatewatch budgets grant team --budget budgets.team/usd --usd 0.03")


@pytest.mark.parametrize(
    ("measure", "amounts", "said"),
    [
        ("requests", (60, 0, 1, 60), "wait until enough calls have left the window of 1m"),
        ("tokens", (0, 0, 900, 500), "this call never fits"),
        ("tokens", (450, 400, 90, 500), "wait until calls in flight have ended"),
        ("concurrent", (5, 5, 1, 5), "wait until a call in flight has ended"),
    ],
)
def test_a_limit_says_whether_to_wait_or_to_ask_for_less(
    row: MakeRow, measure: str, amounts: tuple[int, ...], said: str
) -> None:
    counters = dict(zip(("taken", "held", "asked", "most"), amounts, strict=True))
    check = {"rule": f"l/{measure}", "name": "kaaa", "measure": measure} | counters
    call = row(status="blocked", error_kind="rate_limit_exceeded", checked=[check], blocked_by=check["rule"])
    told = step(call, {f"l/{measure}": MINUTE})
    assert said in told.words
    assert f"raise l/{measure} in the configuration file" in told.words
    assert told.command == "gatewatch limits list key"


@pytest.mark.parametrize(
    ("reason", "message", "priority", "said"),
    [
        ("queue_full", "The queue of calls that wait for the model 'bot' is full.", None,
         "raise models.bot.concurrent, or pacing.queue"),
        ("queue_timeout", "The call has waited in the queue for the model 'bot' as long as it may.", None,
         "raise models.bot.concurrent, or pacing.wait"),
        ("queue_timeout", "The call has waited in the queue for the gateway's key at openai.", "batch",
         "raise limits.concurrent of providers.openai where it is set, or pacing.batch_wait"),
        ("provider_limit", "The limits of the gateway's key are reached.", None, "add a further key or target"),
    ],
)  # fmt: skip
def test_a_call_that_got_no_turn_is_told_what_to_raise(
    row: MakeRow, reason: str, message: str, priority: str | None, said: str
) -> None:
    call = row(status="blocked", error_kind="rate_limit_exceeded", checked=[], blocked_by=reason, http_status=429,
               error_message=message, priority=priority)  # fmt: skip
    assert said in step(call, {}).words


def test_a_paused_key_names_the_alert_that_paused_it_and_how_to_resume_it(row: MakeRow) -> None:
    call = row(status="blocked", http_status=403, error_kind="key_paused", blocked_by="alert drain|key/kaaa")
    told = step(call, {})
    assert told.command == "gatewatch alerts ack 'drain|key/kaaa' --resume"
    assert "stays so until somebody" in told.words


def test_a_capped_key_is_shown_and_edited(row: MakeRow) -> None:
    told = step(row(status="blocked", error_kind="budget_exceeded"), {})
    assert "gatewatch keys edit kaaa" in told.words
    assert shlex.split(str(told.command)) == ["gatewatch", "keys", "show", "kaaa"]


def test_nothing_is_to_be_done_about_a_good_call(row: MakeRow) -> None:
    assert next_step(row(), RULES) is None
    assert next_step(row(status="error", error_kind="something_new"), RULES) is None
    assert next_step(row(status="blocked", error_kind="ledger_full"), RULES) is not None
