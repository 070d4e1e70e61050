"""What a client saw complete is in the journal, and a full disk refuses new calls before it loses any."""

import errno
import json

import pytest

from gatewatch.call import Attempt, Call
from gatewatch.ids import new_call_id
from gatewatch.journal.segment import Segment
from gatewatch.journal.writer import Journal, JournalFull


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path, segment_bytes=2000, reserve_bytes=4096)
    yield journal
    journal.stop()


def a_call() -> Call:
    return Call(call_id=new_call_id(), started_at=1_700_000_000_000_000, status="ok", http_status=200)


def lines(path):
    return [json.loads(text) for text in path.read_text().splitlines()]


def segments(folder):
    return sorted(folder.glob("*.jsonl"))


def test_open_attempt_and_close_stand_in_order(journal, tmp_path):
    call = a_call()
    journal.open(call)
    journal.close(call, [Attempt(call_id=call.call_id, started_at=1, n=1, provider="p", model="m")])
    records = lines(segments(tmp_path)[0])
    assert [record["k"] for record in records] == ["open", "attempt", "close"]
    assert {record["call_id"] for record in records} == {call.call_id}


def test_a_call_in_flight_stands_again_in_the_next_segment(journal, tmp_path):
    long_call = a_call()
    journal.open(long_call)
    while len(segments(tmp_path)) == 1:
        short_call = a_call()
        journal.open(short_call)
        journal.close(short_call, [])
    head = lines(segments(tmp_path)[1])[0]
    assert (head["k"], head["call_id"]) == ("open", long_call.call_id)


def test_a_closed_call_is_not_repeated(journal, tmp_path):
    call = a_call()
    journal.open(call)
    journal.close(call, [])
    journal._rotate()
    assert lines(segments(tmp_path)[1]) == []


class DiskThatFills:
    """Stands for the kernel: refuses appends while `full`, or until the reserve is gone."""

    def __init__(self, monkeypatch, journal):
        self.full = False
        real = Segment.append

        def append(segment, line):
            if self.full and (self.full == "hard" or journal._reserve.exists()):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(segment, line)

        monkeypatch.setattr(Segment, "append", append)


def test_a_full_disk_refuses_new_calls_while_calls_in_flight_close_from_the_reserve(journal, tmp_path, monkeypatch):
    disk = DiskThatFills(monkeypatch, journal)
    in_flight = a_call()
    journal.open(in_flight)
    disk.full = True
    with pytest.raises(JournalFull):
        journal.open(a_call())
    journal.close(in_flight, [])
    assert (
        lines(segments(tmp_path)[0])[-1] | {"k": "close", "call_id": in_flight.call_id}
        == lines(segments(tmp_path)[0])[-1]
    )
    with pytest.raises(JournalFull):
        journal.open(a_call())


def test_a_close_that_even_the_reserve_could_not_hold_is_refused_and_written_when_there_is_space(
    journal, tmp_path, monkeypatch
):
    disk = DiskThatFills(monkeypatch, journal)
    in_flight = a_call()
    journal.open(in_flight)
    disk.full = "hard"
    with pytest.raises(JournalFull):
        journal.close(in_flight, [])
    disk.full = False
    journal.look_for_space()
    assert [record["k"] for record in lines(segments(tmp_path)[0])] == ["open", "close"]


def test_it_takes_calls_again_by_itself_when_there_is_space(journal, monkeypatch):
    disk = DiskThatFills(monkeypatch, journal)
    disk.full = True
    with pytest.raises(JournalFull):
        journal.open(a_call())
    disk.full = False
    journal.look_for_space()
    journal.open(a_call())


def test_the_reserve_of_a_dead_worker_goes_with_the_next_one_and_a_living_ones_stays(journal, tmp_path):
    (tmp_path / "20260101T000000Z-deadbeef.reserve").write_bytes(bytes(4096))
    other = Journal(tmp_path, reserve_bytes=4096)
    assert {path.stem for path in tmp_path.glob("*.reserve")} == {journal.run, other.run}
    other.stop()


def test_stopping_leaves_a_readable_segment_and_no_reserve(tmp_path):
    journal = Journal(tmp_path, reserve_bytes=4096)
    call = a_call()
    journal.open(call)
    journal.close(call, [])
    journal.stop()
    assert [path.suffix for path in tmp_path.iterdir()] == [".jsonl"]
    assert [record["k"] for record in lines(segments(tmp_path)[0])] == ["open", "close"]
