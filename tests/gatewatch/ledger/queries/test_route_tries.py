"""What a canary is judged by: tries, also of calls that were answered elsewhere in the end."""

from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import MINUTE, NOW, a_call, attempt, closing, opening, segment


@pytest.fixture
def ledger(home: Home) -> Iterator[LedgerService]:
    service = LedgerService(home, clock=lambda: NOW)
    yield service
    service.close()


def failed_over(n: int, *, ago: int = MINUTE, route: str = "chat") -> bytes:
    """A call that failed at the canary and was answered by the first target."""
    call = a_call(n, at_us=NOW - ago, route=route, model="gpt-4o")
    first = attempt(call, 1, model="new", status="error", http_status=500)
    return opening(call) + first + attempt(call, 2) + closing(call)


def rows(ledger: LedgerService, *lines: bytes, since_us: int = NOW - 10 * MINUTE) -> list[tuple[str, int, int]]:
    segment(ledger.home, *lines)
    ledger.load_once()
    found = ledger.ask("route_tries", route="chat", since_us=since_us).rows
    return [(row["target"], row["tries"], row["failed"]) for row in found]


def test_a_failure_that_another_target_mended_counts_at_the_canary(ledger: LedgerService) -> None:
    assert rows(ledger, *map(failed_over, range(5))) == [("openai/gpt-4o", 5, 0), ("openai/new", 5, 5)]


def test_other_routes_and_what_was_before_do_not_count(ledger: LedgerService) -> None:
    lines = [failed_over(1), failed_over(2, route="other"), failed_over(3, ago=11 * MINUTE)]
    assert rows(ledger, *lines) == [("openai/gpt-4o", 1, 0), ("openai/new", 1, 1)]


def test_a_caller_that_hung_up_is_no_failure(ledger: LedgerService) -> None:
    call = a_call(1, at_us=NOW - MINUTE, route="chat", status="client_closed", http_status=499)
    line = opening(call) + attempt(call, 1, status="client_closed", http_status=None) + closing(call)
    assert rows(ledger, line) == []


def test_a_target_that_is_left_alone_because_it_fails_counts_as_failing(ledger: LedgerService) -> None:
    passed: dict[str, Any] = {"route": "chat", "model": "gpt-4o", "at_us": NOW - MINUTE}
    open_breaker = a_call(
        1, passed_over=[["openai/new", "breaker_open"], ["groq/x", "drained by drain:groq"]], **passed
    )
    other = a_call(2, passed_over=[["openai/new", "context_window"]], **passed)
    lines = [opening(call) + attempt(call) + closing(call) for call in (open_breaker, other)]
    assert rows(ledger, *lines) == [("openai/gpt-4o", 2, 0), ("openai/new", 1, 1)]


@pytest.mark.parametrize("why", ["upstream_auth", "upstream_rate_limited", "unsupported_parameter", "breaker_open"])
def test_whatever_kept_calls_from_a_target_counts_once_for_each(ledger: LedgerService, why: str) -> None:
    call = a_call(1, route="chat", model="gpt-4o", at_us=NOW - MINUTE, passed_over=[["openai/new", why]] * 3)
    found = rows(ledger, opening(call) + attempt(call) + closing(call))
    assert found == [("openai/gpt-4o", 1, 0), ("openai/new", 1, 1)]


@pytest.mark.parametrize("why", ["context_window", "cost_ceiling", "not in the region eu", "drained by drain:openai"])
def test_what_a_call_is_itself_is_no_fault_of_a_target(ledger: LedgerService, why: str) -> None:
    call = a_call(1, route="chat", model="gpt-4o", at_us=NOW - MINUTE, passed_over=[["openai/new", why]])
    assert rows(ledger, opening(call) + attempt(call) + closing(call)) == [("openai/gpt-4o", 1, 0)]


def test_one_that_was_asked_in_the_end_counts_by_how_that_went(ledger: LedgerService) -> None:
    call = a_call(1, route="chat", model="new", at_us=NOW - MINUTE, passed_over=[["openai/new", "breaker_open"]])
    line = opening(call) + attempt(call, model="new") + closing(call)
    assert rows(ledger, line) == [("openai/new", 1, 0)]


def test_nothing_is_told_of_the_future(ledger: LedgerService) -> None:
    with pytest.raises(UsageError):
        ledger.ask("route_tries", route="chat", since_us=NOW)
