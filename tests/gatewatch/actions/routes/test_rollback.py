"""A rollback: the version before, or a named one; refused where calls may not go there any more; lifted."""

from typing import Any

import pytest

from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.errors import NotAllowed, NotFound, UsageError
from tests.gatewatch.actions.routes.conftest import FILE, route
from tests.kit.acting import HOUR, Stage


class Told:
    """As much of a gateway as is told of changes."""

    def __init__(self) -> None:
        self.times = 0

    def routes_changed(self) -> None:
        self.times += 1


def in_force(routes: Stage) -> str:
    found: list[dict[str, Any]] = routes.do("routes.list")
    return str(next(each["version"] for each in found if each["route"] == "chat"))


def test_it_goes_back_one_version_and_one_more_each_time(routes: Stage) -> None:
    routes.gateway = Told()
    first = routes.do("routes.rollback", route="chat", reason="c3 is slow")
    assert first["done"]
    assert (first["id"], first["version"], first["instead_of"]) == ("rollback:chat", "b2", "c3")
    assert first["differences"] == [
        {"key": "targets", "then": ["openai/gpt-4o", "groq/llama"], "now": ["openai/gpt-4o"]}
    ]
    second = routes.do("routes.rollback", route="chat")
    assert (second["version"], second["before"], second["instead_of"]) == ("a1", "b2", "c3")
    with pytest.raises(NotFound, match="no version before a1"):
        routes.do("routes.rollback", route="chat")
    assert in_force(routes) == "a1"
    assert routes.gateway.times == 2
    assert [deed[:2] for deed in routes.deeds()][-2:] == [("route.rollback", "chat")] * 2


def test_a_version_is_named_by_its_beginning(routes: Stage) -> None:
    assert routes.do("routes.rollback", route="chat", version="a")["version"] == "a1"
    for named in ("", "x", "a2"):
        with pytest.raises(NotFound):
            routes.do("routes.rollback", route="chat", version=named)


def test_what_is_in_force_or_configured_is_nothing_to_go_back_to(routes: Stage) -> None:
    with pytest.raises(UsageError, match="in force already"):
        routes.do("routes.rollback", route="chat", version="c3")
    routes.do("routes.rollback", route="chat")
    with pytest.raises(UsageError, match="what the configuration says") as refused:
        routes.do("routes.rollback", route="chat", version="c3")
    assert "--lift" in refused.value.next_step


def test_a_dry_run_says_what_would_be_different_and_does_nothing(routes: Stage) -> None:
    told = routes.do("routes.rollback", route="chat", dry=True)
    assert told["differences"]
    assert (told["done"], told["version"]) == (False, "b2")
    assert not told.keys() & {"id", "created_at", "created_by"}
    assert in_force(routes) == "c3"
    assert "route.rollback" not in [action for action, _, _ in routes.deeds()]


def test_a_target_whose_provider_is_gone_is_nothing_to_go_back_to(routes: Stage) -> None:
    routes.home.config.write_text(FILE.replace("openai:", "azure:").replace("openai/", "azure/"))
    with pytest.raises(NotAllowed, match=r"version b2 of chat .* provider openai is not configured"):
        routes.do("routes.rollback", route="chat")
    assert in_force(routes) == "c3"


def test_what_the_configuration_asks_for_the_sake_of_privacy_is_not_rolled_back(routes: Stage) -> None:
    with pytest.raises(NotAllowed, match="stay in eu"):
        routes.do("routes.rollback", route="resident")


def test_a_version_that_stays_where_its_targets_no_longer_are_is_refused(routes: Stage) -> None:
    """The configuration asks nothing of chat now; but the version does, and its calls could go nowhere."""
    old = route("e0", "groq/llama", region="eu")
    routes.store(lambda store: RouteVersions(store).note({"chat": old}, WrittenBy(config="c")))
    routes.store(lambda store: RouteVersions(store).note({"chat": route("c3", "openai/gpt-4o")}, WrittenBy(config="c")))
    with pytest.raises(NotAllowed, match="groq/llama: provider groq has no region that is known, and calls of chat"):
        routes.do("routes.rollback", route="chat", version="e0")


def test_it_is_over_when_it_is_lifted_or_its_time_is_over(routes: Stage) -> None:
    assert "until" not in routes.do("routes.rollback", route="chat")
    assert routes.do("routes.lift_rollback", route="chat")["version"] == "b2"
    assert in_force(routes) == "c3"
    with pytest.raises(NotFound, match="not rolled back"):
        routes.do("routes.lift_rollback", route="chat")
    routes.do("routes.rollback", route="chat", for_us=HOUR)
    assert in_force(routes) == "b2"
    routes.clock.now += HOUR
    assert in_force(routes) == "c3"


def test_a_route_that_is_not_there_is_named_with_the_nearest(routes: Stage) -> None:
    with pytest.raises(NotFound, match="'caht'") as missed:
        routes.do("routes.rollback", route="caht")
    assert "chat" in missed.value.next_step


@pytest.mark.parametrize(("field", "value"), [("for_us", 0), ("for_us", 401 * 24 * HOUR), ("reason", " ")])
def test_a_time_or_a_reason_that_is_none_is_refused(routes: Stage, field: str, value: Any) -> None:
    with pytest.raises(UsageError):
        routes.do("routes.rollback", route="chat", **{field: value})
