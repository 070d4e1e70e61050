"""Rules: their scopes as people write them, and their ceilings with grants."""

import pytest

from gatewatch.limits.rule import SCOPES, Grant, Rule, counter, scope_text, split_scope


@pytest.mark.parametrize(
    ("text", "scope", "name"),
    [
        ("gateway", "gateway", ""),
        ("team", "team", None),
        ("team/search", "team", "search"),
        ("project/search/web", "project", "search/web"),
        ("model/openai/gpt-5", "model", "openai/gpt-5"),
        ("provider_key/openai/main", "provider_key", "openai/main"),
        ("environment/live", "environment", "live"),
    ],
)
def test_a_scope_is_read_as_it_is_written(text: str, scope: str, name: str | None) -> None:
    assert split_scope(text) == (scope, name)
    rule = Rule(id="r", kind="limit", scope=split_scope(text)[0], name=name, measure="requests", most=1)
    assert scope_text(rule) == text


@pytest.mark.parametrize("text", ["", "teams", "team/", "gateway/x", "/search", "Team/search"])
def test_what_is_no_scope_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(ValueError, match=" ".join(SCOPES)):
        split_scope(text)


def test_grants_lift_the_ceiling_from_their_beginning_until_before_their_end() -> None:
    grants = (Grant(amount=50, since=100, until=200), Grant(amount=7, since=150, until=300))
    rule = Rule(id="r", kind="budget", scope="gateway", name="", measure="picos", most=1000, grants=grants)
    assert [rule.ceiling(at) for at in (99, 100, 150, 199, 200, 300)] == [1000, 1050, 1057, 1057, 1007, 1000]


def test_a_counter_is_named_by_rule_and_name() -> None:
    rule = Rule(id="budgets.all/usd", kind="budget", scope="team", measure="picos", most=1)
    assert counter(rule, "search") == "budgets.all/usd|search"
