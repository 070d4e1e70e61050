"""What limits and budgets count is kept for as long as they count it."""

from typing import Any

import pytest

from gatewatch.config.models import Config
from gatewatch.config.retention_problems import keeping_of, retention_problems
from gatewatch.ledger.keeping import Keeping

DAY = 86_400_000_000


def problems(**tree: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, each.path))}: {each.found}; {each.allowed}"
        for each in retention_problems(Config.model_validate(tree))
    ]


def kept(days: int) -> dict[str, Any]:
    return {"retention": {"calls": f"{days}d"}}


@pytest.mark.parametrize(
    ("rules", "least"),
    [
        ({"budgets": {"all": {"scope": "gateway", "usd": "5", "period": "month"}}}, 31),
        ({"budgets": {"all": {"scope": "gateway", "usd": "5", "period": "week"}}}, 7),
        ({"budgets": {"all": {"scope": "gateway", "tokens": 5, "rolling": "90d"}}}, 90),
        ({"budgets": {"all": {"scope": "gateway", "tokens": 5, "rolling": "36h"}}}, 2),
        ({"teams": {"t": {"budget": {"usd": "5", "period": "month"}}}}, 31),
        ({"limits": {"all": {"scope": "key", "requests": 5, "windows": [{"requests": 9, "per": "10d"}]}}}, 10),
        ({"limits": {"all": {"scope": "key", "requests": 5}}}, 1),
    ],
)
def test_calls_are_kept_as_long_as_the_longest_window(rules: dict[str, Any], least: int) -> None:
    assert problems(**rules, ledger=kept(least)) == []
    assert problems(**rules) == []
    if least > 1:
        (said,) = problems(**rules, ledger=kept(least - 1))
        assert said.startswith(f"ledger.retention.calls: {least - 1}d, and ")
        assert said.endswith(f"at least {least}d" if least % 7 else f"at least {least // 7}w")


def test_finer_sums_are_not_kept_longer_than_coarser_ones() -> None:
    assert problems(ledger={"retention": {"minutes": "5d", "hours": "5d", "days": "5d"}}) == []
    (said,) = problems(ledger={"retention": {"minutes": "6d", "hours": "5d"}})
    assert said == "ledger.retention.minutes: 6d, longer than hours (5d); at most 5d"
    (said,) = problems(ledger={"retention": {"days": "100d"}})
    assert said.startswith("ledger.retention.hours: 800d, longer than days")


def test_the_ledger_is_told_all_of_it() -> None:
    assert keeping_of(Config()) == Keeping()
    config = Config.model_validate({"ledger": {"retention": {"calls": "60d", "bodies": "3d", "journal": "30d"}}})
    assert keeping_of(config) == Keeping(calls=60 * DAY, bodies=3 * DAY, journal=30 * DAY)
