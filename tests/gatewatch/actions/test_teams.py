"""Teams as actions."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound, UsageError
from tests.kit.acting import Stage


def test_a_team_is_made_listed_and_shown_with_what_belongs_to_it(stage: Stage) -> None:
    stage.do("teams.create", name="search")
    key = stage.key("app", project="ranker", service="bot")
    shown = stage.do("teams.show", name="search")
    assert (shown["projects"], shown["services"], shown["keys"]) == (["ranker"], ["bot"], [key["id"]])
    assert stage.do("teams.list") == [shown]


def test_a_team_of_the_configuration_is_not_made_but_named_as_such(stage: Stage) -> None:
    with pytest.raises(NotAllowed, match="configuration file declares") as refused:
        stage.do("teams.create", name="billing")
    assert "teams:" in refused.value.next_step
    with pytest.raises(UsageError):
        stage.do("teams.create", name="a/b")


def test_who_belongs_to_one_team_sees_no_other_and_makes_none(stage: Stage) -> None:
    stage.do("teams.create", name="search")
    stage.do("teams.create", name="chat")
    actor = Actor(id="key:x", role="admin", team="chat")
    assert [team["name"] for team in stage.do("teams.list", actor)] == ["chat"]
    with pytest.raises(NotFound):
        stage.do("teams.show", actor, name="search")
    with pytest.raises(NotAllowed):
        stage.do("teams.create", actor, name="another")
    with pytest.raises(NotAllowed):
        stage.do("teams.create", Actor(id="uwe", role="user"), name="another")
