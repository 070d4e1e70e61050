"""Latency by group, at most two percent off."""

from typing import Any

import pytest

from gatewatch.ledger.service import LedgerService
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.exact import percentile
from tests.kit.journals import a_call, closing, segment

COLUMNS = (
    ("p50_ms", "latency_us", 0.5),
    ("p95_ms", "latency_us", 0.95),
    ("p99_ms", "latency_us", 0.99),
    ("ttft_p50_ms", "ttft_us", 0.5),
    ("ttft_p95_ms", "ttft_us", 0.95),
    ("upstream_p50_ms", "upstream_us", 0.5),
    ("overhead_p50_ms", "overhead_us", 0.5),
)


@pytest.mark.parametrize(("by", "source"), [("model", "rollups"), ("stream", "rollups"), ("team", "calls")])
def test_percentiles_of_each_group_are_within_two_percent_of_exact(
    loaded: LedgerService, closes: list[dict[str, Any]], by: str, source: str
) -> None:
    answer = loaded.ask("latency", by=by, **HOUR_WINDOW)
    timed = [call for call in closes if call["status"] not in ("blocked", "interrupted")]
    assert answer.source == source
    assert sum(row["calls"] for row in answer.rows) == len(timed)
    for row in answer.rows:
        default = False if by == "stream" else None
        mine = [call for call in timed if call.get(by, default) == row["group"]]
        assert row["calls"] == len(mine)
        for name, field, share in COLUMNS:
            assert row[name] == pytest.approx(percentile([call[field] / 1000 for call in mine], share), rel=0.02), name


def test_a_refused_call_has_no_latency(loaded: LedgerService) -> None:
    assert loaded.ask("latency", where="status=blocked", **HOUR_WINDOW).rows == []


def test_replies_out_of_the_cache_are_in_no_providers_latency(service: LedgerService) -> None:
    calls = [a_call(0, cache="miss", latency_us=1_000_000, overhead_us=1_000)]
    calls += [
        a_call(n, status="cached", cache="hit", attempts=0, latency_us=9_000_000, overhead_us=8_000_000)
        for n in range(1, 6)
    ]
    segment(service.home, *[closing(each) for each in calls])
    service.load_once()
    for by, where in (("provider", None), ("model", None), ("route", f"provider={calls[0].provider}")):
        (row,) = service.ask("latency", by=by, where=where).rows
        assert row["calls"] == 1
        assert row["p50_ms"] == pytest.approx(1000, rel=0.02)
        assert row["overhead_p50_ms"] == pytest.approx(1, rel=0.02)
    (row,) = service.ask("latency", by="route").rows
    assert row["calls"] == 6, "callers wait for them all the same"
