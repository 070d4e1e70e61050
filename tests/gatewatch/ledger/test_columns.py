"""Fields of the journal become columns with their defaults filled in and their money exact."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewatch.call import Attempt, Call, line
from gatewatch.ledger.columns import json_columns, ledger_columns
from gatewatch.ledger.connect import connect
from gatewatch.paths import Home
from tests.kit.journals import T0, call_id

AWKWARD = [0, 1, 9, 10**12 - 1, 10**12, 10**12 + 1, 123_456_789_012_345_678, 2**53 + 1, 10**18 - 1]


def loaded(home: Home, *calls: Call | Attempt) -> list[dict[str, Any]]:
    """The records as rows, by way of JSON text and DuckDB."""
    connection = connect(home.ledger, home.scratch)
    path = home.scratch / "records.jsonl"
    path.write_bytes(b"".join(line("close", call).replace(b'"k":"close"', b'"segment":"s","at":0') for call in calls))
    record = type(calls[0])
    relation = connection.sql(
        f"SELECT {ledger_columns(record)} FROM read_json('{path}', columns = {json_columns(record)},"
        " format = 'newline_delimited')"
    )
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    connection.close()
    return rows


@pytest.mark.parametrize("picos", AWKWARD)
def test_money_is_exact(home: Home, picos: int) -> None:
    (row,) = loaded(home, Call(call_id=call_id(T0), started_at=T0, cost_picos=picos))
    assert row["cost"] * 10**12 == picos
    assert isinstance(row["cost"], Decimal)


@settings(max_examples=5)
@given(st.lists(st.integers(0, 10**18 - 1), min_size=50, max_size=50))
def test_any_money_is_exact(tmp_path_factory: pytest.TempPathFactory, picos: list[int]) -> None:
    home = Home(tmp_path_factory.mktemp("money")).make()
    rows = loaded(home, *[Call(call_id=call_id(T0, n), started_at=T0, cost_picos=p) for n, p in enumerate(picos)])
    assert [int(row["cost"].scaleb(12)) for row in rows] == picos


def test_what_the_journal_leaves_out_has_its_default(home: Home) -> None:
    (row,) = loaded(home, Call(call_id=call_id(T0), started_at=T0, status="ok"))
    assert (row["attempts"], row["stream"], row["output_tokens"], row["latency_us"]) == (0, False, 0, 0)
    assert (row["cost"], row["cost_basis"], row["endpoint"]) == (Decimal(0), "computed", "")
    assert row["team"] is row["ttft_us"] is row["usage"] is row["http_status"] is None


def test_what_was_dropped_is_a_list_and_nothing_is_an_empty_one(home: Home) -> None:
    some = Call(call_id=call_id(T0), started_at=T0, dropped_params=["seed", "a, 'b'"])
    none = Call(call_id=call_id(T0), started_at=T0)
    assert [row["dropped_params"] for row in loaded(home, some, none)] == [["seed", "a, 'b'"], []]


def test_an_unknown_price_is_null_and_a_price_of_nothing_is_zero(home: Home) -> None:
    unknown = Call(call_id=call_id(T0), started_at=T0, cost_picos=None, cost_basis="unpriced")
    free = Call(call_id=call_id(T0), started_at=T0, cost_picos=0, cost_basis="reported")
    assert [row["cost"] for row in loaded(home, unknown, free)] == [None, Decimal(0)]


def test_input_is_the_sum_of_its_classes(home: Home) -> None:
    call = Call(
        call_id=call_id(T0),
        started_at=T0,
        input_uncached_tokens=1,
        input_cache_read_tokens=20,
        input_cache_write_5m_tokens=300,
        input_cache_write_1h_tokens=4000,
        input_audio_tokens=50_000,
        input_image_tokens=600_000,
        output_tokens=7_000_000,
    )
    assert loaded(home, call)[0]["input_tokens"] == 654_321


def test_times_are_utc_and_the_day_is_that_of_the_start(home: Home) -> None:
    before_midnight = Call(call_id=call_id(T0), started_at=T0 + 14 * 3_600_000_000 - 1, latency_us=2)
    (row,) = loaded(home, before_midnight)
    assert row["started_at"].isoformat() == "2026-11-20T23:59:59.999999"
    assert row["ended_at"].isoformat() == "2026-11-21T00:00:00.000001"
    assert row["day"].isoformat() == "2026-11-20"


def test_an_interrupted_call_has_no_end(home: Home) -> None:
    (row,) = loaded(home, Call(call_id=call_id(T0), started_at=T0, status="interrupted"))
    assert row["ended_at"] is row["latency_us"] is row["overhead_us"] is None


def test_an_attempt_has_its_defaults(home: Home) -> None:
    (row,) = loaded(home, Attempt(call_id=call_id(T0), started_at=T0, n=1, provider="p", model="m"))
    assert (row["status"], row["latency_us"], row["connect_us"]) == ("ok", 0, None)
