"""Counts of a worker since its start."""

from gatewatch.call import Call
from proxy.worker.live import Live, rss_mb


def call(status: str = "ok", stream: bool = False, key_id: str | None = "kid", started_at: int = 1) -> Call:
    return Call(call_id="c", started_at=started_at, status=status, stream=stream, key_id=key_id)


def test_calls_and_streams_are_counted_while_they_run() -> None:
    live = Live()
    plain, stream = call(), call(stream=True)
    live.started(plain)
    live.started(stream)
    assert (live.begun - live.finished, live.streams) == (2, 1)
    live.ended(stream)
    live.ended(plain)
    assert (live.begun - live.finished, live.streams, live.failed) == (0, 0, 0)


def test_errors_and_truncated_calls_failed_and_a_client_that_left_did_not() -> None:
    live = Live()
    for status in ("ok", "error", "truncated", "client_closed", "cached"):
        live.ended(call(status))
    assert live.failed == 2


def test_refused_calls_are_counted_apart() -> None:
    live = Live()
    live.refused(call("blocked"))
    assert (live.blocked, live.begun, live.failed) == (1, 0, 0)


def test_the_keys_in_use_are_told_once() -> None:
    live = Live()
    live.key_used("kid", 5)
    live.key_used("kid", 7)
    assert live.take_keys_used() == {"kid": 7}
    assert live.take_keys_used() == {}


def test_memory_is_told_in_megabytes() -> None:
    assert 5 < rss_mb() < 5000
