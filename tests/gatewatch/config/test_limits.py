"""Limits and budgets as they are written in the file."""

import pytest
from pydantic import ValidationError

from gatewatch.config.limits import Budget, Limit, TeamBudget, Unpriced


def test_durations_amounts_and_shares_are_read_as_people_write_them() -> None:
    limit = Limit.model_validate({"scope": "key", "requests": 5, "per": "10s", "windows": [{"per": "1h", "tokens": 9}]})
    assert (limit.per, limit.windows[0].per) == (10_000_000, 3_600_000_000)
    budget = Budget.model_validate({"scope": "gateway", "usd": "500.25", "soft": "75%", "rolling": "7d"})
    assert (str(budget.usd), str(budget.soft), budget.rolling) == ("500.25", "0.75", 7 * 86_400_000_000)


def test_what_is_left_out() -> None:
    assert Limit(scope="key").per == 60_000_000
    assert not Limit(scope="key").cache_reads
    budget = Budget(scope="gateway")
    assert (budget.period, budget.zone, budget.soft, budget.step_down, budget.throttle) == (
        "month", "UTC", None, False, False,
    )  # fmt: skip
    assert Unpriced().policy == "allow"


@pytest.mark.parametrize(
    "scope",
    [
        *("gateway", "environment", "team", "project", "user", "key", "route", "model", "provider_key"),
        *("team/search", "project/search/web", "model/openai/gpt-5", "provider_key/openai/main", "user/a@b.c"),
    ],
)
def test_scopes_of_all_kinds_are_taken(scope: str) -> None:
    assert Budget(scope=scope).scope == scope


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "teams"},
        {"scope": "team/"},
        {"scope": "gateway/x"},
        {"scope": "user/" + "x" * 400},
        {"scope": "user/sk-proj-4f9a8b7c6d5e4f3a2b1c0d4f9a8b7c6d5e4f3a2b"},
        {"scope": "team", "zone": "Mars/Olympus"},
        {"scope": "team", "period": "year"},
        {"scope": "team", "rolling": "1500ms"},
        {"scope": "team", "rolling": "500d"},
        {"scope": "team", "usd": "-1"},
        {"scope": "team", "soft": "120%"},
        {"scope": "team", "tokens": 0},
        {"scope": "team", "uds": "5"},
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Budget.model_validate(wrong)


def test_a_teams_budget_is_in_money() -> None:
    with pytest.raises(ValidationError):
        TeamBudget.model_validate({"period": "day"})
