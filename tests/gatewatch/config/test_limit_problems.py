"""What is wrong with limits and budgets is said with the nearest thing that is right."""

from typing import Any

import pytest

from gatewatch.config.limit_problems import limit_problems
from gatewatch.config.models import Config
from gatewatch.config.problems import key_text

PROVIDER = {"openai": {"preset": "openai", "api_keys": [{"name": "main", "key": "env:A"}]}}


def problems(**tree: Any) -> list[tuple[str, str, str]]:
    config = Config.model_validate({"providers": PROVIDER, "models": {"bot": {"targets": ["openai/gpt-4o"]}}} | tree)
    return [(key_text(each.path), each.found, each.allowed) for each in limit_problems(config)]


@pytest.mark.parametrize(
    "scope",
    [
        "gateway",
        "team/any",
        "route/bot",
        "route/openai/gpt-5",
        "model/openai/any",
        "provider_key/openai/main",
        "user/x",
    ],
)
def test_what_is_there_may_be_named(scope: str) -> None:
    assert problems(budgets={"b": {"scope": scope, "usd": 1}}, limits={"l": {"scope": scope, "requests": 1}}) == []


@pytest.mark.parametrize(
    ("tree", "place", "says"),
    [
        ({"limits": {"l": {"scope": "key"}}}, "limits.l", "no amount"),
        ({"limits": {"l": {"scope": "key", "tier": "startr"}}}, "limits.l.tier", "did you mean starter"),
        ({"limits": {"l": {"scope": "key", "tier": "starter", "requests": 1}}}, "limits.l.tier", "one of the two"),
        (
            {"limits": {"l": {"scope": "key", "requests": 1, "windows": [{"per": "1m", "tokens": 1}]}}},
            "limits.l.windows",
            "each length once",
        ),
        ({"limits": {"l": {"scope": "key", "requests": 1, "windows": [{"per": "1h"}]}}}, "limits.l.windows", "amount"),
        ({"tiers": {"t": {}}}, "tiers.t", "no amount"),
        ({"budgets": {"b": {"scope": "team"}}}, "budgets.b", "one of them, or both"),
        ({"budgets": {"b": {"scope": "team", "usd": 1, "rolling": "1h", "zone": "UTC"}}}, "budgets.b", "rolling"),
        ({"budgets": {"b": {"scope": "model/opnai/x", "usd": 1}}}, "budgets.b.scope", "did you mean openai"),
        ({"budgets": {"b": {"scope": "provider_key/openai/x", "usd": 1}}}, "budgets.b.scope", "main"),
        ({"budgets": {"b": {"scope": "route/bott", "usd": 1}}}, "budgets.b.scope", "did you mean bot"),
        ({"budgets": {"b": {"scope": "environment/prod", "usd": 1}}}, "budgets.b.scope", "environment/live"),
        ({"budgets": {"b": {"scope": "project/x", "usd": 1}}}, "budgets.b.scope", "project/TEAM/PROJECT"),
        ({"unpriced": {"policy": "cap"}}, "unpriced", "both, or neither"),
        ({"unpriced": {"tokens": 5}}, "unpriced", "both, or neither"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(tree: dict[str, Any], place: str, says: str) -> None:
    ((where, found, allowed),) = problems(**tree)
    assert where.startswith(place)
    assert says in f"{found}; {allowed}"


def test_a_misspelt_tier_is_told_with_all_there_are() -> None:
    tree = {"tiers": {"gold": {"requests": 9}}, "limits": {"a": {"scope": "key", "tier": "glod"}}}
    assert problems(**tree) == [("limits.a.tier", "'glod'", "starter, standard, gold (did you mean gold?)")]
