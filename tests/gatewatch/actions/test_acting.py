"""What an action works with: an actor's rights and reach."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import Permission
from gatewatch.errors import NotAllowed, NotFound
from tests.kit.acting import RunningGateway, Stage


def test_a_right_that_is_missing_is_named_with_the_role_and_the_next_step(stage: Stage) -> None:
    with stage.acting(Actor(id="uwe", role="user")) as acting:
        acting.require(Permission.KEYS_VIEW)
        with pytest.raises(NotAllowed, match=r"uwe has the role user, which does not include keys\.create") as refused:
            acting.require(Permission.KEYS_CREATE)
    assert "gatewatch roles list" in refused.value.next_step


def test_an_admin_key_is_managed_by_who_may_and_seen_by_all(stage: Stage) -> None:
    boss = stage.key("boss", kind="admin")
    with stage.acting(Actor(id="uwe", role="admin")) as acting:
        assert acting.seen_key("boss").id == boss["id"]
        with pytest.raises(NotAllowed, match="admin_keys"):
            acting.key("boss")


def test_keys_and_teams_beyond_the_own_team_are_not_found(stage: Stage) -> None:
    ours, theirs = stage.key("app"), stage.key("other", team="chat")
    stage.key("boss", kind="admin", role="super-admin")  # of this team, for all teams
    with stage.acting(Actor(id="key:x", team="search")) as acting:
        keys = acting.keys()
        assert [key.id for key in keys] == [ours["id"]]
        assert acting.key("app").id == ours["id"]
        for reference in (theirs["id"], "other", "boss"):
            with pytest.raises(NotFound):
                acting.key(reference)
        acting.check_reach("search")
        for team in ("chat", "nobody"):
            with pytest.raises(NotFound, match="there is no team"):
                acting.check_reach(team)
            with pytest.raises(NotFound):
                acting.keys(team)


def test_keys_beyond_the_own_project_or_environment_are_not_found(stage: Stage) -> None:
    ours = stage.key("app", project="ranker", environment="test")
    for name, fields in (
        ("other project", {"project": "indexer", "environment": "test"}),
        ("no project", {"environment": "test"}),
        ("live", {"project": "ranker"}),
    ):
        stage.key(name, **fields)
        stage.key("app", **fields)
    actor = Actor(id="key:x", team="search", project="ranker", test_only=True)
    with stage.acting(actor) as acting:
        keys = acting.keys()
        assert [key.id for key in keys] == [ours["id"]]
        assert acting.key("app").id == ours["id"], "keys that are not known make no name ambiguous"
        for name in ("other project", "no project", "live"):
            with pytest.raises(NotFound):
                acting.key(name)


def test_whoever_came_with_a_key_has_it(stage: Stage) -> None:
    boss = stage.key("boss", kind="admin")
    with stage.acting(Actor(id=f"key:{boss['id']}", key_id=boss["id"])) as acting:
        own = acting.own_key()
        assert own is not None
        assert own.id == boss["id"]
    with stage.acting() as acting:
        assert acting.own_key() is None


def test_without_a_gateway_and_without_a_way_of_its_own_nothing_is_rotated(stage: Stage) -> None:
    with stage.acting() as acting, pytest.raises(NotAllowed):
        acting.rotator()


def test_what_runs_is_known(stage: Stage) -> None:
    stage.gateway = RunningGateway({"x": 1})
    with stage.acting() as acting:
        assert acting.gateway is stage.gateway
