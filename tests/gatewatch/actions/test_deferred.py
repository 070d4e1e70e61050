"""Operators see which calls wait and end them, within their reach; nobody sees what they say."""

from pathlib import Path
from typing import Any

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.deferred.store import DeferredStore
from gatewatch.errors import GatewatchError, NotAllowed, NotFound
from tests.gatewatch.deferred.test_store import add, end
from tests.kit.acting import Stage

OF_SEARCH = Actor(id="key:1", role="admin", key_id="k1", team="search")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    store = DeferredStore(made.home.deferred)
    add(store, "c1", team="search", environment="live")
    add(store, "c2", team="support", environment="test")
    store.close()
    return made


def states(stage: Stage, *actor: Actor, **asked: Any) -> dict[str, str]:
    return {row["call_id"]: row["status"] for row in stage.do("deferred.list", *actor, **asked)}


def test_they_are_listed_without_a_word_of_what_they_say(stage: Stage) -> None:
    assert states(stage) == {"c2": "queued", "c1": "queued"}
    assert "nobody else may read" not in str(stage.do("deferred.list"))
    assert "nobody else may read" not in str(stage.do("deferred.show", call_id="c1"))


def test_a_key_of_one_team_sees_that_teams_alone(stage: Stage) -> None:
    assert states(stage, OF_SEARCH) == {"c1": "queued"}
    for deed in ("deferred.show", "deferred.cancel"):
        with pytest.raises(NotFound):
            stage.do(deed, OF_SEARCH, call_id="c2")
    assert states(stage, Actor(id="key:2", role="user", key_id="k2", test_only=True)) == {"c2": "queued"}


def test_one_that_waits_is_cancelled_and_that_stands_in_the_audit_trail(stage: Stage) -> None:
    assert stage.do("deferred.cancel", OF_SEARCH, call_id="c1")["status"] == "cancelling"
    with stage.acting() as acting:
        (entry,) = [each for each in acting.store.audit_entries(10) if each.action == "deferred.cancel"]
    assert (entry.target, entry.before, entry.after) == ("c1", {"status": "queued"}, {"status": "cancelling"})


def test_of_one_that_has_ended_the_reply_is_deleted(stage: Stage) -> None:
    store = DeferredStore(stage.home.deferred)
    end(store, "c1")
    store.recorded("c1")
    assert stage.do("deferred.cancel", call_id="c1")["status"] == "deleted"
    assert store.ended("c1") is None
    store.close()


def test_who_may_only_look_cancels_nothing(stage: Stage) -> None:
    with pytest.raises(NotAllowed):
        stage.do("deferred.cancel", Actor(id="uwe", role="user"), call_id="c1")
    assert states(stage)["c1"] == "queued"


def test_what_was_never_deferred_is_not_found(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        stage.do("deferred.show", call_id="c9")
    (tmp_path / "other").mkdir()
    nobody = Stage(tmp_path / "other")
    assert nobody.do("deferred.list") == []
    with pytest.raises(NotFound):
        nobody.do("deferred.cancel", call_id="c1")


def test_a_store_that_cannot_be_read_is_an_error(stage: Stage) -> None:
    stage.home.deferred.write_bytes(b"no database" * 1000)
    with pytest.raises(GatewatchError, match="cannot be read"):
        stage.do("deferred.list")
