"""Limits as actions: set by amounts or by a tier, listed, removed; within what the actor may."""

from typing import Any

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.limits.rule import Rule
from tests.kit.acting import SECOND, Stage

FILE = """
providers: {openai: {dialect: openai-chat, api_key: none, base_url: "http://127.0.0.1:9/v1", allow_private: true}}
limits: {each-key: {scope: key, tier: gold}}
tiers: {gold: {requests: 6000, windows: [{per: 1s, requests: 200}], concurrent: 50}}
"""


def made(stage: Stage) -> dict[str, Rule]:
    return {rule.id: rule for rule in stage.store(lambda store: store.rules())}


def test_a_key_has_as_many_limits_as_amounts_and_windows_are_set(stage: Stage) -> None:
    key = stage.key("app")["id"]
    stage.do("limits.set", scope="key/app", requests=60, tokens=10_000)
    stage.do("limits.set", scope="key/app", per_us=SECOND, requests=5, concurrent=2)
    found = {(rule.measure, rule.most, rule.window.text if rule.window else None) for rule in made(stage).values()}
    assert found == {
        ("requests", 60, "1m"), ("tokens", 10_000, "1m"), ("requests", 5, "1s"), ("concurrent", 2, None),
    }  # fmt: skip
    assert all((rule.scope, rule.name, rule.kind) == ("key", key, "limit") for rule in made(stage).values())
    stage.do("limits.set", scope="key/app", requests=70)
    assert made(stage)[f"limit:key/{key}:requests:1m"].most == 70
    assert made(stage)[f"limit:key/{key}:tokens:1m"].most == 10_000


@pytest.mark.parametrize(("tier", "rpm"), [("starter", 60), ("standard", 600)])
def test_the_tiers_that_there_always_are(stage: Stage, tier: str, rpm: int) -> None:
    (limit,) = stage.do("limits.set", scope="key", tier=tier)
    assert (limit["measure"], limit["limit"], limit["window"]) == ("requests", rpm, "1m")


def test_a_tier_of_the_file_may_be_named(stage: Stage) -> None:
    stage.home.config.write_text(FILE)
    found = stage.do("limits.set", scope="user", tier="gold")
    assert [(each["measure"], each["limit"], each["window"]) for each in found] == [
        ("requests", 6000, "1m"), ("requests", 200, "1s"), ("concurrent", 50, None),
    ]  # fmt: skip
    with pytest.raises(NotFound, match="no tier"):
        stage.do("limits.set", scope="user", tier="golden")


def test_what_the_file_limits_is_changed_there_alone(stage: Stage) -> None:
    stage.home.config.write_text(FILE)
    with pytest.raises(NotAllowed) as refused:
        stage.do("limits.set", scope="key", requests=7000)
    assert "limits: each-key:" in refused.value.next_step
    stage.do("limits.set", scope="key", requests=70_000, per_us=3600 * SECOND)
    with pytest.raises(NotAllowed):
        stage.do("limits.remove", scope="key", limit="limits.each-key/requests/1m")
    assert [each["limit_id"] for each in stage.do("limits.remove", scope="key")] == ["limit:key:requests:1h"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"requests": 0},
        {"tokens": -5},
        {"requests": 10**17},
        {"requests": 1, "per_us": 1},
        {"requests": 1, "per_us": 0},
        {"requests": 1, "tier": "starter"},
        {"tier": "starter", "per_us": SECOND},
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(stage: Stage, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        stage.do("limits.set", scope="gateway", **asked)


def test_tokens_from_a_cache_count_where_it_is_asked_for(stage: Stage) -> None:
    stage.do("limits.set", scope="gateway", requests=5, input_tokens=9, cache_reads=True)
    rules = made(stage)
    assert rules["limit:gateway:input_tokens:1m"].cache_reads
    assert not rules["limit:gateway:requests:1m"].cache_reads


def test_a_users_name_may_have_a_bar_and_the_rules_id_has_none(stage: Stage) -> None:
    (limit,) = stage.do("limits.set", scope="user/auth0|7", requests=5)
    assert limit["name"] == "auth0|7"
    assert "|" not in limit["limit_id"]


def test_an_admin_key_makes_no_calls_that_could_be_limited(stage: Stage) -> None:
    admin = stage.key("boss", kind="admin")["id"]
    with pytest.raises(UsageError, match="admin key"):
        stage.do("limits.set", scope=f"key/{admin}", requests=5)


def test_who_belongs_to_one_team_sees_its_own_limits_and_those_of_each(stage: Stage) -> None:
    own, other = stage.key("app")["id"], stage.key("theirs", team="chat")["id"]
    for scope in ("gateway", "key", f"key/{own}", f"key/{other}", "team/search", "team/chat", "user/ann"):
        stage.do("limits.set", scope=scope, requests=5)
    lead = Actor(id="key:lead", role="admin", team="search")
    seen = {(each["scope"], each["name"]) for each in stage.do("limits.list", lead)}
    assert seen == {("key", None), ("key", own), ("team", "search")}
    assert len(stage.do("limits.list")) == 7
    assert [each["name"] for each in stage.do("limits.list", scope=f"key/{own}")] == [own]
