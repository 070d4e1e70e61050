"""What is measured, from a real ledger: shares of the right calls, spend against the usual, budgets as reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replaced

from gatewatch.alerts.alert import Alert, Reading
from gatewatch.config.alert_rules import compiled
from gatewatch.config.alerts import Alert as Written
from gatewatch.ledger.answer import Answer
from gatewatch.ledger.service import LedgerService
from gatewatch.ledger.unavailable import LedgerUnavailable
from gatewatch.limits.in_force import InForce
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.control.alerting.readings import MOST_LAG, Readings, Usual
from proxy.control.alerting.target_figures import Figure
from tests.kit.journals import HOUR, MINUTE, SECOND, T0, a_call, attempt, closing, segment

NOW = T0 + 6 * HOUR + 5 * MINUTE
USD = 10**12
BUDGET = Rule(
    id="budgets.search/usd", kind="budget", scope="team", name="search", measure="picos", most=100 * USD,
    window=Window(period="day"),
)  # fmt: skip


def alert(**written: Any) -> Alert:
    return compiled("a", Written.model_validate(written))


class Stage:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.rules: tuple[Rule, ...] = ()
        self.held: dict[str, int] = {}
        self.service = LedgerService(home, clock=lambda: NOW, in_force=lambda: InForce(self.rules, self.held))
        self.asked: list[str] = []
        self.usual = Usual(self.ask)

    def ask(self, query: str, /, **params: object) -> Answer:
        self.asked.append(query)
        return self.service.ask(query, **params)

    def load(self, *lines: bytes) -> None:
        segment(self.home, *lines)
        self.service.load_once()

    def readings(self, *, lag: int = 0, is_loaded: bool = True, **given: Any) -> Readings:
        ages, given = {"openai/main": 90 * SECOND}, {"firing": {}} | given
        return Readings(self.ask, self.usual, lambda: ages, lag=lag, is_loaded=is_loaded, now=NOW, **given)

    def of(self, **written: Any) -> dict[str, Reading]:
        return {reading.subject: reading for reading in self.readings().of(alert(**written))}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(Home(tmp_path / "home").make())
    yield stage
    stage.service.close()


def call(seconds_ago: float, **fields: Any) -> bytes:
    return closing(
        a_call(int(seconds_ago * 7), at_us=int(NOW - seconds_ago * SECOND) - 1000, latency_us=1000, **fields)
    )


BAD = {"status": "error", "http_status": 502}
REFUSED = {"status": "blocked", "http_status": 429, "latency_us": 100, "cost_picos": 0}


def test_shares_and_counts_of_what_callers_were_told(stage: Stage) -> None:
    stage.load(call(1), call(2), call(3, **BAD), closing(a_call(999, at_us=NOW - 5 * SECOND, **REFUSED)))
    share = stage.of(when="5xx", above="5%", per="route")["route/bot"]
    assert (share.value, share.weight, share.detail) == (333_333, 3, "1 of 3 calls in 5m")
    assert stage.of(when="5xx", above="5", per="route")["route/bot"].value == 1
    blocked = stage.of(when="blocked", above="5%", per="team")["team/search"]
    assert (blocked.value, blocked.weight) == (250_000, 4)
    assert stage.of(when="429", above="1")["gateway"].value == 1


def test_a_providers_refusals_count_though_another_served_the_calls(stage: Stage) -> None:
    served = a_call(1, at_us=NOW - 20 * SECOND, attempts=2)
    stage.load(
        attempt(served, 1, provider="locked", provider_key="locked#1", status="error", http_status=401), closing(served)
    )
    found = stage.of(when="401", above="50%", per="provider_key")
    assert (found["provider_key/locked/locked#1"].value, found["provider_key/locked/locked#1"].detail) == (
        1_000_000, "1 of 1 tries in 5m",
    )  # fmt: skip
    assert stage.of(when="401", above="50%", per="route")["route/bot"].value == 0


def test_latency_and_the_time_to_the_first_token(stage: Stage) -> None:
    stage.load(*(closing(a_call(n, at_us=NOW - MINUTE, latency_us=n * SECOND, ttft_us=n * 1000)) for n in range(1, 22)))
    slow = stage.of(when="p95", above="2s", per="team")["team/search"]
    assert (slow.value, slow.weight, slow.detail) == (20 * SECOND, 21, "21 calls in 5m")
    assert stage.of(when="ttft", above="2s")["gateway"].value == 20_000


def test_a_team_that_has_made_no_calls_has_made_none(stage: Stage) -> None:
    stage.load(call(1))
    found = stage.of(when="calls", below=5, per="team", only=["search", "chat"])
    assert {subject: reading.value for subject, reading in found.items()} == {"team/search": 1, "team/chat": 0}
    stage.load(call(1))
    assert stage.of(when="calls", below=5)["gateway"].value == 1


def test_more_calls_than_a_number_are_seen_by_their_number(stage: Stage) -> None:
    busy = alert(when="calls", above=10, per="team")
    stage.load(*(call(n) for n in range(1, 12)))
    (seen,) = stage.readings().of(busy)
    assert (seen.value, seen.weight >= busy.least) == (11, True)


def test_only_those_that_are_named(stage: Stage) -> None:
    stage.load(call(1), call(2, team="chat"), call(3, team="chat-web"))
    assert set(stage.of(when="errors", above="1%", per="team", only=["chat*"])) == {"team/chat", "team/chat-web"}
    assert set(stage.of(when="errors", above="1%", per="team", only=["chat"])) == {"team/chat"}


def test_spend_is_measured_against_the_keys_own_past(stage: Stage) -> None:
    past = [closing(a_call(n, at_us=T0 + n * 10 * MINUTE, cost_picos=2 * USD)) for n in range(6)]
    stage.load(
        *past, call(30, cost_picos=5 * USD), call(60, cost_picos=6 * USD), call(90, key_id="new", cost_picos=4 * USD)
    )
    found = stage.of(when="velocity", above="5x")
    assert (found["key/k0000001"].value, found["key/k0000001"].detail) == (
        5_500_000, "11.00 USD in 10m, usually 2.00 USD",
    )  # fmt: skip
    assert found["key/new"].value == 4_000_000  # four times what is always usual


def test_a_quiet_keys_first_calls_are_far_from_firing(stage: Stage) -> None:
    stage.load(*(call(n, cost_picos=USD // 100) for n in range(1, 20)))
    assert stage.of(when="velocity", above="5x")["key/k0000001"].value == 190_000


def test_what_is_usual_is_asked_for_every_ten_minutes_alone(stage: Stage) -> None:
    stage.load(call(1))
    for _ in range(3):
        stage.of(when="velocity", above="5x")
    assert stage.asked.count("usual_spend") == 1


def test_two_alerts_that_want_the_same_ask_once(stage: Stage) -> None:
    stage.load(call(1))
    readings = stage.readings()
    for written in ({"when": "errors", "above": "5%"}, {"when": "5xx", "above": 3}, {"when": "p95", "above": "1s"}):
        readings.of(alert(**written))
    assert stage.asked == ["lately"]


def test_budgets_and_their_forecast(stage: Stage) -> None:
    stage.rules = (BUDGET,)
    stage.load(closing(a_call(1, at_us=NOW - 3 * HOUR, cost_picos=30 * USD)))
    half = stage.of(when="budget", above="50%")["budgets.search/usd"]
    assert (half.scope, half.name, half.value) == ("team", "search", 300_000)
    assert half.detail == "30 of 100 USD in day"
    # 16:05: since 13:00 185 minutes with 30 USD, and 475 minutes to go: 30 + 30 · 475 / 185
    breach = stage.of(when="forecast", above="100%")["budgets.search/usd"]
    assert breach.value == pytest.approx(1_070_270, abs=1)


def test_a_forecast_of_too_short_a_time_is_no_reading(stage: Stage) -> None:
    stage.rules = (replaced(BUDGET, window=Window(period="month")),)
    stage.load(closing(a_call(1, at_us=NOW - HOUR, cost_picos=30 * USD)))
    assert stage.of(when="forecast", above="100%") == {}
    assert stage.of(when="budget", above="50%")["budgets.search/usd"].value == 300_000


def test_what_calls_in_flight_hold_of_a_budget_counts(stage: Stage) -> None:
    stage.rules, stage.held = (BUDGET,), {f"{BUDGET.id}|search": 55 * USD}
    stage.load(closing(a_call(1, at_us=NOW - HOUR, cost_picos=30 * USD)))
    found = stage.of(when="budget", above="50%")["budgets.search/usd"]
    assert (found.value, found.detail) == (850_000, "30 of 100 USD in day, 55 held by calls in flight")


def test_of_a_budget_of_each_name_all_that_are_near_are_seen_however_many(stage: Stage) -> None:
    each = replaced(BUDGET, id="budgets.users/usd", scope="user", name=None, most=USD)
    stage.rules = (each,)
    many = (a_call(n, at_us=NOW - HOUR, user=f"u{n}", cost_picos=2 * USD) for n in range(1200))
    few = (
        a_call(5000, at_us=NOW - HOUR, user="few", cost_picos=USD // 2),
        a_call(5001, at_us=NOW - HOUR, user="less", cost_picos=USD // 100),
    )
    stage.load(*map(closing, (*many, *few)))
    fires = {"budget-50|budgets.users/usd|less": NOW}
    readings = stage.readings(least=500_000, firing=fires).of(alert(when="budget", above="50%"))
    found = {reading.name: reading.value for reading in readings}
    assert len(found) == 1202
    assert (found["u7"], found["few"], found["less"]) == (2_000_000, 500_000, 10_000)
    assert "less" not in {each.name for each in stage.readings(least=500_000).of(alert(when="budget", above="50%"))}


def test_a_budget_that_refuses_calls_is_spent_though_a_little_is_left(stage: Stage) -> None:
    stage.rules = (BUDGET,)
    refused = closing(a_call(7, at_us=NOW - SECOND, blocked_by=BUDGET.id, **REFUSED))
    stage.load(closing(a_call(1, at_us=NOW - HOUR, cost_picos=97 * USD)), refused)
    spent = stage.of(when="budget", above="100%")["budgets.search/usd"]
    assert spent.value == 1_000_000
    assert spent.detail == "97 of 100 USD in day; 1 calls refused in 5m"


def test_a_call_that_was_too_big_for_what_is_left_does_not_make_a_budget_spent(stage: Stage) -> None:
    stage.rules = (BUDGET,)
    refused = closing(a_call(7, at_us=NOW - SECOND, blocked_by=BUDGET.id, **REFUSED))
    stage.load(closing(a_call(1, at_us=NOW - HOUR, cost_picos=60 * USD)), refused)
    assert stage.of(when="budget", above="100%")["budgets.search/usd"].value == 600_000


def test_budgets_of_each_name_have_a_subject_for_each(stage: Stage) -> None:
    each = Rule(
        id="budgets.teams/usd", kind="budget", scope="team", measure="picos", most=USD, window=Window(period="day")
    )
    stage.rules = (each, BUDGET)
    stage.load(call(1), call(2, team="chat"))
    names = {"budgets.teams/usd|search", "budgets.teams/usd|chat", "budgets.search/usd"}
    assert set(stage.of(when="budget", above="50%")) == names
    assert set(stage.of(when="budget", above="50%", only=["budgets.teams/usd"])) == names - {"budgets.search/usd"}


def test_keys_ages_and_the_ledgers_lag_need_no_ledger(stage: Stage) -> None:
    readings = stage.readings(lag=MOST_LAG + 1)
    (age,) = readings.of(alert(when="key_age", above="90d"))
    assert (age.subject, age.value) == ("provider_key/openai/main", 90 * SECOND)
    (lag,) = readings.of(alert(when="ledger_lag", above="30s"))
    assert (lag.subject, lag.value) == ("gateway", MOST_LAG + 1)
    assert stage.asked == []


@pytest.mark.parametrize(("lag", "is_loaded"), [(MOST_LAG + 1, True), (0, False)])
def test_a_ledger_that_is_behind_is_not_asked(stage: Stage, lag: int, is_loaded: bool) -> None:
    for when, above in (("errors", "5%"), ("velocity", "5x"), ("budget", "50%")):
        with pytest.raises(LedgerUnavailable):
            stage.readings(lag=lag, is_loaded=is_loaded).of(alert(when=when, above=above))


def test_of_targets_the_worst_of_each_name_is_seen_however_far_behind_the_ledger_is(stage: Stage) -> None:
    figures = [
        Figure("slo", "chat", "openai/gpt-5", 900_000, "p95 900 ms"),
        Figure("slo", "code", "openai/gpt-5", 1_200_000, "p95 1.2 s"),
        Figure("slo", "code", "openai/gpt-5-mini", 400_000, "p95 400 ms"),
        Figure("breakers", None, "openai/gpt-5", 2, "of key main"),
    ]
    readings = stage.readings(is_loaded=False, figures=lambda: figures)

    def seen(**written: Any) -> dict[str, int]:
        return {each.subject: each.value for each in readings.of(alert(**written))}

    assert seen(when="slo", above="100%") == {"model/openai/gpt-5": 1_200_000, "model/openai/gpt-5-mini": 400_000}
    assert seen(when="slo", above="100%", per="route") == {"route/chat": 900_000, "route/code": 1_200_000}
    assert seen(when="slo", above="100%", per="provider") == {"provider/openai": 1_200_000}
    assert seen(when="breakers", above="1") == {"model/openai/gpt-5": 2}
