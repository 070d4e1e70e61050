"""What fires is written, acts, is told, and comes back after a restart; what cannot be measured changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace as replaced

from gatewatch.alerts.alert import Alert
from gatewatch.alerts.crowd import MOST_TOLD
from gatewatch.alerts.silence import Silence
from gatewatch.control.alerts import Alerts
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from proxy.control.alerting.sinks.told import message_id
from proxy.settings import Override
from tests.kit.acting import MINUTE, SECOND
from tests.kit.alert_stage import FAILING, Stage

ERRORS = Alert(
    name="errors", when="5xx", per="team", unit="share", bound=100_000, clear=80_000, window=MINUTE,
    clear_for=10 * SECOND, least=5, do=("notify", "throttle"), severity="critical",
)  # fmt: skip
DRAIN = Alert(
    name="drain", when="velocity", per="key", unit="times", bound=5_000_000, clear=4_000_000, window=MINUTE,
    floor=10 * 10**12, do=("pause",), clear_for=0,
)  # fmt: skip
LAG = Alert(
    name="lag", when="ledger_lag", per="gateway", unit="time", bound=30 * SECOND, clear=5 * SECOND, window=MINUTE,
)  # fmt: skip
THROTTLED = Override(kind="throttle", scope="team", name="search", because="alert errors|team/search")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(Home(tmp_path / "home").make())
    stage.alerts = [ERRORS]
    yield stage
    stage.service.close()


async def test_a_spike_fires_acts_is_told_and_clears(stage: Stage) -> None:
    stage.calls(10)
    assert await stage.look() == []
    stage.calls(10, **FAILING)
    assert await stage.look() == [("errors|team/search", "firing")]
    (firing,) = stage.told
    assert (firing.value, firing.threshold, firing.severity) == ("50 %", "10 %", "critical")
    assert firing.text == (
        "errors: team/search: 50 % answers 5xx (10 of 20 calls in 1m); fires from 10 % on."
        " In force: throttle team/search."
    )
    assert stage.pushed[-1].overrides == (THROTTLED,)
    assert await stage.look(SECOND) == []
    assert await stage.look(61 * SECOND) == []  # gone from the window: now it has to stay so for ten seconds
    assert await stage.look(10 * SECOND) == [("errors|team/search", "cleared")]
    assert not stage.pushed[-1].overrides
    assert stage.rows() == {"errors|team/search": "cleared"}
    assert stage.trail() == [
        ("gateway", "alert.fire", "errors|team/search"),
        ("gateway", "alert.clear", "errors|team/search"),
    ]


async def test_few_calls_wake_nobody(stage: Stage) -> None:
    stage.calls(4, **FAILING)
    assert await stage.look() == []
    stage.calls(1, **FAILING)
    assert await stage.look() == [("errors|team/search", "firing")]


async def test_what_was_in_force_is_in_force_again_before_the_first_settings_of_a_restarted_gateway(
    stage: Stage,
) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    stage.engine = stage.started()
    assert stage.first.overrides == (THROTTLED,)
    assert await stage.look(SECOND) == []  # told before
    assert [alert["id"] for alert in stage.engine.live()] == ["errors|team/search"]
    await stage.look(60 * SECOND)
    assert await stage.look(10 * SECOND) == [("errors|team/search", "cleared")]


async def test_while_the_ledger_does_not_answer_nothing_clears_and_an_alarm_says_so(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    stage.locked = True
    for _ in range(3):
        assert await stage.look(5 * MINUTE) == []
    (alarm,) = stage.alarms.standing()
    assert alarm.id == "alerts"
    assert "cannot be judged" in alarm.text
    assert stage.rows() == {"errors|team/search": "firing"}
    stage.locked = False
    assert await stage.look() == []
    assert stage.alarms.standing() == []
    assert await stage.look(10 * SECOND) == [("errors|team/search", "cleared")]


async def test_a_ledger_that_is_behind_counts_as_silent_and_that_it_is_behind_fires(stage: Stage) -> None:
    stage.alerts = [ERRORS, LAG]
    stage.calls(10, **FAILING)
    await stage.look()
    stage.clock.now += 2 * MINUTE
    stage.told.clear()
    await stage.engine.settle()
    assert [(firing.id, firing.state, firing.value) for firing in stage.told] == [("lag|gateway", "firing", "2 min")]
    assert stage.rows() == {"errors|team/search": "firing", "lag|gateway": "firing"}
    assert [told for told in await stage.look() if told[0] == "lag|gateway"] == [("lag|gateway", "cleared")]


async def test_a_paused_key_stays_paused_until_somebody_resumes_it(stage: Stage) -> None:
    stage.alerts = [DRAIN]
    stage.calls(1, cost_picos=6 * 10**12)
    assert await stage.look() == []  # nobody is to be told
    paused = Override(kind="pause", scope="key", name="k0000001", because="alert drain|key/k0000001")
    assert stage.pushed[-1].overrides == (paused,)
    await stage.look(61 * SECOND)
    assert stage.rows() == {"drain|key/k0000001": "cleared"}
    assert stage.limits.limiting.overrides == (paused,)
    assert [alert["actions"] for alert in stage.engine.live()] == [["pause key/k0000001"]]
    with stage.store("ann") as store:
        Alerts(store).acknowledge("drain|key/k0000001", None, resume=True)
    await stage.look(SECOND)
    assert not stage.limits.limiting.overrides
    assert stage.engine.live() == []


async def test_spend_under_five_times_the_floor_is_usual_for_a_key_that_nobody_knows(stage: Stage) -> None:
    stage.alerts = [DRAIN]
    stage.calls(1, cost_picos=4_900_000_000_000)
    await stage.look()
    assert stage.rows() == {}


async def test_in_silence_it_acts_and_nobody_is_told_until_the_silence_is_over(stage: Stage) -> None:
    silence = Silence(
        id="s", pattern="errors", until=stage.clock.now + 30 * SECOND, reason="", created_at=0, created_by="ann"
    )
    with stage.store() as store:
        Alerts(store).silence(silence)
    stage.calls(10, **FAILING)
    assert await stage.look() == []
    assert stage.pushed[-1].overrides == (THROTTLED,)
    assert stage.engine.standing() == []
    assert [alert["silenced"] for alert in stage.engine.live()] == [True]
    assert await stage.look(31 * SECOND) == [("errors|team/search", "firing")]
    assert [alarm.id for alarm in stage.engine.standing()] == ["alert:errors|team/search"]


async def test_what_began_and_ended_in_silence_nobody_is_told(stage: Stage) -> None:
    with stage.store() as store:
        Alerts(store).silence(Silence(id="s", pattern="*", until=2**62, reason="", created_at=0, created_by="ann"))
    stage.calls(10, **FAILING)
    assert await stage.look() == []
    assert await stage.look(61 * SECOND) == []
    assert await stage.look(10 * SECOND) == []
    assert stage.rows() == {"errors|team/search": "cleared"}


async def test_what_was_acknowledged_is_no_news(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    with stage.store("ann") as store:
        Alerts(store).acknowledge("errors|team/search", None, resume=False)
    assert await stage.look(SECOND) == []
    assert stage.engine.standing() == []
    assert [alert["state"] for alert in stage.engine.live()] == ["acknowledged"]
    assert stage.limits.limiting.overrides == (THROTTLED,)


async def test_an_alert_that_is_taken_out_of_the_configuration_is_over(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    stage.alerts = []
    assert await stage.look(SECOND) == [("errors|team/search", "cleared")]
    assert not stage.limits.limiting.overrides
    with stage.store() as store:
        (newest, *_) = store.audit_entries()
    assert newest.after is not None
    assert newest.after["why"] == "it is no longer configured"


async def test_a_sink_is_told_until_it_has_heard_also_by_the_gateway_after_a_killed_one(stage: Stage) -> None:
    stage.takes = False
    stage.calls(10, **FAILING)
    assert await stage.look() == [("errors|team/search", "firing")]
    (first,) = stage.told
    stage.engine = stage.started()
    stage.takes = True
    assert await stage.look(SECOND) == [("errors|team/search", "firing")]
    (again,) = stage.told
    assert message_id(first, "gw") == message_id(again, "gw")
    assert await stage.look(SECOND) == []


async def test_a_sink_that_took_it_late_is_told_that_it_is_over(stage: Stage) -> None:
    stage.takes = False
    stage.calls(10, **FAILING)
    await stage.look()
    (late,) = stage.told
    await stage.look(61 * SECOND)
    assert await stage.look(10 * SECOND) == []
    stage.takes = True
    stage.on_heard("stage", late)
    assert await stage.look(SECOND) == [("errors|team/search", "cleared")]
    assert await stage.look(SECOND) == []


async def test_what_is_told_of_it_is_how_it_is_by_now(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    stage.calls(30)
    assert await stage.look(SECOND) == []
    (live,) = stage.engine.live()
    assert (live["value"], live["fired_value"], live["measured"]) == ("25 %", "100 %", 250_000)
    (alarm,) = stage.engine.standing()
    assert "25 % answers 5xx (10 of 40 calls in 1m)" in alarm.text
    stage.calls(90)
    await stage.look(SECOND)
    assert await stage.look(10 * SECOND) == [("errors|team/search", "cleared")]
    (over,) = stage.told
    assert over.value == "7.6 %"
    assert over.text.startswith("Over: errors: team/search: 7.6 % answers 5xx (10 of 130 calls in 1m)")
    assert "In force" not in over.text
    with stage.store() as store:
        cleared, *_ = store.audit_entries()
    assert cleared.before is not None
    assert cleared.before["value"] == "100 %"


async def test_of_what_is_gone_no_old_value_is_told(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    await stage.look(61 * SECOND)
    await stage.look(10 * SECOND)
    (over,) = stage.told
    assert (over.value, over.text) == ("none", "Over: errors: team/search: nothing is seen of it any more.")


async def test_another_configuration_reaches_what_fires_already(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    stage.alerts = [replaced(ERRORS, do=("notify", "step_down"), severity="info", bound=200_000)]
    await stage.look(SECOND)
    (live,) = stage.engine.live()
    assert (live["severity"], live["threshold"], live["actions"]) == ("info", "20 %", ["step_down team/search"])
    assert [override.kind for override in stage.limits.limiting.overrides] == ["step_down"]


async def test_what_an_operator_lifted_stays_lifted_while_it_fires(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    with stage.store("ann") as store:
        Alerts(store).acknowledge("errors|team/search", None, resume=True)
    stage.calls(10, **FAILING)
    await stage.look(SECOND)
    assert not stage.limits.limiting.overrides


async def test_a_pause_outlives_a_configuration_without_it(stage: Stage) -> None:
    stage.alerts = [DRAIN]
    stage.calls(1, cost_picos=60 * 10**12)
    await stage.look()
    stage.alerts = [replaced(DRAIN, do=("notify",))]
    await stage.look(SECOND)
    assert [override.kind for override in stage.limits.limiting.overrides] == ["pause"]


async def test_a_drain_that_goes_on_does_not_become_the_usual(stage: Stage) -> None:
    stage.alerts = [replaced(DRAIN, do=("notify",), window=10 * MINUTE, floor=10**12)]
    told = []
    for _ in range(25):
        stage.calls(1, cost_picos=10**12)
        told += await stage.look(MINUTE)
    assert told == [("drain|key/k0000001", "firing")]


async def test_of_a_crowd_the_worst_fire_and_the_others_are_told_together(stage: Stage) -> None:
    stage.alerts = [replaced(ERRORS, per="user", least=1, do=("notify",))]
    stage.crowd(300)
    told = await stage.look()
    assert len(told) == MOST_TOLD + 1
    (more,) = (firing for firing in stage.told if firing.subject == "more")
    assert "250 more subjects, among them user/" in more.text
    assert len([entry for entry in stage.trail() if entry[1] == "alert.fire"]) == MOST_TOLD + 1
    await stage.look(61 * SECOND)
    assert len(await stage.look(10 * SECOND)) == MOST_TOLD + 1


async def test_that_it_is_over_is_told_when_the_silence_is_over(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    with stage.store() as store:
        until = stage.clock.now + 5 * MINUTE
        Alerts(store).silence(Silence(id="s", pattern="errors", until=until, reason="", created_at=0, created_by="ann"))
    await stage.look(61 * SECOND)
    assert await stage.look(10 * SECOND) == []
    assert stage.rows() == {"errors|team/search": "cleared"}
    assert await stage.look(5 * MINUTE) == [("errors|team/search", "cleared")]


async def test_a_store_that_cannot_be_opened_is_said_and_leaves_in_force_what_is(stage: Stage) -> None:
    stage.calls(10, **FAILING)
    await stage.look()
    moved = stage.home.control.rename(stage.home.root / "away.db")
    stage.home.control.mkdir()
    assert await stage.look(SECOND) == []
    assert [alarm.id for alarm in stage.alarms.standing()] == ["alerts"]
    assert stage.limits.limiting.overrides == (THROTTLED,)
    stage.home.control.rmdir()
    moved.rename(stage.home.control)
    await stage.look(SECOND)
    assert stage.alarms.standing() == []


async def test_ages_that_cannot_be_told_do_not_keep_others_from_being_judged(stage: Stage) -> None:
    old = replaced(LAG, name="old", when="key_age", per="provider_key")

    def ages() -> dict[str, int]:
        raise GatewatchError("the store is away")

    stage.engine._looking._ages = ages
    stage.alerts = [old, ERRORS]
    stage.calls(10, **FAILING)
    assert await stage.look() == [("errors|team/search", "firing")]
    assert "the store is away" in stage.alarms.standing()[0].text
