"""What targets are judged by, counted by hand from the same lines."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.queries.service_levels import Asked
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import HOUR, MINUTE, NOW, SECOND, a_call, attempt, closing, segment

NUMBERS = count(1)


@pytest.fixture
def ledger(home: Home) -> Iterator[LedgerService]:
    service = LedgerService(home, clock=lambda: NOW)
    yield service
    service.close()


def tried(
    seconds: float, *, ago: int = 10 * SECOND, stream: bool = False, ttft: float | None = None, **of_the_try: Any
) -> bytes:
    """A call of one try that took so long and ended so long ago."""
    took = int(seconds * SECOND)
    fields = {"stream": stream, "ttft_us": None if ttft is None else int(ttft * SECOND), "latency_us": took}
    call = a_call(next(NUMBERS), at_us=NOW - ago - took, route="chat", **fields)
    first = {"first_byte_us": took // 2} | of_the_try
    return attempt(call, started_at=call.started_at, latency_us=took, **first) + closing(call)


def failed(kind: str, http_status: int | None, seconds: float = 0.1, **more: Any) -> bytes:
    fields = {"status": "error", "error_kind": kind, "http_status": http_status, "first_byte_us": None}
    return tried(seconds, **fields | more)


def asked(**fields: Any) -> Asked:
    of_all: dict[str, Any] = {"route": "chat", "provider": "openai", "model": "gpt-4o", "bound_us": 2 * SECOND}
    return Asked(**of_all | fields)


def seen(ledger: LedgerService, *lines: bytes, **fields: Any) -> dict[str, Any]:
    segment(ledger.home, *lines)
    ledger.load_once()
    rows = ledger.ask("service_levels", targets=[asked(**fields)]).rows
    return rows[0] if rows else {}


def test_plain_answers_are_timed_whole_and_streams_to_their_first_token(ledger: LedgerService) -> None:
    plain = seen(ledger, tried(3), tried(3))
    assert (plain["timed"], plain["p95_us"]) == (2, 3 * SECOND)
    segment(ledger.home, *[tried(30, stream=True, ttft=0.5) for _ in range(60)], sequence=2)
    ledger.load_once()
    (both,) = ledger.ask("service_levels", targets=[asked()]).rows
    assert (both["timed"], both["p95_us"]) == (62, SECOND // 2)


def test_what_a_call_had_waited_for_before_is_not_the_next_targets_time(ledger: LedgerService) -> None:
    call = a_call(
        1, at_us=NOW - MINUTE, route="chat", stream=True, ttft_us=9_400_000, latency_us=10 * SECOND, attempts=2
    )
    first = attempt(
        call, 1, provider="other", started_at=call.started_at, status="error", http_status=None, latency_us=9 * SECOND,
        error_kind="upstream_timeout",
    )  # fmt: skip
    second = attempt(call, 2, started_at=call.started_at + 9 * SECOND, latency_us=SECOND, first_byte_us=300_000)
    found = seen(ledger, first + second + closing(call))
    assert (found["timed"], found["p95_us"], found["failures"]) == (1, 400_000, 0)
    (other,) = ledger.ask("service_levels", targets=[asked(provider="other")]).rows
    assert (other["tries"], other["failures"], other["timed"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("kind", "http_status", "tries", "failures"),
    [
        ("upstream_error", 500, 1, 1),
        ("upstream_overloaded", 529, 1, 1),
        ("upstream_unreachable", None, 1, 1),
        ("upstream_timeout", None, 1, 1),
        ("upstream_invalid", 200, 1, 1),
        ("upstream_rate_limited", 429, 0, 0),
        ("upstream_auth", 401, 0, 0),
        ("context_length_exceeded", 400, 0, 0),
        ("gateway_stopping", None, 0, 0),
    ],
)
def test_failures_are_the_providers_own(
    kind: str, http_status: int | None, tries: int, failures: int, ledger: LedgerService
) -> None:
    found = seen(ledger, failed(kind, http_status))
    assert (found["tries"], found["failures"]) == (tries, failures)


def test_a_reply_that_broke_off_is_a_failure_and_one_that_its_caller_left_is_none(ledger: LedgerService) -> None:
    cut = tried(1, stream=True, ttft=0.2, status="truncated", error_kind="upstream_truncated")
    left = tried(1, stream=True, ttft=0.2, status="client_closed", error_kind="client_closed")
    unheard = failed("client_closed", None, status="client_closed")
    found = seen(ledger, cut, left, unheard)
    assert (found["tries"], found["failures"], found["timed"]) == (2, 1, 2)


def test_who_waits_shortly_does_not_make_a_target_look_fast(ledger: LedgerService) -> None:
    gone = {"status": "client_closed"}
    late = failed("upstream_timeout", None, 1.0)  # given up after a second, with a bound of two
    outdone = failed("hedged", None, 3.0)
    left = [failed("client_closed", None, seconds, **gone) for seconds in (5.0, 0.5)]
    found = seen(ledger, late, outdone, *left)
    assert found["timed"] == 3, "who left within the bound tells nothing"
    assert 2 * SECOND < found["p95_us"] <= 5 * SECOND


def test_times_are_of_the_window_or_of_the_latest(ledger: LedgerService) -> None:
    lines = [tried(1, ago=minutes * MINUTE) for minutes in (1, 3, 6, 9, 12, 20)]
    assert seen(ledger, *lines)["timed"] == 2
    rows = {
        name: ledger.ask("service_levels", targets=[asked(**fields)]).rows[0]["timed"]
        for name, fields in {
            "short": {"window_us": 2 * MINUTE},
            "latest": {"window_us": 2 * MINUTE, "latest": 4},
            "all of a quarter": {"window_us": 2 * MINUTE, "latest": 100},
            "since": {"latest": 100, "since_us": NOW - 7 * MINUTE},
        }.items()
    }
    assert rows == {"short": 1, "latest": 4, "all of a quarter": 5, "since": 3}


def test_tries_are_counted_over_the_day_and_its_last_hour(home: Home) -> None:
    clock = [NOW - 23 * HOUR]
    ledger = LedgerService(home, clock=lambda: clock[0])
    segment(home, *[failed("upstream_error", 500, ago=23 * HOUR + SECOND) for _ in range(3)])
    ledger.load_once()
    clock[0] = NOW
    segment(home, failed("upstream_error", 500), tried(1), sequence=2)
    ledger.load_once()
    (found,) = ledger.ask("service_levels", targets=[asked()]).rows
    assert [found[name] for name in ("tries", "failures", "hour_tries", "hour_failures")] == [5, 4, 2, 1]
    (forgiven,) = ledger.ask("service_levels", targets=[asked(counted_since_us=NOW - HOUR)]).rows
    assert [forgiven[name] for name in ("tries", "failures")] == [2, 1]
    ledger.close()


def test_routes_are_told_apart_and_what_was_not_asked_is_not_told(ledger: LedgerService) -> None:
    assert seen(ledger, tried(1), tried(1), route="another") == {}
    assert [row["tries"] for row in ledger.ask("service_levels", targets=[asked(), asked(model="x")]).rows] == [2]
    assert ledger.ask("service_levels").rows == []


def test_a_window_beyond_a_day_is_refused(ledger: LedgerService) -> None:
    with pytest.raises(UsageError):
        ledger.ask("service_levels", targets=[asked()], day_us=25 * HOUR)
