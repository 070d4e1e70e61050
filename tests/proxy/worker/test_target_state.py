"""What a worker tells of its targets."""

from gatewatch.call import Attempt
from proxy.worker.pacing.lane_state import LaneState
from proxy.worker.routing.breakers import BreakerState
from proxy.worker.routing.measured import TargetState as Measured
from proxy.worker.target_state import REMEMBERED, SHOWN, TargetTries, target_states


def tried(*targets: str, status: str = "error") -> list[Attempt]:
    """The tries of one call, of which the last went well."""
    return [
        Attempt(
            call_id="c", started_at=n, n=n, provider=target.partition("/")[0], model=target.partition("/")[2],
            status=status if n < len(targets) else "ok",
        )
        for n, target in enumerate(targets, 1)
    ]  # fmt: skip


def breaker(key: str = "main", state: str = "open", provider: str = "a") -> BreakerState:
    fields = {
        "provider": provider,
        "key": key,
        "model": "m",
        "state": state,
        "failures": 5,
        "opens": 1,
        "again_in": 4.0,
    }
    return BreakerState(**fields)  # type: ignore[arg-type]


def test_a_try_at_the_same_target_is_a_retry_and_one_at_another_a_failover() -> None:
    tries = TargetTries()
    tries.take(tried("a/m", "a/m", "b/m"))
    tries.take(tried("a/m", "b/m", "b/m"))
    assert tries.of("a", "m") == (1, 2)
    assert tries.of("b", "m") == (1, 0)
    assert tries.of("c", "m") == (0, 0)


def test_a_try_that_was_only_left_for_a_faster_one_is_no_failover() -> None:
    tries = TargetTries()
    slower, faster = tried("a/m", "b/m")
    slower.error_kind = "hedged"
    tries.take([slower, faster])
    tries.take(tried("a/m", "b/m", status="client_closed"))
    assert tries.of("a", "m") == (0, 0)


def test_names_that_callers_invent_fill_nothing() -> None:
    tries = TargetTries()
    for n in range(REMEMBERED + 10):
        tries.take(tried(f"a/{n}", "b/m"))
    assert len(list(tries.places())) == REMEMBERED
    assert len(target_states([], [], [], tries)) == SHOWN


def test_all_that_is_known_of_a_target_stands_together() -> None:
    tries = TargetTries()
    tries.take(tried("a/m", "b/m"))
    (first, second) = target_states(
        [Measured(target="b/m", calls=7, ttft_ms=300), Measured(target="a/m", calls=3, failed=2, latency_ms=900)],
        [breaker("main"), breaker("spare", "closed")],
        [
            LaneState(provider="a", key="main", model="m", running=2),
            LaneState(provider="a", key="spare", model="m", running=1),
        ],
        tries,
    )
    assert (first.target, first.calls, first.failed, first.latency_ms, first.in_flight) == ("a/m", 3, 2, 900, 3)
    assert (first.retries, first.failovers) == (0, 1)
    assert [(each.key, each.state) for each in first.breakers] == [("main", "open"), ("spare", "closed")]
    assert (second.target, second.ttft_ms, second.breakers) == ("b/m", 300, [])


def test_targets_that_are_left_alone_are_told_of_whatever_else_is_busy() -> None:
    busy = [Measured(target=f"b/{n}", calls=1000) for n in range(SHOWN)]
    states = target_states(busy, [breaker()], [], TargetTries())
    assert (len(states), states[0].target) == (SHOWN, "a/m")
