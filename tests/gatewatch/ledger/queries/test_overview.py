"""The overview says what a sum over the raw journal says."""

from decimal import Decimal
from typing import Any

import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.exact import input_tokens, percentile, usd
from tests.kit.journals import DAY, HOUR, MINUTE, T0, a_call, closing, segment

FAILED = {"error", "truncated", "interrupted"}
REJECTED = 57


def test_counts_tokens_and_money_equal_a_sum_over_the_raw_journal(
    loaded: LedgerService, closes: list[dict[str, Any]]
) -> None:
    (row,) = loaded.ask("overview", **HOUR_WINDOW).rows
    assert row["calls"] == len(closes) + REJECTED
    assert row["errors"] == sum(call["status"] in FAILED for call in closes)
    assert row["blocked"] == sum(call["status"] == "blocked" for call in closes) + REJECTED
    assert row["error_rate"] == pytest.approx(row["errors"] / row["calls"], abs=1e-6)
    assert row["rps"] == round(row["calls"] / 3600, 3)
    assert row["input_tokens"] == input_tokens(closes)
    assert row["output_tokens"] == sum(call.get("output_tokens", 0) for call in closes)
    assert Decimal(row["cost_usd"]) == usd(closes)
    assert row["unpriced_calls"] == sum(call.get("cost_basis") == "unpriced" for call in closes)
    assert row["window"] == {"since": "2026-11-20T10:00:00.000000Z", "until": "2026-11-20T11:00:00.000000Z"}


def test_percentiles_are_within_two_percent_of_exact(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    (row,) = loaded.ask("overview", **HOUR_WINDOW).rows
    timed = [call for call in closes if call["status"] not in ("blocked", "interrupted")]
    latencies = [call["latency_us"] / 1000 for call in timed]
    ttfts = [call["ttft_us"] / 1000 for call in timed]
    for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
        assert row[name] == pytest.approx(percentile(latencies, share), rel=0.02), name
    for name, share in (("ttft_p50_ms", 0.5), ("ttft_p95_ms", 0.95)):
        assert row[name] == pytest.approx(percentile(ttfts, share), rel=0.02), name


@pytest.mark.parametrize("where", ["provider=openai", "model~claude !provider=local", "route=bot"])
def test_rollups_and_calls_give_the_same_numbers(loaded: LedgerService, where: str) -> None:
    rollups = loaded.ask("overview", where=where, **HOUR_WINDOW)
    calls = loaded.ask("overview", where=f'({where}) (call_id~-| call_id="")', **HOUR_WINDOW)
    assert (rollups.source, calls.source) == ("rollups", "calls")
    assert rollups.rows == calls.rows
    assert rollups.rows[0]["calls"] > 0


def test_a_filter_that_rollups_do_not_know_reads_the_calls_and_says_so(
    loaded: LedgerService, closes: list[dict[str, Any]]
) -> None:
    answer = loaded.ask("overview", where="team=search", **HOUR_WINDOW)
    mine = [call for call in closes if call.get("team") == "search"]
    assert answer.source == "calls"
    assert answer.rows[0]["calls"] == len(mine)
    assert Decimal(answer.rows[0]["cost_usd"]) == usd(mine)


def test_a_window_is_widened_to_whole_minutes_and_says_so(loaded: LedgerService) -> None:
    answer = loaded.ask("overview", since="2026-11-20T10:00:59.5Z", until="2026-11-20T10:02:00.000001Z")
    assert answer.window == {"since": "2026-11-20T10:00:00.000000Z", "until": "2026-11-20T10:03:00.000000Z"}


def test_the_rate_of_a_window_that_is_not_over_counts_the_time_that_has_passed(home: Home) -> None:
    segment(home, *[closing(a_call(n)) for n in range(30)])
    service = LedgerService(home, clock=lambda: T0 + 30_000_000)
    service.load_once()
    assert service.ask("overview", since="30s").rows[0]["rps"] == 1.0
    service.close()


def test_an_hour_without_calls_is_zero_calls_and_no_percentile(service: LedgerService) -> None:
    (row,) = service.ask("overview").rows
    assert (row["calls"], row["errors"], row["cost_usd"], row["rps"]) == (0, 0, "0", 0.0)
    assert row["p50_ms"] is row["ttft_p95_ms"] is row["error_rate"] is row["cache_hit_rate"] is None


def test_long_windows_are_exact_though_they_read_days_and_hours(home: Home, service: LedgerService) -> None:
    """Calls at the edges of minutes, hours and days, and the windows that just hold or just miss them."""
    midnight = T0 - 10 * HOUR
    starts = [midnight - 1, midnight, midnight + HOUR - 1, midnight + HOUR, midnight + 25 * HOUR + MINUTE - 1]
    starts += [midnight + 3 * DAY - 1, midnight + 3 * DAY]
    calls = [a_call(n, at_us=at, cost_picos=10**n) for n, at in enumerate(starts)]
    segment(home, *map(closing, calls))
    service.load_once()
    for since in (midnight - MINUTE, midnight, midnight + MINUTE, midnight + HOUR):
        for until in (midnight + HOUR, midnight + DAY + HOUR + MINUTE, midnight + 3 * DAY, midnight + 3 * DAY + MINUTE):
            if since < until:
                inside = [call for call in calls if since <= call.started_at < until]
                (row,) = service.ask("overview", since=_iso(since), until=_iso(until)).rows
                assert row["calls"] == len(inside)
                assert Decimal(row["cost_usd"]) * 10**12 == sum(call.cost_picos or 0 for call in inside)


def test_money_is_exact_to_the_picodollar(home: Home, service: LedgerService) -> None:
    awkward = [1, 3, 999_999_999_999_999_999, 123_456_789_012_345_678, 333_333_333_333, 7, 10**12, 10**17 + 1]
    segment(home, *[closing(a_call(n, cost_picos=picos)) for n, picos in enumerate(awkward)])
    service.load_once()
    assert service.ask("overview").rows[0]["cost_usd"] == _usd(sum(awkward))
    costs = {row["call_id"]: row["cost_usd"] for row in service.ask("calls").rows}
    assert [costs[a_call(n).call_id] for n in range(len(awkward))] == [_usd(picos) for picos in awkward]


def test_a_sum_of_nothing_but_unknown_prices_is_unpriced_and_not_zero(home: Home, service: LedgerService) -> None:
    segment(home, *[closing(a_call(n, cost_picos=None, cost_basis="unpriced")) for n in range(2)])
    service.load_once()
    (row,) = service.ask("overview").rows
    assert (row["cost_usd"], row["unpriced_calls"]) == ("unpriced", 2)


def test_the_hit_rate_counts_look_ups_only(home: Home, service: LedgerService) -> None:
    kinds = ["hit", "semantic", "miss", "miss", "bypass", None]
    segment(home, *[closing(a_call(n, cache=kind)) for n, kind in enumerate(kinds)])
    service.load_once()
    assert service.ask("overview").rows[0]["cache_hit_rate"] == 0.5


def _iso(us: int) -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


def _usd(picos: int) -> str:
    """By hand: twelve digits after the point, and no zeros at the end."""
    digits = str(picos).rjust(13, "0")
    return f"{digits[:-12]}.{digits[-12:]}".rstrip("0").rstrip(".")
