from pathlib import Path

from benchmarks.journal_count import closed_calls
from gatewatch.call import Call
from gatewatch.journal.writer import Journal
from gatewatch.ledger.pack import pack
from gatewatch.ledger.segments import segments_in
from gatewatch.paths import Home


def journal_of(home: Home, closed: int, still_open: int) -> None:
    journal = Journal(home.journal, reserve_bytes=4096)
    for number in range(closed + still_open):
        call = Call(call_id=f"{number}", started_at=1)
        journal.open(call)
        if number < closed:
            journal.close(call, [])
    journal.stop()


def test_closed_calls_are_counted_in_segments_that_are_packed_away_too(tmp_path: Path) -> None:
    home = Home(tmp_path).make()
    journal_of(home, closed=3, still_open=1)
    for segment in segments_in(home.journal):
        pack(segment, home.loaded)
    journal_of(home, closed=2, still_open=2)
    assert closed_calls(tmp_path) == 5


def test_a_home_without_a_journal_has_closed_nothing(tmp_path: Path) -> None:
    assert closed_calls(tmp_path) == 0
