"""A deferred call counts in spend like any other; how long it waited says nothing of how fast anybody was served."""

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.journals import a_call, attempt, closing, segment

MINUTE = 60_000_000
ONE_CENT = 10**10


def loaded(home: Home, service: LedgerService) -> None:
    quick = a_call(1, latency_us=200_000, upstream_us=190_000, cost_picos=ONE_CENT)
    late = a_call(
        2, latency_us=40 * MINUTE, upstream_us=30 * MINUTE, queued_us=10 * MINUTE, cost_picos=ONE_CENT,
        priority="deferred", deferred="batch",
    )  # fmt: skip
    segment(
        home,
        *(attempt(quick, latency_us=190_000), closing(quick)),
        *(attempt(late, latency_us=30 * MINUTE), closing(late)),
    )
    service.load_once()


def test_percentiles_are_those_of_calls_that_somebody_waited_for(home: Home, service: LedgerService) -> None:
    loaded(home, service)
    (row,) = service.ask("latency", **HOUR_WINDOW).rows
    assert row["p99_ms"] < 300
    assert row["upstream_p50_ms"] < 300


def test_spend_has_both(home: Home, service: LedgerService) -> None:
    loaded(home, service)
    assert sum(row["calls"] for row in service.ask("spend", by="team", **HOUR_WINDOW).rows) == 2


def test_what_became_of_calls_and_tries_lately_knows_no_hours(home: Home, service: LedgerService) -> None:
    loaded(home, service)
    for tries in (False, True):
        (row,) = service.ask("lately", by="gateway", window_us=60 * MINUTE, tries=tries).rows
        assert row["p95_us"] is None or row["p95_us"] < 300_000
