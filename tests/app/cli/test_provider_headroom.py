"""What two workers see of one key, as one."""

from typing import Any

from app.cli.provider_headroom import headroom, in_words


def lane(**changed: Any) -> dict[str, Any]:
    fields = {"provider": "openai", "key": "main", "model": "gpt-5", "running": 0, "waiting": 0, "most": None}
    return fields | {"used_percent": 0, "shut_seconds": 0.0, "limits": []} | changed


def limit(kind: str, remaining: int) -> dict[str, Any]:
    return {"kind": kind, "limit": 100, "remaining": remaining, "reset": 1.0}


def test_calls_are_added_up_and_of_limits_the_worst_counts() -> None:
    first = lane(running=3, waiting=1, most=4, used_percent=70, limits=[limit("requests", 30), limit("tokens", 90)])
    second = lane(running=2, most=2, used_percent=85, shut_seconds=2.0, limits=[limit("requests", 15)])
    found = headroom([{"provider_lanes": [first]}, {"provider_lanes": [second, lane(key="spare")]}, {}])
    assert found.keys() == {("openai", "main"), ("openai", "spare")}
    assert found["openai", "main"] == [
        {
            "model": "gpt-5", "running": 5, "waiting": 1, "most": 6, "used_percent": 85, "shut_seconds": 2.0,
            "limits": [limit("requests", 15), limit("tokens", 90)],
        }
    ]  # fmt: skip


def test_a_worker_without_a_cap_means_that_there_is_none() -> None:
    ((together,),) = headroom([{"provider_lanes": [lane(most=2)]}, {"provider_lanes": [lane()]}]).values()
    assert together["most"] is None


def test_people_read_of_models_that_are_near_a_limit_or_waited_for() -> None:
    lanes = [
        lane(model="quiet", running=4),
        lane(model="near", used_percent=60, limits=[limit("requests", 40)]),
        lane(model="full", used_percent=95, most=2, waiting=7, shut_seconds=3.2, limits=[limit("requests", 5)]),
    ]
    assert in_words(lanes) == "full 95% used at most 2 at once 7 waiting shut for 3s, near 60% used"
    assert in_words([]) == ""
