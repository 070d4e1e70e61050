"""How the targets of routes did, counted by hand from the same lines."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from gatewatch.ledger.service import LedgerService
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.exact import usd
from tests.kit.journals import SECOND, a_call, attempt, closing, opening, records, segment, whole


@pytest.mark.parametrize("where", [None, "team=search"])
def test_each_route_and_target_has_the_figures_of_its_raw_lines(
    loaded: LedgerService, traffic: list[bytes], closes: list[dict[str, Any]], where: str | None
) -> None:
    rows = loaded.ask("routes", where=where, **HOUR_WINDOW).rows
    calls = {each["call_id"]: each for each in closes if where is None or each.get("team") == "search"}
    tries: dict[tuple[str, str], int] = defaultdict(int)
    for each in records(traffic, "attempt"):
        if call := calls.get(each["call_id"]):
            tries[call["route"], f"{each['provider']}/{each['model']}"] += 1
    answered: dict[tuple[str, str], int] = defaultdict(int)
    for call in calls.values():
        if call["status"] == "ok":
            answered[call["route"], f"{call['provider']}/{call['model']}"] += 1
    found = {(row["route"], row["target"]): row for row in rows}
    assert {place: row["tries"] for place, row in found.items() if row["tries"]} == tries
    assert {place: row["answered"] for place, row in found.items() if row["answered"]} == answered
    of_route: dict[str, int] = defaultdict(int)
    for (route, _), count in answered.items():
        of_route[route] += count
    for place, row in found.items():
        assert row["share"] == pytest.approx(answered[place] / of_route[place[0]], abs=1e-6)


def test_a_target_that_fails_is_told_of_and_the_one_that_mends_it_is_not_blamed(service: LedgerService) -> None:
    lines = []
    for n in range(4):
        call = a_call(n, provider="good", model="b", latency_us=1_200_000, ttft_us=1_100_000, attempts=2, stream=True)
        failed: dict[str, Any] = {"provider": "bad", "model": "a", "status": "error", "latency_us": 1_000_000}
        late = n == 3
        kind = {"http_status": None, "error_kind": "upstream_timeout"} if late else {"error_kind": "upstream_error"}
        first = attempt(call, 1, **failed, **kind)
        lines += [opening(call), first, attempt(call, 2, started_at=call.started_at + SECOND, latency_us=200_000)]
        lines.append(closing(call))
    segment(service.home, *lines)
    service.load_once()
    bad, good = service.ask("routes", **HOUR_WINDOW).rows
    assert (bad["target"], bad["tries"], bad["failed"], bad["failed_rate"]) == ("bad/a", 4, 4, 1.0)
    assert (bad["answered"], bad["share"], bad["cost_usd"]) == (0, 0.0, "0")
    assert (bad["p95_ms"], bad["ttft_p95_ms"]) == (1000, None)  # of the one that was late
    assert (good["target"], good["tries"], good["failed"], good["failed_rate"]) == ("good/b", 4, 0, 0.0)
    assert (good["answered"], good["share"], good["cost_usd"]) == (4, 1.0, "0.0018")
    assert (good["p50_ms"], good["p95_ms"], good["ttft_p95_ms"]) == (200, 200, 100)


def test_one_that_was_left_by_its_caller_or_for_a_quicker_one_has_neither_failed_nor_a_time(
    service: LedgerService,
) -> None:
    gone = a_call(1, status="client_closed", http_status=499, ttft_us=None)
    raced = a_call(2, provider="quick", model="b", attempts=2)
    lost = attempt(raced, 1, provider="openai", model="gpt-4o", status="error", error_kind="hedged", http_status=None)
    segment(
        service.home,
        *(opening(gone), attempt(gone, status="client_closed", http_status=None), closing(gone)),
        *(opening(raced), lost, attempt(raced, 2), closing(raced)),
    )
    service.load_once()
    left, quick = service.ask("routes", **HOUR_WINDOW).rows
    assert (left["tries"], left["failed"], left["answered"], left["p95_ms"]) == (2, 0, 0, None)
    assert (quick["tries"], quick["answered"]) == (1, 1)


def test_replies_out_of_the_cache_and_batches_say_nothing_of_a_target(service: LedgerService) -> None:
    hit = a_call(1, status="cached", cache="hit", cost_picos=0, attempts=0, latency_us=2_000_000)
    deferred = a_call(2, deferred="batch")
    slow = attempt(deferred, latency_us=3_000 * SECOND)
    alone = a_call(3)
    segment(
        service.home, opening(hit), closing(hit), opening(deferred), slow, closing(deferred), whole(alone)
    )  # fmt: skip
    service.load_once()
    (row,) = service.ask("routes", **HOUR_WINDOW).rows
    assert (row["tries"], row["answered"], row["p95_ms"]) == (2, 2, 1499)


def test_cost_and_times_are_those_of_the_target(service: LedgerService) -> None:
    calls = [a_call(n, model="gpt-4o" if n % 3 else "gpt-4o-mini") for n in range(9)]
    lines = [
        opening(call) + attempt(call, latency_us=1_000_000 * (1 + n % 3)) + closing(call)
        for n, call in enumerate(calls)
    ]
    segment(service.home, *lines)
    service.load_once()
    large, small = service.ask("routes", **HOUR_WINDOW).rows
    assert (large["target"], large["answered"], large["cost_usd"]) == ("openai/gpt-4o", 6, "0.0027")
    assert (small["target"], small["answered"], small["cost_usd"]) == ("openai/gpt-4o-mini", 3, "0.00135")
    assert (small["p50_ms"], large["p95_ms"]) == (1000, 3000)


def test_an_empty_window_has_no_rows(service: LedgerService) -> None:
    assert service.ask("routes", **HOUR_WINDOW).rows == []


def test_money_of_all_targets_is_that_of_the_calls_that_went_somewhere(
    loaded: LedgerService, closes: list[dict[str, Any]]
) -> None:
    rows = loaded.ask("routes", **HOUR_WINDOW).rows
    known = [Decimal(row["cost_usd"]) for row in rows if row["cost_usd"] != "unpriced"]
    went = [each for each in closes if each.get("route") and each.get("provider") and each.get("model")]
    assert sum(known) == usd(went)
