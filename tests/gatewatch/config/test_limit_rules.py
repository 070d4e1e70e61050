"""What the file says, as rules: one for each amount in each window."""

from typing import Any

from gatewatch.config.limit_rules import rules_of
from gatewatch.config.models import Config
from gatewatch.limits.rule import Rule, scope_text
from gatewatch.limits.window import Window

USD = 10**12


def rules(**tree: Any) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules_of(Config.model_validate(tree))}


def test_each_amount_of_each_window_is_a_rule() -> None:
    found = rules(
        limits={
            "each-key": {
                "scope": "key", "requests": 60, "tokens": 10_000, "concurrent": 4, "cache_reads": True,
                "windows": [{"per": "1s", "requests": 5}],
            }
        }
    )  # fmt: skip
    assert {id: (rule.measure, rule.most, rule.window) for id, rule in found.items()} == {
        "limits.each-key/requests/1m": ("requests", 60, Window(seconds=60)),
        "limits.each-key/tokens/1m": ("tokens", 10_000, Window(seconds=60)),
        "limits.each-key/requests/1s": ("requests", 5, Window(seconds=1)),
        "limits.each-key/concurrent": ("concurrent", 4, None),
    }
    assert all((rule.kind, rule.scope, rule.name) == ("limit", "key", None) for rule in found.values())
    assert found["limits.each-key/tokens/1m"].cache_reads


def test_tiers_are_those_that_there_are_and_the_files_own_which_win() -> None:
    found = rules(
        limits={
            "a": {"scope": "key/k1", "tier": "starter"},
            "b": {"scope": "key/k2", "tier": "standard"},
            "c": {"scope": "key/k3", "tier": "gold"},
        },
        tiers={"gold": {"requests": 6000}, "standard": {"requests": 700}},
    )
    assert {rule.name: rule.most for rule in found.values()} == {"k1": 60, "k2": 700, "k3": 6000}


def test_a_budget_is_a_rule_of_money_and_one_of_tokens_with_their_soft_thresholds() -> None:
    found = rules(
        budgets={
            "company": {"scope": "gateway", "usd": "0.5", "tokens": 7, "zone": "Europe/Berlin", "soft": "50%"},
            "week": {"scope": "team/search", "usd": 10, "rolling": "7d", "step_down": True, "throttle": True},
        }
    )
    money, tokens = found["budgets.company/usd"], found["budgets.company/tokens"]
    assert (money.most, money.soft, money.window) == (
        USD // 2, USD // 4, Window(period="month", zone="Europe/Berlin"),
    )  # fmt: skip
    assert (tokens.most, tokens.soft, tokens.name) == (7, 3, "")
    week = found["budgets.week/usd"]
    assert (week.window, week.soft, week.step_down, week.throttle) == (Window(seconds=604_800), 8 * USD, True, True)


def test_a_teams_lines_are_rules_of_that_team_and_step_down() -> None:
    found = rules(
        teams={
            "search": {"budget": {"usd": 500, "zone": "Asia/Tokyo"}, "limits": {"rpm": 6, "tpm": 9, "concurrent": 2}}
        }
    )
    assert {id: scope_text(rule) for id, rule in found.items()} == dict.fromkeys(
        (
            "teams.search.limits/requests/1m", "teams.search.limits/tokens/1m", "teams.search.limits/concurrent",
            "teams.search.budget/usd",
        ),
        "team/search",
    )  # fmt: skip
    budget = found["teams.search.budget/usd"]
    assert (budget.most, budget.soft, budget.step_down) == (500 * USD, 400 * USD, True)
    assert budget.window == Window(period="month", zone="Asia/Tokyo")


def test_a_cap_on_models_without_a_price_is_a_budget_of_tokens_of_each_team() -> None:
    (rule,) = rules(unpriced={"policy": "cap", "tokens": 1000, "period": "hour"}).values()
    assert (rule.scope, rule.name, rule.measure, rule.most, rule.unpriced_only) == ("team", None, "tokens", 1000, True)
    assert rules(unpriced={"policy": "refuse"}) == {}
