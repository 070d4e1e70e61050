"""What counters are told of each batch is what a count by hand gives."""

from decimal import Decimal

import duckdb
import pytest

from gatewatch.call import Rejected, line
from gatewatch.ledger.batch_counts import TOKEN_CLASSES, BatchCounts, Bins
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import NOW, T0, a_call, attempt, closing, segment


def loaded(home: Home, *lines: bytes) -> list[BatchCounts | None]:
    told: list[BatchCounts | None] = []
    service = LedgerService(home, clock=lambda: NOW)
    service.on_counts = told.append
    segment(home, *lines)
    service.load_once()
    service.load_once()
    service.close()
    return told


def told_once(home: Home, *lines: bytes) -> BatchCounts:
    (counts,) = loaded(home, *lines)
    assert counts is not None
    return counts


def test_calls_are_counted_by_their_names_with_those_that_were_refused_at_the_door(home: Home) -> None:
    rejected = line("rejected", Rejected(started_at=T0, source="10.0.0.1", error_kind="invalid_api_key", count=7))
    blocked = a_call(2, status="blocked", error_kind="budget_exceeded", provider=None, model=None)
    counts = told_once(home, closing(a_call(0)), closing(a_call(1)), closing(blocked), rejected)
    assert sorted((call.status, call.error_kind, call.provider, call.calls) for call in counts.calls) == [
        ("blocked", "budget_exceeded", None, 1),
        ("blocked", "invalid_api_key", None, 7),
        ("ok", None, "openai", 2),
    ]


def test_money_is_exact_and_tokens_are_by_class(home: Home) -> None:
    dear = a_call(0, cost_picos=123_456_789_012_345_678, cost_basis="computed", output_reasoning_tokens=5)
    tiny = a_call(1, cost_picos=1, cost_basis="computed", input_cache_read_tokens=40)
    free = a_call(2, cost_picos=None, cost_basis="unpriced")
    counts = told_once(home, closing(dear), closing(tiny), closing(free))
    usage = {each.cost_basis: each for each in counts.usage}
    assert usage["computed"].cost_picos == 123_456_789_012_345_679
    assert (usage["unpriced"].cost_picos, usage["unpriced"].calls) == (0, 1)
    tokens = dict(zip(TOKEN_CLASSES, usage["computed"].tokens, strict=True))
    assert tokens == dict.fromkeys(TOKEN_CLASSES, 0) | {
        "input_uncached": 200,
        "input_cache_read": 40,
        "output": 40,
        "output_reasoning": 5,
    }


def test_a_time_on_a_bound_lies_below_it_and_what_is_beyond_all_is_counted(home: Home) -> None:
    times = (9_000, 10_000, 10_001, 81_920_000, 81_920_001, 900_000_000)
    calls = [a_call(n, latency_us=took, ttft_us=None) for n, took in enumerate(times)]
    (found,) = told_once(home, *map(closing, calls)).times
    assert found.latency == Bins((2, 1, *[0] * 11, 1, 2), sum(times))
    assert found.ttft is None
    assert found.input_tokens == Bins((*[0] * 4, 6, *[0] * 10), 600)


def test_times_of_refused_and_interrupted_calls_do_not_count(home: Home) -> None:
    blocked = a_call(0, status="blocked", error_kind="rate_limited")
    assert told_once(home, closing(blocked), closing(a_call(1, status="interrupted"))).times == []


def test_tries_and_what_was_in_the_way(home: Home) -> None:
    call = a_call(0, status="blocked", error_kind="rate_limited", blocked_by="limits.each-key/requests/1m")
    counts = told_once(home, closing(call), attempt(a_call(1)), attempt(a_call(1), n=2, status="error", error_kind="x"))
    assert [tuple(each) for each in counts.refusals] == [("limits.each-key/requests/1m", "search", 1)]
    assert sorted((each.status, each.error_kind, each.tries) for each in counts.tries) == [
        ("error", "x", 1),
        ("ok", None, 1),
    ]


def test_tries_behind_one_that_failed_are_told_apart_by_where_they_went(home: Home) -> None:
    call = a_call(1)
    counts = told_once(
        home,
        attempt(call, 1, provider="a", status="error"),
        attempt(call, 2, provider="a", status="error"),
        attempt(call, 3, provider="b", model="other"),
        attempt(a_call(2), 1, provider="b", status="client_closed"),
        attempt(a_call(2), 2, provider="a"),
        closing(call),
    )
    assert sorted(tuple(each) for each in counts.again) == [("a", "gpt-4o", False, 1), ("a", "gpt-4o", True, 1)]


def test_every_batch_is_told_of_once_and_their_sums_are_the_ledgers(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatewatch.ledger.load.BATCH_LINES", 10)
    monkeypatch.setattr("gatewatch.ledger.recorder.CHUNK_BYTES", 4096)
    calls = [a_call(n, cost_picos=10**9 + n, team=f"team-{n % 3}") for n in range(60)]
    told = loaded(home, *map(closing, calls))
    assert len(told) > 1
    usage = [each for counts in told if counts for each in counts.usage]
    assert sum(each.calls for each in usage) == 60
    assert sum(each.cost_picos for each in usage) == 60 * 10**9 + sum(range(60))
    with duckdb.connect(str(home.ledger)) as connection:
        assert connection.execute("SELECT sum(cost) FROM calls").fetchall() == [
            (Decimal(60 * 10**9 + sum(range(60))) / 10**12,)
        ]


def test_counts_that_cannot_be_made_are_said_to_be_missing_and_stop_no_loading(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> BatchCounts:
        raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr("gatewatch.ledger.service.batch_counts", fails)
    assert loaded(home, closing(a_call(0))) == [None]
    with duckdb.connect(str(home.ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM calls").fetchall() == [(1,)]
