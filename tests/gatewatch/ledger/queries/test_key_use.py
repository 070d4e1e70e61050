"""What single keys were used for, and by whom."""

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import MINUTE, T0, a_call, closing, segment

OLD, NEW = {"key_version": 1, "client": "old-app/1"}, {"key_version": 2, "client": "new-app/2"}


def test_callers_come_with_the_version_of_the_secret_that_they_used(home: Home, service: LedgerService) -> None:
    segment(
        home,
        closing(a_call(0, source="10.0.0.1", **OLD, cost_picos=10**12)),
        closing(a_call(1, source="10.0.0.1", **OLD, cost_picos=10**11, endpoint="embeddings", model="embed")),
        closing(a_call(2, source="10.0.0.2", **NEW, cost_picos=10**10, status="error", http_status=502)),
        closing(a_call(3, source="10.0.0.1", **OLD, status="blocked", http_status=401, model=None, cost_picos=0)),
        closing(a_call(4, key_id="other", source="10.0.0.9")),
    )
    service.load_once()
    (row,) = service.ask("key_use", since="1h", keys=["k0000001"]).rows
    assert {name: row[name] for name in ("calls", "errors", "blocked", "cost_usd", "callers_in_all")} == {
        "calls": 4, "errors": 1, "blocked": 1, "cost_usd": "1.11", "callers_in_all": 2,
    }  # fmt: skip
    assert row["models"] == ["bot", "embed", "gpt-4o"]
    assert row["endpoints"] == ["/v1/chat/completions", "embeddings"]
    assert (row["first_used"], row["last_used"]) == ("2026-11-20T10:00:00.000000Z", "2026-11-20T10:00:03.000000Z")
    assert row["callers"] == [
        {
            "source": "10.0.0.1", "client": "old-app/1", "key_version": 1, "calls": 3, "blocked": 1,
            "last_used": "2026-11-20T10:00:03.000000Z",
        },
        {
            "source": "10.0.0.2", "client": "new-app/2", "key_version": 2, "calls": 1, "blocked": 0,
            "last_used": "2026-11-20T10:00:02.000000Z",
        },
    ]  # fmt: skip
    assert [(version["key_version"], version["calls"]) for version in row["versions"]] == [(1, 3), (2, 1)]


def test_the_window_is_exact_so_that_a_call_before_a_rotation_is_not_after_it(
    home: Home, service: LedgerService
) -> None:
    segment(home, *(closing(a_call(n)) for n in range(5)))
    service.load_once()
    (row,) = service.ask("key_use", since="2026-11-20T10:00:01.000001Z", until="2026-11-20T10:00:04Z").rows
    assert row["calls"] == 2


def test_a_key_that_was_not_used_has_no_row(home: Home, service: LedgerService) -> None:
    segment(home, closing(a_call(0)))
    service.load_once()
    assert service.ask("key_use", keys=["nobody00"]).rows == []


def test_only_the_last_callers_are_named_but_all_are_counted(home: Home, service: LedgerService) -> None:
    segment(home, *(closing(a_call(n, source=f"10.0.1.{n}")) for n in range(50)))
    service.load_once()
    (row,) = service.ask("key_use").rows
    assert (len(row["callers"]), row["callers_in_all"]) == (20, 50)
    assert row["callers"][0]["source"] == "10.0.1.49"


def test_a_sum_without_any_price_is_unpriced_and_a_filter_narrows(home: Home, service: LedgerService) -> None:
    segment(
        home,
        closing(a_call(0, cost_picos=None, cost_basis="unpriced", at_us=T0 + MINUTE)),
        closing(a_call(1, provider="local")),
    )
    service.load_once()
    (row,) = service.ask("key_use", where="provider=openai").rows
    assert (row["calls"], row["cost_usd"], row["unpriced_calls"]) == (1, "unpriced", 1)


def test_the_window_is_bounded(service: LedgerService) -> None:
    with pytest.raises(UsageError, match="92 days"):
        service.ask("key_use", since="93d")
    with pytest.raises(UsageError):
        service.ask("key_use", since="soon")
