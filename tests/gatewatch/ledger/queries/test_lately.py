"""What became of calls lately, counted by plain Python from the same lines."""

from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.call import Rejected, line
from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import MINUTE, SECOND, T0, a_call, attempt, closing, segment

NOW = T0 + 10 * MINUTE


@pytest.fixture
def lately(home: Home) -> Iterator[LedgerService]:
    """A ledger whose clock stands at ten past."""
    service = LedgerService(home, clock=lambda: NOW)
    yield service
    service.close()


def rows(service: LedgerService, *lines: bytes, **asked: Any) -> dict[str, dict[str, Any]]:
    segment(service.home, *lines)
    service.load_once()
    return {row["name"]: row for row in service.ask("lately", **asked).rows}


def call(seconds_ago: float, **fields: Any) -> bytes:
    """One that ended so long ago."""
    latency = fields.setdefault("latency_us", SECOND)
    return closing(a_call(int(seconds_ago * 10), at_us=int(NOW - seconds_ago * SECOND - latency), **fields))


def test_statuses_are_counted_by_what_they_mean(lately: LedgerService) -> None:
    found = rows(
        lately,
        call(10),
        call(11, status="error", http_status=502),
        call(12, status="error", http_status=429),
        call(13, status="truncated", http_status=200),
        call(14, status="blocked", http_status=429, latency_us=300, cost_picos=0),
        call(15, status="blocked", http_status=401, latency_us=300, cost_picos=0),
        call(16, cost_picos=None, cost_basis="unpriced"),
        by="route",
    )
    row = found["bot"]
    names = ("calls", "worked", "failed", "5xx", "401", "429", "blocked", "unpriced")
    assert [row[name] for name in names] == [7, 5, 3, 1, 1, 2, 2, 1]
    assert row["cost_usd"] == "0.0018"


def test_a_call_counts_from_its_end_on_however_long_it_took(lately: LedgerService) -> None:
    hung = call(5, status="error", http_status=504, latency_us=9 * MINUTE)
    found = rows(lately, hung, call(61), call(59), by="team", window_us=MINUTE)
    assert (found["search"]["calls"], found["search"]["5xx"]) == (2, 1)


def test_times_of_calls_that_no_provider_served_do_not_count(lately: LedgerService) -> None:
    found = rows(
        lately,
        *(call(n, latency_us=1_000_000 * n, ttft_us=100_000 * n) for n in range(1, 21)),
        call(30, status="blocked", http_status=429, latency_us=1, ttft_us=None),
        by="gateway",
    )
    row = found[""]
    assert (row["timed"], row["ttft_timed"], row["calls"]) == (20, 20, 21)
    assert row["p95_us"] == pytest.approx(19_050_000)
    assert row["ttft_p95_us"] == pytest.approx(1_905_000)


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("gateway", ""),
        ("environment", "live"),
        ("team", "search"),
        ("project", "search/web"),
        ("user", "ann"),
        ("key", "k0000001"),
        ("route", "bot"),
        ("model", "openai/gpt-4o"),
        ("provider", "openai"),
        ("provider_key", "openai/openai#1"),
    ],
)
def test_calls_are_called_as_limits_call_them(lately: LedgerService, by: str, name: str) -> None:
    nameless = call(
        2, environment=None, team=None, project=None, user=None, key_id=None, route=None, provider=None, model=None,
        provider_key=None,
    )  # fmt: skip
    named = call(1, environment="live", project="web", user="ann")
    found = rows(lately, named, nameless, by=by)
    assert {each: row["calls"] for each, row in found.items()} == {name: 2 if by == "gateway" else 1}


def test_tries_of_a_provider_count_though_another_one_served_the_call(lately: LedgerService) -> None:
    served = a_call(1, at_us=NOW - 20 * SECOND, attempts=2, provider="other")
    tries = (
        attempt(served, 1, provider="openai", status="error", http_status=401, latency_us=100),
        attempt(served, 2, provider="other", status="ok", http_status=200, latency_us=100),
    )
    found = rows(lately, *tries, closing(served), by="provider", tries=True)
    assert {name: (row["calls"], row["401"], row["failed"]) for name, row in found.items()} == {
        "openai": (1, 1, 1), "other": (1, 0, 0),
    }  # fmt: skip
    assert {row["name"] for row in lately.ask("lately", by="provider").rows} == {"other"}


def test_a_provider_that_does_not_answer_at_all_counts_as_one_that_answers_5xx(lately: LedgerService) -> None:
    served = a_call(1, at_us=NOW - 20 * SECOND, attempts=4, provider="other")
    fates: tuple[tuple[str, int | None], ...] = (("error", None), ("error", 503), ("client_closed", None), ("ok", 200))
    tries = [
        attempt(served, n, provider="dead", status=status, http_status=answered, latency_us=100)
        for n, (status, answered) in enumerate(fates, 1)
    ]
    found = rows(lately, *tries, closing(served), by="provider", tries=True)
    assert (found["dead"]["calls"], found["dead"]["5xx"]) == (4, 2)


def test_refused_calls_that_were_only_counted_are_nobodys_and_the_gateways(lately: LedgerService) -> None:
    counted = [
        line("rejected", Rejected(started_at=NOW - 30 * SECOND, source="10.9.9.9", error_kind=kind, count=count))
        for kind, count in (("invalid_api_key", 57), ("too_many_connections", 3))
    ]
    found = rows(lately, call(1), *counted, by="gateway")
    assert (found[""]["calls"], found[""]["blocked"], found[""]["401"]) == (61, 60, 57)
    assert {row["name"]: row["calls"] for row in lately.ask("lately", by="team").rows} == {"search": 1}


def test_what_a_budget_was_in_the_way_of(lately: LedgerService) -> None:
    refused = {"status": "blocked", "http_status": 429, "latency_us": 100}
    found = rows(
        lately,
        call(1),
        call(2, blocked_by="budgets.company/usd", **refused),
        call(3, blocked_by="limits.a/requests/1m", **refused),
        by="team",
        blocked_by="budgets.company/usd",
    )
    assert {name: row["blocked"] for name, row in found.items()} == {"search": 1}


@pytest.mark.parametrize(
    "asked", [{"by": "planet"}, {"by": "team", "tries": True}, {"window_us": 0}, {"window_us": 2**50}]
)
def test_what_cannot_be_answered_is_refused(lately: LedgerService, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        lately.ask("lately", **asked)
