"""What is built in stands without a word, is changed by one and switched off by one."""

from pathlib import Path

from gatewatch.alerts.alert import Alert
from gatewatch.config import load
from gatewatch.config.alert_rules import alerts_of, told

MINUTE = 60_000_000
PICOS = 10**12


def watched(tmp_path: Path, text: str = "workers: 1") -> dict[str, Alert]:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(text, encoding="utf-8")
    return {alert.name: alert for alert in alerts_of(load(file, {}).config)}


def test_the_alarm_on_spend_is_on_by_default_at_five_times_the_usual(tmp_path: Path) -> None:
    velocity = watched(tmp_path)["velocity"]
    assert (velocity.when, velocity.per, velocity.bound) == ("velocity", "key", 5_000_000)
    assert (velocity.window, velocity.floor) == (10 * MINUTE, 1 * PICOS)
    assert velocity.do == ("notify",)


def test_budgets_are_told_of_at_50_80_and_100_percent_and_when_a_forecast_breaks_them(tmp_path: Path) -> None:
    built_in = watched(tmp_path)
    bounds = {name: each.bound for name, each in built_in.items() if each.when == "budget"}
    assert bounds == {"budget-50": 500_000, "budget-80": 800_000, "budget-100": 1_000_000}
    assert [each.bound for each in built_in.values() if each.when == "forecast"] == [1_000_000]


def test_every_condition_but_latency_and_bare_counts_has_an_alert_of_its_own(tmp_path: Path) -> None:
    whens = {each.when for each in watched(tmp_path).values()}
    assert whens >= {"5xx", "401", "429", "blocked", "unpriced", "velocity", "budget", "forecast", "key_age"}
    assert "ledger_lag" in whens


def test_shares_want_enough_calls(tmp_path: Path) -> None:
    shares = [each for each in watched(tmp_path).values() if each.unit == "share" and each.metric.source == "calls"]
    assert all(each.least >= 20 for each in shares)


def test_one_is_switched_off_under_its_name_and_another_changed_in_part(tmp_path: Path) -> None:
    text = "alerts: {velocity: {enabled: false}, budget-80: {do: [notify, step_down]}}"
    changed, built_in = watched(tmp_path, text), watched(tmp_path)
    assert set(built_in) - set(changed) == {"velocity"}
    assert changed["budget-80"].do == ("notify", "step_down")
    assert changed["budget-80"].bound == built_in["budget-80"].bound
    assert changed["budget-50"] == built_in["budget-50"]


def test_what_is_left_out_is_filled_in(tmp_path: Path) -> None:
    alert = watched(tmp_path, "alerts: {slow: {when: p95, above: 2s}}")["slow"]
    assert (alert.per, alert.window, alert.lasting) == ("gateway", 5 * MINUTE, 0)
    assert (alert.clear, alert.clear_for, alert.least) == (1_600_000, MINUTE, 20)


def test_one_call_is_enough_where_one_is_the_threshold_and_none_ends_it(tmp_path: Path) -> None:
    alert = watched(tmp_path, "alerts: {odd: {when: errors, above: 1}}")["odd"]
    assert (alert.least, alert.clear) == (1, 1)
    assert alert.is_over(1)
    assert alert.is_calm(0)
    assert not alert.is_calm(1)


def test_below_instead_of_above(tmp_path: Path) -> None:
    alert = watched(tmp_path, "alerts: {idle: {when: calls, below: 10}}")["idle"]
    assert (alert.below, alert.bound, alert.clear, alert.least) == (True, 10, 10, 0)


def test_people_are_told_what_is_watched(tmp_path: Path) -> None:
    shown = told(watched(tmp_path, "alerts: {slow: {when: ttft, above: 800ms, per: route, for: 30s}}")["slow"])
    assert shown == {
        "name": "slow", "when": "ttft", "fires": "from 800ms", "clears": "below 640ms", "per": "route", "only": None,
        "window": "5m", "for": "30s", "clear_for": "1m", "least": 20, "floor_usd": None, "do": ["notify"],
        "severity": "warning", "built_in": False,
    }  # fmt: skip
    old = told(watched(tmp_path)["old-keys"])
    assert (old["fires"], old["window"], old["built_in"]) == ("from 365d", None, True)
