"""Calls that a dead worker left open."""

from gatewatch.ledger.interrupted import as_interrupted, interrupted
from gatewatch.ledger.segments import segments_in
from gatewatch.paths import Home
from tests.kit.journals import a_call, attempt, closing, opening, segment, with_fields


def test_only_opens_without_a_close_are_interrupted(home: Home) -> None:
    done, left, other = a_call(0), a_call(1), a_call(2)
    segment(home, opening(done), opening(left), attempt(left), closing(done), b"noise\n", opening(other))
    found = interrupted(segments_in(home.journal), set())
    assert [left.call_id in fact.text.decode() for fact in found.facts["close"]] == [True, False]
    assert [fact.offset for fact in found.facts["close"]] == [
        len(opening(done)),
        len(opening(done) + opening(left) + attempt(left) + closing(done)) + 6,
    ]


def test_an_open_repeated_in_the_next_segment_counts_once(home: Home) -> None:
    left, done = a_call(0), a_call(1)
    segment(home, opening(left), opening(done))
    segment(home, opening(left), opening(done), closing(done), sequence=2)
    (fact,) = interrupted(segments_in(home.journal), set()).facts["close"]
    assert fact.segment.endswith("-000002")


def test_a_close_in_quarantine_closes_nothing(home: Home) -> None:
    call = a_call(0)
    segment(home, opening(call), closing(call))
    assert interrupted(segments_in(home.journal), set()).facts["close"] == []
    refused = {closing(call).decode().rstrip()}
    assert len(interrupted(segments_in(home.journal), refused).facts["close"]) == 1


def test_an_open_in_quarantine_is_not_refused_twice(home: Home) -> None:
    bad = with_fields(opening(a_call(0)), input_uncached_tokens=-3)
    segment(home, bad)
    found = interrupted(segments_in(home.journal), {bad.decode().rstrip()})
    assert found.facts["close"] == found.quarantined == []


def test_an_open_that_the_ledger_could_not_hold_is_quarantined(home: Home) -> None:
    segment(home, with_fields(opening(a_call(0)), input_uncached_tokens=-3))
    found = interrupted(segments_in(home.journal), set())
    assert found.facts["close"] == []
    assert "input_uncached_tokens" in found.quarantined[0].reason


def test_a_torn_open_is_nothing(home: Home) -> None:
    segment(home, opening(a_call(0))[:-1])
    assert interrupted(segments_in(home.journal), set()).facts["close"] == []


def test_the_estimate_is_kept_and_marked() -> None:
    assert as_interrupted(a_call(0)).cost_basis == "estimated"
    assert as_interrupted(a_call(0, cost_picos=None, cost_basis="unpriced")).cost_basis == "unpriced"
    assert as_interrupted(a_call(0)).http_status is None
