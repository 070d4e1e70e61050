"""What spans usually cost: those in which anything was spent, the one that is not over left out."""

from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import DAY, HOUR, MINUTE, T0, a_call, closing, segment

NOW = T0 + HOUR
USD = 10**12


@pytest.fixture
def usual(home: Home) -> Iterator[LedgerService]:
    service = LedgerService(home, clock=lambda: NOW)
    yield service
    service.close()


def rows(service: LedgerService, *spent: tuple[int, int], **asked: Any) -> dict[str, tuple[str, int]]:
    """`spent`: when, and picodollars."""
    calls = [closing(a_call(n, at_us=at, cost_picos=picos)) for n, (at, picos) in enumerate(spent)]
    segment(service.home, *calls)
    service.load_once()
    return {row["name"]: (row["cost_usd"], row["spans"]) for row in service.ask("usual_spend", **asked).rows}


def test_spans_without_spend_do_not_dilute_it(usual: LedgerService) -> None:
    found = rows(usual, (T0, 2 * USD), (T0 + 9 * MINUTE, 1 * USD), (T0 + 30 * MINUTE, 3 * USD))
    assert found == {"k0000001": ("6", 2)}


def test_days_before_the_past_and_the_span_that_is_not_over_do_not_count(usual: LedgerService) -> None:
    found = rows(usual, (T0 - 8 * DAY, 99 * USD), (T0 - 2 * DAY, 1 * USD), (T0 + 55 * MINUTE, 50 * USD))
    assert found == {"k0000001": ("51", 2)}
    before = {row["name"]: row["spans"] for row in usual.ask("usual_spend", until_us=NOW - 1).rows}
    assert before == {"k0000001": 1}


def test_free_calls_are_no_spend(usual: LedgerService) -> None:
    assert rows(usual, (T0, 0)) == {}


def test_by_team_and_by_the_minute(usual: LedgerService) -> None:
    found = rows(usual, (T0, USD), (T0 + MINUTE, USD), (T0 + MINUTE + 1, USD), by="team", span_us=MINUTE)
    assert found == {"search": ("3", 2)}


@pytest.mark.parametrize("asked", [{"by": "provider_key"}, {"span_us": 5}, {"span_us": HOUR, "past_us": MINUTE}])
def test_what_cannot_be_answered_is_refused(usual: LedgerService, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        usual.ask("usual_spend", **asked)
