"""What is put in force for a while concerns those calls that it names."""

import pytest

from gatewatch.call import Call
from proxy.settings import Override
from proxy.worker.admission.overridden import in_force, overridden, paused

CALL = Call(
    call_id="c", started_at=0, team="search", project="web", user="ann", key_id="k1", environment="test", route="bot",
    provider="openai", model="gpt-5",
)  # fmt: skip


def override(kind: str, scope: str, name: str) -> Override:
    return Override(kind=kind, scope=scope, name=name, because="alerts.x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        *(("gateway", ""), ("key", "k1"), ("team", "search"), ("project", "search/web"), ("user", "ann")),
        *(("route", "bot"), ("environment", "test"), ("model", "openai/gpt-5")),
    ],
)
def test_a_call_is_paused_by_any_of_its_names_and_told_nothing_of_why(scope: str, name: str) -> None:
    refusal = paused(overridden([override("pause", scope, name)]), CALL)
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.reason, refusal.rule) == (403, "key_paused", "alerts.x", "alerts.x")
    assert "alerts.x" not in refusal.message
    assert paused(overridden([override("pause", scope, "another")]), CALL) is None


def test_another_kind_is_another_thing() -> None:
    overrides = overridden([override("throttle", "team", "search")])
    assert paused(overrides, CALL) is None
    assert in_force(overrides, "throttle", CALL) is not None


def test_without_a_project_no_project_is_meant() -> None:
    bare = Call(call_id="c", started_at=0, team="search")
    assert in_force(overridden([override("pause", "project", "search/None")]), "pause", bare) is None
