"""What the configuration was when a call was served."""

from gatewatch.authority.actor import Actor
from gatewatch.control.configuration_versions import ConfigurationVersions
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from tests.kit.acting import Stage

AT = 1_795_168_800_000_000
"""2026-11-20T10:00:00Z."""
MONTH = Rule(id="budgets.all/usd", kind="budget", scope="gateway", name="", measure="picos", most=10**12,
             soft=8 * 10**11, window=Window(period="month"))  # fmt: skip


def test_a_call_is_told_what_was_in_force_and_how_that_differs_from_now(stage: Stage) -> None:
    with stage.acting() as acting:
        versions = ConfigurationVersions(acting.store)
        versions.note("old", {"budgets.all.usd": "1.00"}, {"bot": "r1"}, [MONTH], "/etc/g.yaml", "ann", AT)
        versions.note("new", {"budgets.all.usd": "5.00"}, {"bot": "r2"}, [])
    told = stage.do("configuration.explain", version="old", route="bot", route_version="r1", rules=[MONTH.id], at=AT)
    version = told["version"]
    assert (version["changed_by"], version["file"], version["in_force"]) == ("ann", "/etc/g.yaml", False)
    assert version["changed_at"] == "2026-11-20T10:00:00.000000Z"
    assert version["differences"] == [{"key": "budgets.all.usd", "then": "1.00", "now": "5.00"}]
    assert (told["route"]["in_force"], told["route"]["now"], told["now"]) == (False, "r2", "new")
    rule = told["rules"][MONTH.id]
    assert (rule["of"], rule["scope"], rule["window"], rule["soft"]) == ("gateway", "gateway", "month", "0.8")
    assert rule["begins_anew"] == "2026-12-01T00:00:00.000000Z"


def test_what_was_not_noted_is_none(stage: Stage) -> None:
    told = stage.do("configuration.explain", version="x", route="bot", route_version="y", rules=["gone"])
    assert (told["version"], told["route"], told["now"]) == (None, None, None)
    assert told["rules"]["gone"]["kind"] is None


def test_the_last_deed_on_a_rule_is_for_those_who_may_see_the_trail(stage: Stage) -> None:
    with stage.acting() as acting:
        acting.store.audit("budget.grant", MONTH.id)
    asked = {"rules": [MONTH.id]}
    mine = stage.do("configuration.explain", **asked)["rules"][MONTH.id]["changed"]
    assert mine["action"] == "budget.grant"
    reader = Actor(id="key:r", role="user", key_id="r")
    assert stage.do("configuration.explain", reader, **asked)["rules"][MONTH.id]["changed"] is None


def test_what_was_done_to_a_rule_after_the_call_is_not_told_of_it(stage: Stage) -> None:
    with stage.acting() as acting:
        acting.store.audit("budget.set", MONTH.id)
        met_at = stage.clock.now
        stage.clock.now += 1_000_000
        acting.store.audit("budget.grant", MONTH.id)

    def last(at: int) -> str:
        told = stage.do("configuration.explain", rules=[MONTH.id], at=at)["rules"][MONTH.id]["changed"]
        return str(told["action"])

    assert last(met_at) == "budget.set"
    assert last(stage.clock.now) == "budget.grant"
