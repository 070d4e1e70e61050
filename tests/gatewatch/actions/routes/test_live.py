"""Live columns: the worst breaker, the key with most left, whatever worker has seen it."""

from typing import Any

import pytest

from gatewatch.actions.routes.live import UNKNOWN, now_at


def lane(key: str, used: int, model: str = "gpt-4o", **more: Any) -> dict[str, Any]:
    limits = [{"kind": "requests", "limit": 10, "remaining": 1, "reset": 1.0}]
    return {"provider": "openai", "key": key, "model": model, "limits": limits, "used_percent": used} | more


def test_a_target_of_which_nothing_is_known_is_well() -> None:
    found = now_at({"workers": []}, "chat", "openai/gpt-4o")
    assert found == UNKNOWN | {"in_flight": 0, "breaker": "closed", "shifted": False}


@pytest.mark.parametrize(
    ("states", "worst"), [(["closed", "open"], "open"), (["half_open", "closed"], "half_open"), (["closed"], "closed")]
)
def test_the_worst_breaker_of_its_keys_is_told(states: list[str], worst: str) -> None:
    breakers = [{"key": str(n), "state": state, "again_in": 2.5 * n} for n, state in enumerate(states)]
    target = {"target": "a/x", "ttft_ms": 5, "latency_ms": 9, "shifted": ["chat"], "breakers": breakers}
    found = now_at({"workers": [], "targets": [target]}, "chat", "a/x")
    assert (found["breaker"], found["live_ttft_ms"], found["live_latency_ms"]) == (worst, 5, 9)
    assert found["breaker_again_in"] == (2.5 if worst == "open" else None)
    assert found["shifted"] is True
    assert now_at({"workers": [], "targets": [target]}, "other", "a/x")["shifted"] is False


def test_headroom_is_that_of_the_key_with_most_left_as_its_worst_worker_has_seen_it() -> None:
    workers = [
        {"targets_in_flight": {"chat": {"openai/gpt-4o": 2}}, "provider_lanes": [lane("a", 90), lane("b", 30)]},
        {
            "targets_in_flight": {"chat": {"openai/gpt-4o": 1}, "other": {"openai/gpt-4o": 9}},
            "provider_lanes": [lane("b", 40), lane("c", 0, limits=[])],
        },
    ]
    found = now_at({"workers": workers}, "chat", "openai/gpt-4o")
    assert (found["in_flight"], found["headroom"]) == (3, 0.6)
    assert now_at({"workers": workers}, "chat", "openai/other")["headroom"] is None
