"""Lines are sorted by what they are; what the ledger could not hold is refused with a reason."""

import pytest

from gatewatch.call import RECORDS, Rejected, line
from gatewatch.ledger.lines import FACTS, MAX_LINE, QUARANTINED_TEXT, Sorted, checked, opened
from tests.kit.journals import T0, a_call, attempt, closing, opening, with_fields

SEGMENT = "20261120T100000Z-00000001-000001"


def test_lines_are_sorted_with_their_places() -> None:
    first, second, third = opening(a_call(0)), attempt(a_call(0)), closing(a_call(0))
    found = Sorted()
    found.add(SEGMENT, 1000, first + second + third)
    assert found.lines == 3
    assert [fact.offset for fact in found.facts["attempt"]] == [1000 + len(first)]
    assert [fact.offset for fact in found.facts["close"]] == [1000 + len(first) + len(second)]
    assert found.quarantined == []


def test_a_fact_carries_its_record_unchanged_behind_its_place() -> None:
    found = Sorted()
    found.add(SEGMENT, 7, closing(a_call(0)))
    (fact,) = found.facts["close"]
    assert fact.text == closing(a_call(0)).replace(b'{"k":"close","v":1', b'{"segment":"%s","at":7' % SEGMENT.encode())


@pytest.mark.parametrize("kind", RECORDS)
def test_every_kind_of_record_is_known(kind: str) -> None:
    texts = {
        "open": opening(a_call(0)),
        "close": closing(a_call(0)),
        "attempt": attempt(a_call(0)),
        "rejected": line("rejected", Rejected(started_at=T0, source="::1", error_kind="invalid_key", count=1)),
    }
    assert checked(texts[kind].rstrip())[0] == kind
    assert set(RECORDS) == {*FACTS, "open"}


def test_fields_of_a_newer_writer_are_passed_over() -> None:
    assert checked(with_fields(closing(a_call(0)), colour={"deep": [1]}).rstrip())[0] == "close"


@pytest.mark.parametrize(
    "fields",
    [
        {"call_id": None},
        {"call_id": "00000000-0000-4000-8000-000000000000"},
        {"started_at": -1},
        {"started_at": "2026"},
        {"http_status": 10**6},
        {"cost_picos": 0.5},
        {"cost_basis": "guessed"},
        {"latency_us": 10**12},
        {"tags": {"a": 1}},
        {"params": []},
        {"stream": "yes"},
    ],
)
def test_what_the_ledger_could_not_hold_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        checked(with_fields(closing(a_call(0)), **fields).rstrip())


def test_the_edges_of_what_it_can_hold_are_taken() -> None:
    edges = {"cost_picos": 10**18 - 1, "output_tokens": 10**12 - 1, "http_status": 599, "ttft_us": None}
    assert checked(with_fields(closing(a_call(0)), **edges).rstrip())[0] == "close"


def test_a_lone_surrogate_and_a_deep_nesting_are_refused() -> None:
    text = closing(a_call(0, team="T")).rstrip()
    for bad in (text.replace(b'"T"', b'"\\ud800"'), text.replace(b'"tags":', b"").replace(b'"T"', b"[" * 5000)):
        with pytest.raises(ValueError):
            checked(bad)
    usage = b'{"k":"close","v":1,"call_id":"%s","started_at":1,"status":"ok","usage":%s}'
    with pytest.raises(ValueError):
        checked(usage % (a_call(0).call_id.encode(), b"[" * 100_000 + b"]" * 100_000))


def test_a_line_longer_than_duckdb_takes_is_refused_and_kept_in_part() -> None:
    huge = closing(a_call(0, error_message="x" * MAX_LINE))
    found = Sorted()
    found.add(SEGMENT, 0, huge)
    (bad,) = found.quarantined
    assert "longer" in bad.reason
    assert len(bad.line) == QUARANTINED_TEXT


def test_an_open_line_is_looked_at_when_its_call_is_interrupted() -> None:
    fine, bad = opening(a_call(0)).rstrip(), with_fields(opening(a_call(0)), cost_picos=-1).rstrip()
    assert checked(bad)[0] == "open"
    assert opened(fine).cost_picos == 7_000_000
    with pytest.raises(ValueError, match="cost_picos"):
        opened(bad)
