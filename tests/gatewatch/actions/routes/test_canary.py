"""A canary: a share, teams, steps; changed, lifted; refused where calls of the route may not go."""

from typing import Any

import pytest

from gatewatch.errors import GatewatchError, NotAllowed, NotFound, UsageError
from tests.kit.acting import MINUTE, Stage

TO = "groq/small"


def test_a_share_of_calls_goes_to_a_target_and_another_share_later(routes: Stage) -> None:
    made = routes.do("routes.canary", route="chat", to=TO, share="5%", reason="cheaper")
    assert (made["id"], made["target"], made["share"]) == ("canary:chat", TO, "5%")
    routes.clock.now += MINUTE
    changed = routes.do("routes.canary", route="chat", share="0.5%")
    assert (changed["target"], changed["share"], changed["reason"]) == (TO, "0.5%", "cheaper")
    assert routes.do("routes.lift_canary", route="chat")["share"] == "0.5%"
    with pytest.raises(NotFound, match="no canary"):
        routes.do("routes.lift_canary", route="chat")


def test_whole_teams_go_there(routes: Stage) -> None:
    routes.key("app", team="search")
    made = routes.do("routes.canary", route="chat", to=TO, teams=["search"])
    assert (made["share"], made["teams"]) == ("0%", ["search"])
    with pytest.raises(NotFound, match="no team 'web'") as refused:
        routes.do("routes.canary", route="chat", teams=["web"])
    assert "or add --create-team" not in (refused.value.next_step or ""), "a canary has no such option"


def test_the_first_step_is_taken_at_once(routes: Stage) -> None:
    made = routes.do("routes.canary", route="chat", to=TO, steps=["5%", "25%", "100%"], every_us=10 * MINUTE)
    assert (made["share"], made["steps"], made["every"]) == ("5%", ["25%", "100%"], "10m")
    assert "next_at" in made


def test_with_a_share_the_steps_come_behind_it(routes: Stage) -> None:
    routes.key("app", team="search")
    made = routes.do("routes.canary", route="chat", to=TO, share="1%", steps=["search", "100%"], every_us=MINUTE)
    assert (made["share"], made["steps"]) == ("1%", ["search", "100%"])
    with pytest.raises(UsageError, match="not above"):
        routes.do("routes.canary", route="chat", to=TO, share="10%", steps=["5%", "50%"], every_us=MINUTE)


def test_a_new_share_ends_the_steps(routes: Stage) -> None:
    routes.do("routes.canary", route="chat", to=TO, steps=["5%", "100%"], every_us=MINUTE)
    made = routes.do("routes.canary", route="chat", share="10%")
    assert made.keys().isdisjoint({"steps", "next_at", "every"})


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"share": "5%"}, UsageError),  # where to?
        ({"to": TO}, UsageError),  # which calls?
        ({"to": TO, "share": "5"}, UsageError),
        ({"to": "groq", "share": "5%"}, UsageError),
        ({"to": TO, "steps": ["5%"]}, UsageError),  # how long between them?
        ({"to": TO, "share": "5%", "every_us": MINUTE}, UsageError),
        ({"to": TO, "steps": ["5%"], "every_us": 5}, UsageError),
        ({"to": TO, "steps": ["50%", "5%"], "every_us": MINUTE}, UsageError),
        ({"to": "nobody/x", "share": "5%"}, NotAllowed),
        ({"to": TO, "share": "5%", "reason": ""}, UsageError),
    ],
)
def test_what_makes_no_canary_is_refused(routes: Stage, asked: dict[str, Any], error: type[GatewatchError]) -> None:
    with pytest.raises(error):
        routes.do("routes.canary", route="chat", **asked)
    assert all(not each["overrides"] for each in routes.do("routes.list"))


def test_calls_that_stay_in_a_region_have_no_canary_elsewhere(routes: Stage) -> None:
    with pytest.raises(NotAllowed, match="stay in eu"):
        routes.do("routes.canary", route="resident", to=TO, share="5%")
    assert routes.do("routes.canary", route="resident", to="openai/new", share="5%")["target"] == "openai/new"


def test_where_all_calls_go_already_there_is_nothing_to_try(routes: Stage) -> None:
    with pytest.raises(UsageError, match="go to openai/gpt-4o already"):
        routes.do("routes.canary", route="resident", to="openai/gpt-4o", share="5%")


def test_what_is_drained_takes_no_canary(routes: Stage) -> None:
    routes.do("routes.drain", target="groq")
    with pytest.raises(NotAllowed, match="drained") as refused:
        routes.do("routes.canary", route="chat", to=TO, share="5%")
    assert "undrain groq" in refused.value.next_step
