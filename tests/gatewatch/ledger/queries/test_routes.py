"""Where the calls of routes went, counted by hand from the same lines."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from gatewatch.ledger.service import LedgerService
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.exact import usd
from tests.kit.journals import a_call, segment, whole


@pytest.mark.parametrize(("where", "source"), [(None, "rollups"), ("team=search", "calls")])
def test_each_route_and_target_has_the_figures_of_its_raw_lines(
    loaded: LedgerService, closes: list[dict[str, Any]], where: str | None, source: str
) -> None:
    answer = loaded.ask("routes", where=where, **HOUR_WINDOW)
    assert answer.source == source
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for call in closes:
        went = call.get("route") and call.get("provider") and call.get("model") and call["status"] != "blocked"
        if went and (where is None or call.get("team") == "search"):
            groups[call["route"], f"{call['provider']}/{call['model']}"].append(call)
    assert {(row["route"], row["target"]) for row in answer.rows} == groups.keys()
    of_route: dict[str, int] = defaultdict(int)
    for (route, _), calls in groups.items():
        of_route[route] += len(calls)
    for row in answer.rows:
        calls = groups[row["route"], row["target"]]
        failed = sum(call["status"] in ("error", "truncated", "interrupted") for call in calls)
        assert (row["calls"], row["errors"]) == (len(calls), failed)
        assert row["share"] == pytest.approx(len(calls) / of_route[row["route"]], abs=1e-6)
        assert row["error_rate"] == pytest.approx(failed / len(calls), abs=1e-6)


def test_cost_and_times_are_those_of_the_target(service: LedgerService) -> None:
    calls = [
        a_call(n, model="gpt-4o" if n % 3 else "gpt-4o-mini", latency_us=1_000_000 * (1 + n % 3)) for n in range(9)
    ]
    segment(service.home, *map(whole, calls))
    service.load_once()
    large, small = service.ask("routes", **HOUR_WINDOW).rows
    assert (large["target"], large["calls"], large["cost_usd"]) == ("openai/gpt-4o", 6, "0.0027")
    assert (small["target"], small["calls"], small["cost_usd"]) == ("openai/gpt-4o-mini", 3, "0.00135")
    assert small["p50_ms"] == pytest.approx(1000, rel=0.02)
    assert large["p95_ms"] == pytest.approx(3000, rel=0.02)
    assert large["ttft_p95_ms"] == pytest.approx(300, rel=0.02)


def test_an_empty_window_has_no_rows(service: LedgerService) -> None:
    assert service.ask("routes", **HOUR_WINDOW).rows == []


def test_money_of_all_targets_is_that_of_the_calls_that_went_somewhere(
    loaded: LedgerService, closes: list[dict[str, Any]]
) -> None:
    rows = loaded.ask("routes", **HOUR_WINDOW).rows
    known = [Decimal(row["cost_usd"]) for row in rows if row["cost_usd"] != "unpriced"]
    went = [each for each in closes if each.get("route") and each.get("provider") and each.get("model")]
    assert sum(known) == usd(went)
