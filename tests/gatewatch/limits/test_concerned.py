"""Every scope of a call is looked at, always: by its name, and by the rules for each of its kind."""

import pytest

from gatewatch.call import Call
from gatewatch.limits.concerned import Concerned
from gatewatch.limits.rule import SCOPES, Rule

CALL = Call(
    call_id="c", started_at=0, team="search", project="web", user="ann", key_id="k1", environment="live", route="bot",
    provider="openai", model="gpt-5", provider_key="main",
)  # fmt: skip
NAMES = {
    "gateway": "", "environment": "live", "team": "search", "project": "search/web", "user": "ann", "key": "k1",
    "route": "bot", "model": "openai/gpt-5", "provider_key": "openai/main",
}  # fmt: skip


def rule(scope: str, name: str | None) -> Rule:
    id = f"{scope}/{name}"
    return Rule(id=id, kind="limit", scope=scope, name=name, measure="requests", most=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_concerns_a_call_by_name_and_as_each_and_not_by_another_name(scope: str) -> None:
    rules = [rule(scope, NAMES[scope]), rule(scope, None), rule(scope, "another")]
    found = Concerned(rules).by_row(CALL)
    assert sorted((each.rule.id, each.name) for each in found) == sorted(
        [(f"{scope}/{NAMES[scope]}", NAMES[scope]), (f"{scope}/None", NAMES[scope])]
    )
    assert {each.key for each in found} == {f"{each.id}|{NAMES[scope]}" for each in rules[:2]}


def test_a_rule_for_one_model_of_a_key_concerns_that_model_alone() -> None:
    one = Rule(
        id="r", kind="limit", scope="provider_key", name="openai/main", measure="requests", most=1, for_model="gpt-5"
    )
    concerned = Concerned([one])
    assert [each.rule for each in concerned.by_row(CALL)] == [one]
    assert list(concerned.by_provider_key("openai", "main", "gpt-4o")) == []
    assert list(concerned.by_provider_key("openai", "main", None)) == []


def test_all_scopes_at_once_concern_it_each_once() -> None:
    rules = [rule(scope, NAMES[scope]) for scope in SCOPES]
    assert sorted(each.rule.scope for each in Concerned(rules).by_row(CALL)) == sorted(SCOPES)


def test_what_a_call_does_not_have_concerns_it_not() -> None:
    bare = Call(call_id="c", started_at=0, team="search", key_id="k1", environment="live", route="bot")
    rules = [rule(scope, None) for scope in SCOPES]
    assert {each.rule.scope for each in Concerned(rules).by_row(bare)} == {
        "gateway",
        "team",
        "key",
        "environment",
        "route",
    }


def test_projects_of_one_name_in_two_teams_are_two() -> None:
    concerned = Concerned([rule("project", "search/web")])
    other = Call(call_id="c", started_at=0, team="ads", project="web")
    assert concerned.by_call(other) == []
