"""Call ids bound their own time, and only call ids do."""

import pytest

from gatewatch.errors import UsageError
from gatewatch.ids import new_call_id
from gatewatch.ledger.call_rows import ATTEMPT, CALL, WHOLE_CALL, around, as_call_id, as_row, select_list
from tests.kit.journals import T0, call_id


def test_an_id_bounds_its_time_within_a_minute() -> None:
    window = around(call_id(T0))
    assert (window.since_us, window.until_us) == (T0 - 60_000_000, T0 + 60_000_000)


def test_an_id_is_written_as_the_ledger_writes_it() -> None:
    made = new_call_id()
    assert as_call_id(made.upper()) == as_call_id(made.replace("-", "")) == made
    with pytest.raises(UsageError, match="call id"):
        as_call_id("12")


def test_a_row_names_its_columns() -> None:
    assert (
        select_list({"call_id": CALL["call_id"], "user": CALL["user"]})
        == 'call_id::VARCHAR AS "call_id", "user" AS "user"'
    )
    shapes = {name: CALL[name] for name in ("started_at", "tags", "cost_usd", "latency_ms", "params")}
    assert as_row(shapes, [T0, None, None, 1500, None]) == {
        "started_at": "2026-11-20T10:00:00.000000Z", "tags": {}, "cost_usd": "unpriced", "latency_ms": 1.5,
        "params": {},
    }  # fmt: skip


def test_one_call_shows_more_than_a_page_of_calls() -> None:
    assert CALL.keys() < WHOLE_CALL.keys()
    assert "n" in ATTEMPT


def test_rules_that_a_call_met_have_money_as_text_and_tokens_as_numbers() -> None:
    shape = {"checked": WHOLE_CALL["checked"]}
    kept = '[["b/usd","search","picos",2081529640000,0,5,10000000000000],["l/rpm","","requests",1,0,1,60]]'
    assert as_row(shape, [kept])["checked"] == [
        {"rule": "b/usd", "name": "search", "measure": "usd", "taken": "2.08152964", "held": "0",
         "asked": "0.000000000005", "most": "10"},
        {"rule": "l/rpm", "name": "", "measure": "requests", "taken": 1, "held": 0, "asked": 1, "most": 60},
    ]  # fmt: skip
    assert as_row(shape, [None])["checked"] == []
