"""Budgets as actions: set, granted on, listed with what the ledger says, removed; within what the actor may."""

from typing import Any

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.limits.rule import Rule
from tests.kit.acting import DAY, MINUTE, RunningGateway, Stage
from tests.kit.journals import a_call, segment, whole

USD = 10**12
FILE = """
providers: {openai: {dialect: openai-chat, api_key: none, base_url: "http://127.0.0.1:9/v1", allow_private: true}}
models: {bot: {targets: [openai/gpt-4o]}}
teams: {billing: {budget: {usd: 5}}}
budgets: {company: {scope: gateway, usd: 100, tokens: 1000}, two: {scope: gateway, usd: 7, period: day}}
"""


def made(stage: Stage) -> dict[str, Rule]:
    return {rule.id: rule for rule in stage.store(lambda store: store.rules())}


def test_a_budget_of_a_key_is_set_by_its_name_and_kept_under_its_id(stage: Stage) -> None:
    key = stage.key("app")["id"]
    (budget,) = stage.do("budgets.set", scope="key/app", picos=USD // 2, period="day")
    assert budget == {
        "budget_id": f"budget:key/{key}:usd:day", "scope": "key", "name": key, "measure": "usd", "limit": "0.5",
        "granted": "0", "window": "day", "soft": "0.4", "step_down": False, "throttle": False, "managed_by": "operator",
    }  # fmt: skip
    assert stage.deeds()[-1] == ("budget.set", f"budget:key/{key}:usd:day", "ok")


def test_what_is_left_out_of_a_change_stays_and_the_soft_share_with_it(stage: Stage) -> None:
    stage.do("teams.create", name="search")
    stage.do("budgets.set", scope="team/search", picos=500 * USD, soft="0.5", step_down=True)
    (budget,) = stage.do("budgets.set", scope="team/search", picos=600 * USD)
    assert (budget["limit"], budget["soft"], budget["step_down"]) == ("600", "300", True)
    (budget,) = stage.do("budgets.set", scope="team/search", picos=600 * USD, soft="0.9", step_down=False)
    assert (budget["soft"], budget["step_down"]) == ("540", False)
    assert len(made(stage)) == 1


def test_money_and_tokens_and_each_window_are_budgets_of_their_own(stage: Stage) -> None:
    stage.do("teams.create", name="search")
    stage.do("budgets.set", scope="team/search", picos=USD, tokens=1000, zone="Europe/Berlin")
    stage.do("budgets.set", scope="team/search", picos=USD, rolling_us=7 * DAY)
    assert set(made(stage)) == {
        "budget:team/search:usd:month@Europe/Berlin",
        "budget:team/search:tokens:month@Europe/Berlin",
        "budget:team/search:usd:7d",
    }


@pytest.mark.parametrize(
    ("scope", "error", "says"),
    [
        ("team/serch", NotFound, "did you mean search"),
        ("key/nobody", NotFound, "gatewatch keys list"),
        ("project/search/rankr", NotFound, "did you mean ranker"),
        ("model/opnai/gpt-4o", NotFound, "did you mean openai"),
        ("provider_key/openai/second", NotFound, "no key"),
        ("route/bott", NotFound, "did you mean bot"),
        ("environment/production", NotFound, "environment/live"),
        ("tema/search", UsageError, "team"),
        ("gateway/all", UsageError, "gateway"),
        ("user/a\nb", UsageError, "--help"),
    ],
)
def test_what_a_scope_names_is_there_or_the_nearest_name_is_told(
    stage: Stage, scope: str, error: type[Exception], says: str
) -> None:
    stage.home.config.write_text(FILE)
    stage.key("app", project="ranker")
    with pytest.raises(error) as refused:
        stage.do("budgets.set", scope=scope, picos=USD)
    assert says in str(refused.value)
    assert made(stage) == {}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"picos": 0},
        {"picos": -1},
        {"tokens": 0},
        {"picos": 10**19},
        {"picos": 1, "rolling_us": 7 * DAY, "period": "day"},
        {"picos": 1, "rolling_us": 1},
        {"picos": 1, "zone": "Mars/Olympus"},
        {"picos": 1, "soft": "1.5"},
        {"picos": 1, "soft": "NaN"},
        {"picos": 1, "soft": "much"},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(stage: Stage, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        stage.do("budgets.set", scope="gateway", **asked)


def test_what_the_file_declares_is_changed_there_alone_but_may_be_granted_on(stage: Stage) -> None:
    stage.home.config.write_text(FILE)
    stage.store(lambda store: store.declare_team("billing"))
    more: dict[str, Any] = {"picos": 600 * USD}
    for deed, asked in (("set", more), ("set", more | {"zone": "Europe/Berlin"}), ("remove", {})):
        with pytest.raises(NotAllowed, match="stands in the configuration file") as refused:
            stage.do(f"budgets.{deed}", scope="team/billing", **asked)
        assert "teams: billing: budget:" in refused.value.next_step
    until = stage.clock.now + DAY
    answer = stage.do("budgets.grant", scope="team/billing", picos=2 * USD, until=until, reason="the launch")
    assert (answer["limit"], answer["granted"], answer["grant"]["reason"]) == ("7", "2", "the launch")
    assert stage.deeds()[-1] == ("budget.grant", "teams.billing.budget/usd", "ok")
    (row,) = stage.do("budgets.list", scope="team/billing")
    assert (row["limit"], row["granted"], row["managed_by"]) == ("7", "2", "config")


def test_a_grant_says_which_budget_where_several_could_be_meant(stage: Stage) -> None:
    stage.home.config.write_text(FILE)
    asked = {"scope": "gateway", "picos": USD, "until": stage.clock.now + DAY, "reason": "r"}
    with pytest.raises(UsageError, match=r"budgets\.company/usd") as refused:
        stage.do("budgets.grant", **asked)
    assert "budgets.two/usd" in refused.value.title
    assert stage.do("budgets.grant", budget="budgets.two/usd", **asked)["limit"] == "8"
    tokens = {"scope": "gateway", "tokens": 5, "until": stage.clock.now + DAY, "reason": "r"}
    assert stage.do("budgets.grant", **tokens)["limit"] == 1005


@pytest.mark.parametrize(
    "wrong",
    [{"until_us": -1}, {"reason": "  "}, {"reason": "a\nb"}, {"picos": None}, {"tokens": 5}, {"picos": 0}],
)
def test_a_grant_that_makes_no_sense_is_refused(stage: Stage, wrong: dict[str, Any]) -> None:
    stage.do("budgets.set", scope="gateway", picos=USD, tokens=5)
    until = stage.clock.now + wrong.pop("until_us", DAY)
    with pytest.raises(UsageError):
        stage.do("budgets.grant", **{"scope": "gateway", "picos": USD, "until": until, "reason": "r"} | wrong)
    assert stage.store(lambda store: store.made_grants()) == []


def test_a_grant_on_what_has_no_budget_of_its_own_names_what_each_has(stage: Stage) -> None:
    key = stage.key("app")["id"]
    stage.do("budgets.set", scope="key", picos=USD)
    with pytest.raises(NotFound, match="budget:key:usd:month"):
        stage.do("budgets.grant", scope=f"key/{key}", picos=USD, until=stage.clock.now + DAY, reason="r")


def test_a_removed_budget_no_longer_holds(stage: Stage) -> None:
    stage.do("budgets.set", scope="gateway", picos=USD, tokens=5)
    (gone,) = stage.do("budgets.remove", scope="gateway", budget="budget:gateway:tokens:month")
    assert gone["measure"] == "tokens"
    assert list(made(stage)) == ["budget:gateway:usd:month"]
    stage.do("budgets.remove", scope="gateway")
    assert made(stage) == {}
    with pytest.raises(NotFound):
        stage.do("budgets.remove", scope="gateway")


def test_the_list_tells_what_the_ledger_says_was_spent(stage: Stage) -> None:
    stage.do("teams.create", name="search")
    stage.do("budgets.set", scope="team/search", picos=USD)
    at = stage.clock.now
    segment(stage.home, *[whole(a_call(n, at_us=at - n * MINUTE, cost_picos=USD // 10)) for n in range(3)])
    (row,) = stage.do("budgets.list")
    assert (row["scope"], row["name"], row["limit"]) == ("team", "search", "1")
    assert row["spent"] in ("0.3", "0.2", "0.1")  # a month may have begun between the calls


def test_several_workers_without_a_store_to_count_in_are_told_so(stage: Stage) -> None:
    stage.gateway = RunningGateway({}, {})
    with pytest.raises(NotAllowed, match="2 workers") as refused:
        stage.do("budgets.set", scope="gateway", picos=USD)
    assert "stores" in refused.value.next_step
    stage.gateway = RunningGateway({})
    stage.do("budgets.set", scope="gateway", picos=USD)


LEAD = Actor(id="key:lead", role="admin", team="search")


def test_who_belongs_to_one_team_divides_what_it_has_and_no_more(stage: Stage) -> None:
    stage.do("teams.create", name="chat")
    key, other = stage.key("app", project="ranker")["id"], stage.key("theirs", team="chat")["id"]
    stage.do("budgets.set", LEAD, scope=f"key/{key}", picos=USD)
    stage.do("budgets.set", LEAD, scope="project/search/ranker", picos=USD)
    stage.do("budgets.set", LEAD, scope=f"key/{key}", picos=2 * USD)
    for scope in ("gateway", "key", "team", "user/ann", "environment/live"):
        with pytest.raises(NotAllowed):
            stage.do("budgets.set", LEAD, scope=scope, picos=USD)
    for scope in ("team/chat", f"key/{other}", "project/chat/x"):
        with pytest.raises(NotFound):
            stage.do("budgets.set", LEAD, scope=scope, picos=USD)


def test_who_belongs_to_one_team_does_not_touch_what_it_was_given(stage: Stage) -> None:
    key = stage.key("app")["id"]
    for scope in ("team/search", f"key/{key}"):
        stage.do("budgets.set", scope=scope, picos=USD)
        with pytest.raises(NotAllowed, match="somebody of all teams"):
            stage.do("budgets.set", LEAD, scope=scope, picos=2 * USD)
        with pytest.raises(NotAllowed, match="somebody of all teams"):
            stage.do("budgets.remove", LEAD, scope=scope)
        with pytest.raises(NotAllowed, match="about all teams"):
            stage.do("budgets.grant", LEAD, scope=scope, picos=USD, until=stage.clock.now + DAY, reason="mine")
    assert {rule.most for rule in made(stage).values()} == {USD}


def test_a_project_or_a_test_key_reaches_no_more_than_its_own(stage: Stage) -> None:
    stage.key("app", project="ranker")
    live, test = stage.key("live", project="other")["id"], stage.key("t", project="ranker", environment="test")["id"]
    of_project = Actor(id="key:p", role="admin", team="search", project="ranker")
    stage.do("budgets.set", of_project, scope="project/search/ranker", picos=USD)
    for scope, error in (("team/search", NotAllowed), (f"key/{live}", NotFound)):
        with pytest.raises(error):
            stage.do("budgets.set", of_project, scope=scope, picos=USD)
    tester = Actor(id="key:t", role="admin", team="search", test_only=True)
    stage.do("budgets.set", tester, scope=f"key/{test}", picos=USD)
    with pytest.raises(NotAllowed, match="test key"):
        stage.do("budgets.set", tester, scope="team/search", picos=USD)


def test_users_look_and_do_not_touch(stage: Stage) -> None:
    user = Actor(id="uwe", role="user")
    stage.do("budgets.set", scope="gateway", picos=USD)
    assert len(stage.do("budgets.list", user)) == 1
    with pytest.raises(NotAllowed):
        stage.do("budgets.set", user, scope="gateway", picos=2 * USD)
    with pytest.raises(NotAllowed):
        stage.do("budgets.grant", user, scope="gateway", picos=USD, until=stage.clock.now + DAY, reason="r")
