"""How keys are used, as far as it is known."""

from gatewatch.actions.keys.use import in_flight, running, secrets_with_last_use, use_since, with_last_use
from tests.kit.acting import HOUR, RunningGateway, Stage
from tests.kit.journals import a_call, closing, segment


def test_a_key_that_was_not_used_is_told_apart_from_what_is_not_known(stage: Stage) -> None:
    segment(stage.home, closing(a_call(0, at_us=stage.clock.now - 5)))
    with stage.acting() as acting:
        known = use_since(acting, ["k0000001", "nobody00"], stage.clock.now - HOUR)
        assert [known.of(key)["calls"] for key in ("k0000001", "nobody00")] == [1, 0]  # type: ignore[index]
        stage.home.ledger.write_bytes(b"damaged" * 1000)
        unknown = use_since(acting, ["k0000001"], stage.clock.now - HOUR)
    assert unknown.of("k0000001") is None
    assert unknown.unknown


def test_calls_in_flight_are_added_up_over_workers_and_unknown_without_a_gateway(stage: Stage) -> None:
    with stage.acting() as acting:
        assert in_flight(acting) is None
        acting.gateway = RunningGateway({"a": 1}, {"a": 2, "b": 1}, {})
        assert in_flight(acting) == {"a": 3, "b": 1}
    assert running(None, "a") is None
    assert running({"a": 3}, "c") == 0


def test_the_last_use_is_the_later_one_of_what_store_and_ledger_know() -> None:
    early, late = "2026-11-20T10:00:00.000000Z", "2026-11-20T11:00:00.000000Z"
    use = {"last_used": late, "versions": [{"key_version": 2, "last_used": early}]}
    assert with_last_use({"last_used_at": early}, use)["last_used_at"] == late
    assert with_last_use({"last_used_at": None}, None)["last_used_at"] is None
    secrets = [{"version": 1, "last_used_at": None}, {"version": 2, "last_used_at": None}]
    assert [each["last_used_at"] for each in secrets_with_last_use(secrets, use)] == [None, early]
