"""Versions of a route are listed, and compared key by key."""

import pytest

from gatewatch.errors import NotFound
from tests.kit.acting import Stage


def test_versions_are_listed_the_newest_first_with_the_one_in_force(routes: Stage) -> None:
    found = routes.do("routes.versions", route="chat")
    assert [(each["version"], each["in_force"]) for each in found] == [("c3", True), ("b2", False), ("a1", False)]
    assert [each["until"] for each in found] == [None, found[0]["since"], found[1]["since"]]
    assert found[1]["targets"] == ["openai/gpt-4o"]
    routes.do("routes.rollback", route="chat")
    rolled_back = routes.do("routes.versions", route="chat")
    assert [each["in_force"] for each in rolled_back] == [False, True, False]
    assert [each["until"] for each in rolled_back] == [None, None, found[1]["since"]], "what is in force has no end yet"


def test_two_versions_are_compared_the_last_change_unless_said_otherwise(routes: Stage) -> None:
    last = routes.do("routes.diff", route="chat")
    assert (last["then"], last["now"]) == ("b2", "c3")
    assert [each["key"] for each in last["differences"]] == ["targets"]
    assert routes.do("routes.diff", route="chat", then="a", now="b")["differences"] == [
        {"key": "targets", "then": ["openai/gpt-4"], "now": ["openai/gpt-4o"]}
    ]
    with pytest.raises(NotFound, match="before a1"):
        routes.do("routes.diff", route="chat", now="a1")


def test_of_a_rolled_back_route_it_is_what_is_in_force_that_is_compared(routes: Stage) -> None:
    routes.do("routes.rollback", route="chat")
    found = routes.do("routes.diff", route="chat")
    assert (found["then"], found["now"]) == ("a1", "b2")


def test_versions_of_a_route_that_is_gone_are_told_still(routes: Stage) -> None:
    text = routes.home.config.read_text()
    routes.home.config.write_text(text.replace("  chat:", "  talk:"))
    assert len(routes.do("routes.versions", route="chat")) == 3
    with pytest.raises(NotFound, match="no version of talk"):
        routes.do("routes.versions", route="talk")
    with pytest.raises(NotFound, match="no route 'nothing'"):
        routes.do("routes.versions", route="nothing")
