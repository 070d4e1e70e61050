"""A dead worker's journal, behind a position: what it has closed, and what nobody saw the end of."""

from pathlib import Path

import pytest

from gatewatch.call import Attempt, Call
from gatewatch.ids import new_call_id
from gatewatch.journal.writer import Journal
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import WHOLE
from gatewatch.paths import Home
from proxy.control.left_unsettled import is_dead, living, runs_since, unsettled


def call(status: str = "ok") -> Call:
    return Call(
        call_id=new_call_id(), started_at=1_790_000_000_000_000, status=status, cost_picos=7, cost_basis="computed"
    )


def closed(journal: Journal, *tries: str) -> Call:
    made = call()
    journal.open(made)
    attempts = [
        Attempt(call_id=made.call_id, started_at=made.started_at, n=n, provider="p", model="m", status=status)
        for n, status in enumerate(tries, 1)
    ]
    journal.close(made, attempts)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()


def test_what_stands_behind_the_position_is_left_and_last_what_was_interrupted(home: Home) -> None:
    journal = Journal(home.journal)
    closed(journal)
    _, offset = journal.position
    open_one = call("")
    journal.open(open_one)
    second = closed(journal, "error", "ok")
    end = journal.position
    journal.stop()
    first, last = unsettled(home, journal.run, 1, offset)
    assert [each.call_id for each, _ in first.calls] == [second.call_id]
    assert [tried.status for tried in first.calls[0][1]] == ["error", "ok"]
    assert first.position == end
    assert [(each.call_id, each.status, each.cost_picos) for each, _ in last.calls] == [
        (open_one.call_id, "interrupted", 7)
    ]
    assert last.position == (end[0], WHOLE)


def test_nothing_is_left_behind_the_last_position(home: Home) -> None:
    journal = Journal(home.journal)
    journal.open(call(""))
    closed(journal)
    journal.stop()
    assert [*unsettled(home, journal.run, 1, WHOLE)] == []


def test_it_goes_on_over_segments_also_those_that_are_packed_away(home: Home) -> None:
    journal = Journal(home.journal, segment_bytes=1)
    made = [closed(journal) for _ in range(3)]
    first = journal.position
    journal.stop()
    service = LedgerService(home)
    service.load_once()
    service.close()
    assert not list(home.journal.glob("*.jsonl"))
    left = [each.calls[0][0].call_id for each in unsettled(home, journal.run, 0, 0) if each.calls]
    assert left == [each.call_id for each in made]
    assert first[0].endswith("6") or len(left) == 3


def test_a_torn_last_line_and_one_that_the_ledger_refuses_are_no_calls(home: Home) -> None:
    journal = Journal(home.journal)
    refused = call("")
    journal.open(refused)
    path, _ = journal.position
    journal.stop()
    with (home.journal / f"{path}.jsonl").open("ab") as segment:
        segment.write(b'{"k":"close","v":1,"call_id":"%s","status":5}\n' % refused.call_id.encode())
        segment.write(b'{"k":"close","v":1,"call_id":"to')
    (last,) = unsettled(home, journal.run, 1, 0)
    assert [each.status for each, _ in last.calls] == ["interrupted"], "its end is in quarantine"


def test_a_run_lives_as_long_as_its_writer(home: Home) -> None:
    journal = Journal(home.journal)
    assert living(home) == {journal.run}
    assert not is_dead(home, journal.run, ())
    journal.stop()
    assert living(home) == set()
    assert is_dead(home, journal.run, ())
    assert runs_since(home, "20000101T000000Z") == {journal.run}
    assert runs_since(home, "99990101T000000Z") == set()
