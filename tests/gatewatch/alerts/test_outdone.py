"""Of one overspend people hear once: by the alert that says most of it."""

import msgspec

from gatewatch.alerts.alert import Alert
from gatewatch.alerts.outdone import Fires, outdone
from gatewatch.config.alert_rules import alerts_of
from gatewatch.config.models import Config

BUILT_IN = {alert.name: alert for alert in alerts_of(Config())}


def fires(*alerts: Alert, subject: str = "budgets.company/usd") -> list[Fires]:
    return [Fires(f"{alert.name}|{subject}", subject, alert) for alert in alerts]


def of(*alerts: Alert) -> dict[str, str]:
    found = outdone(fires(*alerts))
    return {id.partition("|")[0]: by.partition("|")[0] for id, by in found.items()}


def test_a_budget_that_is_spent_is_told_of_once() -> None:
    all_four = [BUILT_IN[name] for name in ("budget-50", "budget-80", "budget-100", "forecast")]
    assert of(*all_four) == {"budget-50": "budget-100", "budget-80": "budget-100", "forecast": "budget-100"}


def test_what_is_expected_and_what_is_spent_so_far_are_two_things() -> None:
    assert of(BUILT_IN["budget-50"], BUILT_IN["budget-80"], BUILT_IN["forecast"]) == {"budget-50": "budget-80"}


def test_one_that_tells_nobody_or_is_less_urgent_keeps_no_other_quiet() -> None:
    mute = msgspec.structs.replace(BUILT_IN["budget-100"], do=("throttle",))
    assert of(BUILT_IN["budget-80"], mute) == {}
    calm = msgspec.structs.replace(BUILT_IN["budget-100"], severity="info")
    assert of(BUILT_IN["budget-80"], calm) == {}


def test_other_budgets_and_other_alerts_have_nothing_to_do_with_it() -> None:
    other = fires(BUILT_IN["budget-100"], subject="budgets.ads/usd")
    assert outdone(fires(BUILT_IN["budget-80"], BUILT_IN["server-errors"]) + other) == {}
