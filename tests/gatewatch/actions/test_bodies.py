"""Whoever reads a body may do so, and stands in the audit trail."""

from pathlib import Path

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import PERMISSIONS, Permission
from gatewatch.bodies.day_files import days, files_of
from gatewatch.errors import GatewatchError, NotAllowed, NotFound
from tests.kit.acting import Stage
from tests.kit.bodies_made import keep
from tests.kit.journals import a_call, segment, whole

CALL = a_call(0)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    segment(made.home, whole(CALL))
    keep(made.home, CALL, b'{"messages":[{"role":"user","content":"hello"}]}')
    keep(made.home, CALL, b'{"choices":[]}', "reply")
    return made


def readings(stage: Stage) -> list[tuple[str, str, str]]:
    with stage.acting() as acting:
        entries = acting.store.audit_entries(50)
    return [(each.actor, each.target, each.result) for each in entries if each.action == "bodies.read"]


def test_prompt_and_reply_are_told_and_the_reading_is_noted(stage: Stage) -> None:
    request, reply = stage.do("bodies.read", Actor(id="ada"), call_id=CALL.call_id)
    assert request["body"] == {"messages": [{"role": "user", "content": "hello"}]}
    assert (request["kind"], request["size"], request["cut"], request["redacted"]) == ("request", 48, 0, {})
    assert (reply["kind"], reply["body"]) == ("reply", {"choices": []})
    assert readings(stage) == [("ada", CALL.call_id, "ok")]


def test_only_super_admins_of_all_teams_and_live_calls_read(stage: Stage) -> None:
    assert [role for role, may in PERMISSIONS.items() if Permission.BODIES_READ in may] == ["super-admin"]
    for actor in (
        Actor(id="bob", role="admin"),
        Actor(id="key:1", key_id="k1", team="search"),
        Actor(id="key:2", key_id="k2", test_only=True),
    ):
        with pytest.raises(NotAllowed):
            stage.do("bodies.read", actor, call_id=CALL.call_id)
    assert readings(stage) == []


def test_what_is_not_kept_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound, match="no bodies are kept"):
        stage.do("bodies.read", call_id=a_call(1).call_id)


def test_a_file_that_went_or_broke_is_said(stage: Stage) -> None:
    stage.do("bodies.read", call_id=CALL.call_id)
    (day,) = days(stage.home.bodies)
    first, *others = files_of(stage.home.bodies, day)
    first.write_bytes(bytes(first.stat().st_size))
    with pytest.raises(GatewatchError, match="cannot be read"):
        stage.do("bodies.read", call_id=CALL.call_id)
    for path in (first, *others):
        path.unlink()
    with pytest.raises(NotFound, match="deleted"):
        stage.do("bodies.read", call_id=CALL.call_id)
