"""The service answers from any thread while it loads, says how fresh it is, and outlives a file it cannot open."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from gatewatch.errors import GatewatchError, NotFound, UsageError
from gatewatch.ledger import queries
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Windowed
from gatewatch.ledger.service import LedgerService
from gatewatch.ledger.unavailable import LedgerLocked, LedgerUnavailable, TooSlow
from gatewatch.paths import Home
from tests.kit.journals import NOW, T0, a_call, segment, whole, worker

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


class Forever:
    """A query that never ends."""

    class Params(Windowed):
        """None of its own."""

    def __init__(self) -> None:
        self.began = threading.Event()

    def answer(self, asking: Asking, params: Params) -> Found:
        self.began.set()
        asking.rows("SELECT sum(a.range * b.range) FROM range(10000000) AS a, range(10000000) AS b")
        return Found([])


def test_a_locked_file_is_tried_again_and_nothing_is_lost(home: Home, service: LedgerService) -> None:
    segment(home, whole(a_call(0)))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        for _ in range(2):
            with pytest.raises(LedgerLocked):
                service.load_once()
        with pytest.raises(LedgerLocked):
            service.ask("overview")
        (alarm,) = service.fresh()["alarms"]
        assert "another process" in alarm
        holder.stdin.close()
    assert service.load_once().calls == 1
    assert service.fresh()["alarms"] == []
    assert service.ask("overview").rows[0]["calls"] == 1


def test_answers_say_how_fresh_they_are(home: Home, service: LedgerService) -> None:
    assert service.ask("overview").fresh == {"loaded_until": None, "behind_bytes": 0, "alarms": []}
    with worker(home) as alive:
        alive.write(whole(a_call(0)))
        assert service.ask("overview").fresh["behind_bytes"] == len(whole(a_call(0)))
        service.load_once()
        fresh = service.ask("overview").fresh
    assert fresh == {"loaded_until": "2026-11-20T11:00:00.000000Z", "behind_bytes": 0, "alarms": []}


def test_many_threads_ask_while_the_journal_is_loaded(home: Home, service: LedgerService) -> None:
    """Each answer is of one moment: its calls, its spend and its errors agree."""
    wrong: list[object] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            row = service.ask("overview").rows[0]
            if row["input_tokens"] != 100 * row["calls"] or row["output_tokens"] != 20 * row["calls"]:
                wrong.append(row)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    with worker(home) as alive:
        for n in range(25):
            alive.write(whole(a_call(n)))
            service.load_once()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert service.ask("overview").rows[0]["calls"] == 25


def test_a_query_that_takes_too_long_is_stopped_and_blocks_nobody(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queries.QUERIES, "forever", Forever())
    service = LedgerService(home, query_seconds=0.2, clock=lambda: NOW)
    with pytest.raises(TooSlow, match=r"0\.2 s"):
        service.ask("forever")
    assert service.ask("overview").rows[0]["calls"] == 0
    service.close()


def test_closing_stops_what_runs(home: Home, service: LedgerService, monkeypatch: pytest.MonkeyPatch) -> None:
    forever = Forever()
    monkeypatch.setitem(queries.QUERIES, "forever", forever)
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            service.ask("forever")
        except LedgerUnavailable as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert forever.began.wait(30)
    service.close()
    thread.join()
    assert len(raised) == 1
    with pytest.raises(LedgerUnavailable, match="closed"):
        service.ask("overview")
    with pytest.raises(LedgerUnavailable, match="closed"):
        service.load_once()


def test_an_unknown_query_and_unknown_parameters_are_refused(service: LedgerService) -> None:
    with pytest.raises(NotFound, match="colours"):
        service.ask("colours")
    for params in ({"sql": "DROP TABLE calls"}, {"limit": "many"}, {"by": ["team"]}):
        with pytest.raises(UsageError):
            service.ask("spend", **params)


def test_a_snapshot_is_a_whole_ledger_that_anybody_may_open(home: Home, service: LedgerService, tmp_path: Path) -> None:
    segment(home, *[whole(a_call(n)) for n in range(10)])
    service.load_once()
    path = service.snapshot(tmp_path / "it's a copy.duckdb")
    assert path.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(path), read_only=True) as copy:
        assert copy.execute("SELECT count(*) FROM calls").fetchall() == [(10,)]
        assert copy.execute("SELECT sum(calls)::INT FROM traffic_day").fetchall() == [(10,)]
    assert service.ask("overview").rows[0]["calls"] == 10
    with pytest.raises(UsageError, match="exists"):
        service.snapshot(path)
    assert list(home.scratch.glob("*.duckdb*")) == []


def test_a_check_does_not_keep_the_recorder_waiting(home: Home, service: LedgerService) -> None:
    """While it is under way the recorder loads more, and packs the segment away that is to be read next."""
    with worker(home) as alive:
        alive.write(whole(a_call(0)))
        service.load_once()
        alive.write(whole(a_call(1)))

        def meanwhile(done: int, total: int) -> None:
            if done < total:
                alive.die()
                assert service.load_once().finished

        segment(home, whole(a_call(2)), run="20261120T090000Z-00000009")
        service.load_once()
        checked = service.check(meanwhile)
    assert (checked.ok, checked.segments) == (True, 2)


def test_a_snapshot_that_cannot_be_written_leaves_nothing(home: Home, service: LedgerService, tmp_path: Path) -> None:
    with pytest.raises(GatewatchError, match="cannot be written"):
        service.snapshot(tmp_path / "nowhere" / "copy.duckdb")
    assert list(home.scratch.glob("*.duckdb*")) == []
    assert service.ask("overview").rows[0]["calls"] == 0


def test_a_connection_that_failed_for_good_is_opened_again(
    home: Home, service: LedgerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment(home, whole(a_call(0)))
    service.ask("overview")
    recorder = service._recorder
    assert recorder is not None

    def fail(*_: object) -> None:
        raise duckdb.FatalException("FATAL Error: the database has been invalidated")

    monkeypatch.setattr(recorder, "load_once", fail)
    with pytest.raises(duckdb.FatalException):
        service.load_once()
    assert "invalidated" in service.fresh()["alarms"][0]
    assert service.load_once().calls == 1
    assert service.fresh()["alarms"] == []


def test_the_clock_is_asked_for_each_query(home: Home) -> None:
    now = [T0]
    service = LedgerService(home, clock=lambda: now[0])
    first = service.ask("overview").window
    now[0] += 60_000_000
    assert service.ask("overview").window != first
    service.close()
