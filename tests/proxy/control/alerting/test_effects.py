"""What an alert does to calls, by what it is about."""

import pytest

from gatewatch.alerts.alert import Alert, Deed, Reading
from gatewatch.control.alerts import AlertRow, Effect
from proxy.control.alerting.effects import effects, overrides
from proxy.settings import Override


def done(scope: str, name: str, *deeds: Deed) -> list[str]:
    alert = Alert(name="a", when="errors", per="gateway", unit="share", bound=1, clear=1, window=1, do=deeds)
    return list(map(str, effects(alert, Reading(subject="s", scope=scope, name=name, value=1))))


@pytest.mark.parametrize(
    ("scope", "name", "deed", "effect"),
    [
        ("route", "chat", "step_down", ["step_down route/chat"]),
        ("team", "search", "throttle", ["throttle team/search"]),
        ("gateway", "", "throttle", ["throttle gateway"]),
        ("key", "k1", "pause", ["pause key/k1"]),
        ("provider", "openai", "shift", ["shift provider/openai"]),
        ("provider_key", "openai/main", "shift", ["shift provider/openai"]),
        ("model", "openai/gpt-4o", "shift", ["shift model/openai/gpt-4o"]),
        ("model", "openai/gpt-4o", "throttle", []),  # of a budget: it is not known of a call yet
        ("team", "search", "pause", []),
        ("team", "search", "notify", []),
    ],
)
def test_each_deed_is_done_to_what_it_can_be_done_to(scope: str, name: str, deed: Deed, effect: list[str]) -> None:
    assert done(scope, name, deed) == effect


def test_several_deeds_stand_beside_each_other() -> None:
    assert done("key", "k1", "notify", "throttle", "pause") == ["throttle key/k1", "pause key/k1"]


def test_workers_are_told_which_alert_it_was() -> None:
    row = AlertRow(
        id="drain|key/k1", alert="drain", subject="key/k1", state="cleared", severity="info", value="", threshold="",
        text="", since=0, changed_at=0,  actions=(Effect(kind="pause", scope="key", name="k1"),),
    )  # fmt: skip
    assert overrides([row]) == (Override(kind="pause", scope="key", name="k1", because="alert drain|key/k1"),)
