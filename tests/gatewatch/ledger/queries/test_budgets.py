"""How full budgets are, against sums that plain Python makes of the same lines."""

import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.call import Call
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.in_force import InForce
from gatewatch.limits.rule import Grant, Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from tests.kit.journals import DAY, HOUR, MINUTE, NOW, a_call, segment, whole

USD = 10**12
MONTH_BEGAN = NOW - 19 * DAY - 11 * HOUR
"""2026-11-01T00:00:00Z: it is 11:00 on the 20th."""


def budget(id: str, **fields: Any) -> Rule:
    given: dict[str, Any] = {
        "kind": "budget", "scope": "team", "measure": "picos", "most": 100 * USD, "window": Window(period="month"),
    }  # fmt: skip
    return Rule(id=id, **given | fields)


def days() -> list[Call]:
    """Team search: one call on each of ten days at 1, 2, … 10 USD, the last a day ago; chat 5 USD an hour ago."""
    calls = [a_call(n, at_us=NOW - (11 - n) * DAY, cost_picos=n * USD) for n in range(1, 11)]
    calls += [a_call(20, at_us=NOW - HOUR, team="chat", key_id="k0000002", key_name="bot", cost_picos=5 * USD)]
    calls += [a_call(21, at_us=NOW - 40 * DAY, cost_picos=77 * USD)]
    calls += [a_call(22, at_us=NOW - MINUTE, status="blocked", http_status=429, cost_picos=0)]
    calls += [a_call(23, at_us=NOW - MINUTE, cost_picos=None, cost_basis="unpriced")]
    calls += [a_call(24, at_us=NOW - MINUTE, project="web", user="ann", cost_picos=USD // 8)]
    return calls


class Ledger:
    """Loaded with `days`, and rules that a test sets."""

    def __init__(self, home: Home) -> None:
        self.rules: tuple[Rule, ...] = ()
        self.held: dict[str, int] = {}
        segment(home, *map(whole, days()))
        self.service = LedgerService(home, clock=lambda: NOW, in_force=lambda: InForce(self.rules, self.held))
        self.service.load_once()

    def rows(self, *rules: Rule, **params: Any) -> list[dict[str, Any]]:
        self.rules = rules
        return self.service.ask("budgets", **params).rows


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    made = Ledger(Home(tmp_path_factory.mktemp("budgets") / "home").make())
    yield made
    made.service.close()


def test_what_was_spent_in_the_window_is_told_of_each_name(ledger: Ledger) -> None:
    search, chat = ledger.rows(budget("each"))
    assert (search["name"], search["spent"], search["left"]) == ("search", "55.125", "44.875")
    assert (chat["name"], chat["spent"], chat["used"]) == ("chat", "5", 0.05)
    assert (search["limit"], search["granted"], search["managed_by"]) == ("100", "0", "config")
    assert (search["since"], search["resets_at"]) == ("2026-11-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z")
    assert search["pace"] == pytest.approx((NOW - MONTH_BEGAN) / (30 * DAY), abs=1e-6)
    assert search["unpriced_calls"] == 1


@pytest.mark.parametrize(
    ("scope", "name", "spent"),
    [
        ("gateway", "", "60.125"),
        ("team", "chat", "5"),
        ("project", "search/web", "0.125"),
        ("user", "ann", "0.125"),
        ("key", "k0000002", "5"),
        ("route", "bot", "60.125"),
        ("model", "openai/gpt-4o", "60.125"),
        ("provider_key", "openai/openai#1", "60.125"),
    ],
)
def test_every_scope_is_summed_by_its_own_name(ledger: Ledger, scope: Any, name: str, spent: str) -> None:
    (row,) = ledger.rows(budget("one", scope=scope, name=name))
    assert (row["name"], row["spent"]) == (name, spent)


def test_a_rolling_window_is_the_span_before_now(ledger: Ledger) -> None:
    (row,) = ledger.rows(budget("r", name="search", window=Window(seconds=3 * 86_400)))
    assert row["spent"] == "27.125"  # of three days ago, two and one, which the window's last bucket still holds
    assert (row["resets_at"], row["pace"], row["forecast"]) == (None, None, None)


def test_tokens_are_counted_as_tokens(ledger: Ledger) -> None:
    (row,) = ledger.rows(budget("t", name="chat", measure="tokens", most=1000))
    assert (row["measure"], row["spent"], row["limit"], row["left"]) == ("tokens", 120, 1000, 880)


def test_holds_of_calls_in_flight_are_shown_and_leave_less(ledger: Ledger) -> None:
    ledger.held = {"each|chat": 2 * USD, "each|new": 3 * USD, "other|chat": 99}
    rows = {row["name"]: row for row in ledger.rows(budget("each", soft=7 * USD))}
    ledger.held = {}
    assert (rows["chat"]["spent"], rows["chat"]["held"], rows["chat"]["left"]) == ("5", "2", "93")
    assert rows["chat"]["soft_reached"]
    assert (rows["new"]["spent"], rows["new"]["held"]) == ("0", "3")
    assert not rows["new"]["soft_reached"]


def test_a_grant_in_force_is_part_of_the_limit(ledger: Ledger) -> None:
    grants = (Grant(amount=20 * USD, since=NOW - 5, until=NOW + 5), Grant(amount=USD, since=NOW - 9, until=NOW))
    (row,) = ledger.rows(budget("g", name="search", most=50 * USD, grants=grants))
    assert (row["limit"], row["granted"], row["left"], row["used"]) == ("70", "20", "14.875", 0.7875)


def test_the_forecast_is_the_rate_since_the_first_call_with_an_interval_of_its_days(ledger: Ledger) -> None:
    """First use on the 10th: ten whole days, and eleven hours of today, in which 0.125 USD was spent."""
    (row,) = ledger.rows(budget("f", name="search"))
    hours, left = 10 * 24 + 11, 10 * 24 + 13
    expected = 55.125 + 55.125 * left / hours
    assert float(row["forecast"]) == pytest.approx(expected, rel=1e-6)
    to_come = left / 24
    spread = statistics.stdev(range(1, 11)) * math.sqrt(to_come + to_come**2 / 10) * 1.383
    assert float(row["forecast_high"]) == pytest.approx(expected + spread, rel=1e-5)
    assert float(row["forecast_low"]) == pytest.approx(max(55.125, expected - spread), rel=1e-5)
    assert row["forecast_used"] == pytest.approx(expected / 100, abs=1e-5)
    assert row["forecast_method"] == "linear"


@pytest.mark.parametrize(
    ("zone", "since", "observed_hours", "hours_left"),
    [
        ("Europe/Berlin", "2026-10-31T23:00:00.000000Z", 252, 252),
        ("Asia/Kolkata", "2026-10-31T18:30:00.000000Z", 256.5, 247.5),
        ("Pacific/Auckland", "2026-10-31T11:00:00.000000Z", 240, 240),
    ],
)
def test_days_of_a_forecast_are_the_zones(
    ledger: Ledger, zone: str, since: str, observed_hours: float, hours_left: float
) -> None:
    """The first call, at 11:00 UTC on the 10th, is of the 10th in Berlin and Kolkata, of the 11th in Auckland."""
    (row,) = ledger.rows(budget("z", name="search", window=Window(period="month", zone=zone)))
    assert row["since"] == since
    assert float(row["forecast"]) == pytest.approx(55.125 * (1 + hours_left / observed_hours), rel=1e-6)


def test_a_rule_that_nobody_met_has_a_row_all_the_same(ledger: Ledger) -> None:
    each, named = ledger.rows(budget("a", scope="project"), budget("b", scope="user", name="bob"))
    assert (each["name"], each["spent"]) == ("search/web", "0.125")
    assert (named["name"], named["spent"], named["forecast"]) == ("bob", "0", "0")
    (nobody,) = ledger.rows(budget("c", scope="environment"))
    assert (nobody["name"], nobody["spent"], nobody["left"]) == (None, "0", "100")


def test_one_scope_or_one_rule_can_be_asked_for(ledger: Ledger) -> None:
    rules = budget("each"), budget("own", name="chat"), budget("all", scope="gateway", name="")
    assert {row["rule"] for row in ledger.rows(*rules, scope="team")} == {"each", "own"}
    assert [(row["rule"], row["name"]) for row in ledger.rows(*rules, scope="team/chat")] == [
        ("each", "chat"), ("own", "chat"),
    ]  # fmt: skip
    assert [row["rule"] for row in ledger.rows(*rules, rule="all")] == ["all"]
    limit = msgspec.structs.replace(budget("l", measure="requests"), kind="limit")
    assert [row["rule"] for row in ledger.rows(*rules, limit, kind="limit")] == ["l"] * 2


def test_keys_are_shown_with_their_names(ledger: Ledger) -> None:
    rows = ledger.rows(budget("k", scope="key"))
    assert {row["name"]: row["key_name"] for row in rows} == {"k0000001": "app", "k0000002": "bot"}


def test_a_reader_of_one_team_is_told_of_its_own_alone(ledger: Ledger) -> None:
    ledger.rules = (
        *(budget(scope, scope=scope) for scope in ("team", "key", "project", "user", "route", "environment", "model")),
        budget("all", scope="gateway", name=""), budget("theirs", name="chat"), budget("own", name="search"),
    )  # fmt: skip
    rows = ledger.service.ask_within("search", "budgets").rows
    assert {(row["rule"], row["name"]) for row in rows} == {
        ("team", "search"), ("key", "k0000001"), ("project", "search/web"), ("own", "search"),
    }  # fmt: skip


def test_spend_shows_the_fullest_budget_in_money_of_each_group(ledger: Ledger) -> None:
    ledger.rules = (
        budget("each"), budget("tight", name="chat", most=6 * USD), budget("tokens", measure="tokens", most=1),
        budget("keys", scope="key", most=10 * USD),
    )  # fmt: skip
    window = {"since": "2026-11-20T00:00:00Z", "until": "2026-11-20T12:00:00Z"}

    def shown(by: str) -> dict[str, tuple[Any, Any]]:
        rows = ledger.service.ask("spend", by=by, **window).rows
        return {row["group"]: (row["budget_usd"], row["budget_used"]) for row in rows}

    assert shown("team") == {"search": ("100", 0.55125), "chat": ("6", 0.833333)}
    assert shown("key") == {"app": ("10", 5.5125), "bot": ("10", 0.5)}
    assert shown("model") == {"gpt-4o": (None, None)}


def test_rules_that_cannot_be_told_are_an_error_and_not_none(tmp_path: Path) -> None:
    def broken() -> InForce:
        raise ValueError("the file is broken")

    service = LedgerService(Home(tmp_path / "home").make(), clock=lambda: NOW, in_force=broken)
    with pytest.raises(ValueError, match="broken"):
        service.ask("budgets")
    service.close()
