"""Routes as they stand: what the configuration says, what is in force over it, and what somebody has to know."""

import pytest

from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.errors import NotFound
from tests.gatewatch.actions.routes.conftest import route
from tests.kit.acting import MINUTE, Stage


def test_every_configured_route_is_listed_in_its_order(routes: Stage) -> None:
    chat, resident = routes.do("routes.list")
    assert (chat["route"], chat["version"], chat["targets"]) == ("chat", "c3", ["openai/gpt-4o", "groq/llama"])
    assert (resident["route"], resident["version"], resident["strategy"]) == ("resident", "r2", "order")
    assert chat["overrides"] == chat["notes"] == []


def test_a_home_without_a_configuration_has_no_routes(stage: Stage) -> None:
    assert stage.do("routes.list") == []


def test_a_rolled_back_route_is_shown_as_it_is_in_force(routes: Stage) -> None:
    routes.do("routes.rollback", route="chat", version="a1")
    chat = routes.do("routes.list")[0]
    assert (chat["version"], chat["configured"], chat["targets"]) == ("a1", "c3", ["openai/gpt-4"])
    assert chat["notes"] == ["rolled back from c3"]


def test_a_configuration_that_has_changed_since_is_said(routes: Stage) -> None:
    routes.do("routes.rollback", route="chat")
    routes.store(lambda store: RouteVersions(store).note({"chat": route("d4", "groq/new")}, WrittenBy(config="c")))
    chat = routes.do("routes.list")[0]
    assert (chat["version"], chat["configured"]) == ("b2", "d4")
    assert chat["notes"] == ["rolled back; the configuration has changed since, to d4"]


def test_one_route_is_shown_whole_as_it_is_or_as_it_was(routes: Stage) -> None:
    shown = routes.do("routes.show", route="chat")
    assert (shown["version"], shown["in_force"], shown["configured"]) == ("c3", True, "c3")
    assert shown["definition"] == {"targets": ["openai/gpt-4o", "groq/llama"], "strategy": "order"}
    old = routes.do("routes.show", route="chat", version="a1")
    assert (old["in_force"], old["definition"]["targets"]) == (False, ["openai/gpt-4"])
    with pytest.raises(NotFound):
        routes.do("routes.show", route="chat", version="zz")


def test_what_is_put_over_a_route_that_is_gone_is_not_lost_from_sight(routes: Stage) -> None:
    routes.do("routes.rollback", route="chat")
    text = routes.home.config.read_text()
    routes.home.config.write_text(text.replace("  chat:", "  talk:"))
    gone = routes.do("routes.list")[-1]
    assert (gone["route"], gone["notes"][0]) == ("chat", "the configuration no longer has it")
    routes.do("routes.lift_rollback", route="chat")
    assert [each["route"] for each in routes.do("routes.list")] == ["talk", "resident"]


def test_a_canary_whose_target_is_drained_is_seen_to_be_so(routes: Stage) -> None:
    routes.do("routes.canary", route="chat", to="groq/small", share="5%")
    routes.do("routes.drain", target="groq/small")
    assert [each["kind"] for each in routes.do("routes.list")[0]["overrides"]] == ["canary", "drain"]


def test_a_step_that_is_overdue_says_what_it_waits_for(routes: Stage) -> None:
    routes.do("routes.canary", route="chat", to="groq/small", steps=["5%", "25%"], every_us=MINUTE)
    assert routes.do("routes.list")[0]["notes"] == []
    routes.clock.now += 2 * MINUTE
    (note,) = routes.do("routes.list")[0]["notes"]
    assert "waits until 20 tries went well" in note
