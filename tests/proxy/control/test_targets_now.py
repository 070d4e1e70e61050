"""What all workers know of a target, put together."""

from typing import Any

from proxy.control.level_looking import LevelState
from proxy.control.targets_now import BreakerNow, targets_now
from proxy.worker.live import LiveState
from proxy.worker.routing.breakers import BreakerState
from proxy.worker.target_state import TargetState


def worker(*states: TargetState) -> LiveState:
    return LiveState(
        pid=1, config_version="c", in_flight=0, streams=0, connections=0, started=0, ended=0, refused=0, errors=0,
        journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=1.0, draining=False,
        target_states=list(states),
    )  # fmt: skip


def breaker(state: Any, *, failures: int = 5, again_in: float = 4.0) -> BreakerState:
    return BreakerState(
        provider="a", key="main", model="m", state=state, failures=failures, opens=1, again_in=again_in
    )  # fmt: skip


def level(target: str, *, shifted: bool) -> LevelState:
    return LevelState(
        route="chat", target=target, bound=1, p95=2, timed=20, tries=20, failures=0, budget=1, misses=("p95",),
        shifted=shifted,
    )  # fmt: skip


def test_counts_are_added_up_and_times_weighed_by_calls() -> None:
    (seen,) = targets_now(
        [
            worker(TargetState(target="a/m", calls=30, failed=1, ttft_ms=100, in_flight=2, retries=1, failovers=4)),
            worker(TargetState(target="a/m", calls=10, failed=2, ttft_ms=500, latency_ms=900, in_flight=1)),
        ],
        [],
    )
    assert (seen.calls, seen.failed, seen.in_flight, seen.retries, seen.failovers) == (40, 3, 3, 1, 4)
    assert (seen.ttft_ms, seen.latency_ms) == (200, 900)


def test_a_breaker_is_as_its_worst_worker_has_it() -> None:
    (seen,) = targets_now(
        [
            worker(TargetState(target="a/m", breakers=[breaker("closed", failures=2, again_in=0)])),
            worker(TargetState(target="a/m", breakers=[breaker("open", failures=5, again_in=4)])),
            worker(TargetState(target="a/m", breakers=[breaker("half_open", failures=7, again_in=0)])),
        ],
        [],
    )
    assert seen.breakers == [BreakerNow(key="main", state="open", workers=2, failures=7, again_in=4)]
    assert seen.is_left_alone


def test_what_needs_a_look_comes_first() -> None:
    seen = targets_now(
        [
            worker(
                TargetState(target="busy/m", calls=1000, in_flight=9),
                TargetState(target="a/m", breakers=[breaker("open")]),
            )
        ],
        [level("slow/m", shifted=True), level("busy/m", shifted=False)],
    )
    assert [(each.target, each.shifted) for each in seen] == [("a/m", []), ("slow/m", ["chat"]), ("busy/m", [])]
