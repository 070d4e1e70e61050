"""The journal goes into the ledger: every line once, whatever happens."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from gatewatch.call import Rejected, line
from gatewatch.journal.writer import Journal
from gatewatch.ledger import load, recorder
from gatewatch.ledger.connect import connect
from gatewatch.ledger.recorder import Recorder
from gatewatch.ledger.schema import migrate
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import (
    NOW,
    RUN,
    SECOND,
    T0,
    Worker,
    a_call,
    attempt,
    call_id,
    closing,
    opening,
    segment,
    whole,
    with_fields,
    worker,
)


def ask(service: LedgerService, sql: str) -> list[tuple[Any, ...]]:
    """Plain SQL, for tests only."""
    service._open()
    assert service._connection is not None
    return service._connection.cursor().execute(sql.replace("FROM ", "FROM ledger.")).fetchall()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_every_record_of_a_call_becomes_its_row(home: Home, service: LedgerService) -> None:
    calls = [a_call(n) for n in range(3)]
    rejected = line("rejected", Rejected(started_at=T0, source="10.0.0.9", error_kind="invalid_key", count=41))
    segment(home, *map(whole, calls), rejected)
    result = service.load_once()
    assert (result.lines, result.calls, result.attempts, result.rejected) == (10, 3, 3, 1)
    assert (result.interrupted, result.quarantined) == (0, 0)
    assert ask(service, "SELECT call_id::VARCHAR FROM calls ORDER BY 1") == [(call.call_id,) for call in calls]
    assert ask(service, "SELECT count(*) FROM attempts") == [(3,)]
    assert ask(service, "SELECT source, error_kind, count FROM rejected") == [("10.0.0.9", "invalid_key", 41)]


def test_a_second_pass_loads_nothing_again(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        alive.write(whole(a_call(0)))
        assert service.load_once().calls == 1
        assert service.load_once().lines == 0
        alive.write(whole(a_call(1)))
        assert service.load_once().calls == 1
    assert service.load_once().calls == 0
    assert ask(service, "SELECT count(*) FROM calls") == [(2,)]


def test_a_line_that_is_still_being_written_is_left_for_the_next_pass(home: Home, service: LedgerService) -> None:
    text = closing(a_call(0))
    with worker(home) as alive:
        alive.write(text[:100])
        assert service.load_once().lines == 0
        assert service.fresh()["behind_bytes"] == 100
        alive.write(text[100:])
        assert service.load_once().calls == 1
        assert service.fresh()["behind_bytes"] == 0


def test_a_torn_last_line_of_a_dead_worker_is_counted_and_never_parsed(home: Home, service: LedgerService) -> None:
    whole_json_without_newline = closing(a_call(1))[:-1]
    segment(home, closing(a_call(0)), whole_json_without_newline)
    result = service.load_once()
    assert (result.calls, result.quarantined) == (1, 1)
    ((text, reason),) = ask(service, "SELECT line, reason FROM journal_quarantine")
    assert text == whole_json_without_newline.decode()
    assert reason.startswith("torn")
    assert service.load_once().quarantined == 0


def test_a_call_that_a_dead_worker_left_open_is_interrupted_with_its_estimate(
    home: Home, service: LedgerService
) -> None:
    done, left = a_call(0), a_call(1)
    with worker(home) as alive:
        alive.write(whole(done), opening(left))
        assert service.load_once().interrupted == 0
    assert service.load_once().interrupted == 1
    assert service.load_once().interrupted == 0
    columns = "status, error_kind, cost, cost_basis, team, input_tokens, latency_us, ended_at"
    assert ask(service, f"SELECT {columns} FROM calls WHERE call_id = '{left.call_id}'") == [
        ("interrupted", "interrupted", Decimal("0.000007"), "estimated", "search", 90, None, None)
    ]
    assert ask(service, "SELECT count(*) FROM calls") == [(2,)]


def test_an_interrupted_call_without_a_known_price_stays_unpriced(home: Home, service: LedgerService) -> None:
    segment(home, opening(a_call(0), cost_picos=None, cost_basis="unpriced"))
    service.load_once()
    assert ask(service, "SELECT status, cost, cost_basis FROM calls") == [("interrupted", None, "unpriced")]
    assert ask(service, "SELECT sum(unpriced_calls)::INT, sum(cost) FROM spend_day") == [(1, Decimal(0))]


def test_a_run_that_went_on_to_a_next_segment_interrupts_nothing(home: Home, service: LedgerService) -> None:
    slow = a_call(0)
    segment(home, opening(slow))
    with worker(home, sequence=2) as alive:
        alive.write(opening(slow))
        service.load_once()
        alive.write(attempt(slow), closing(slow))
    service.load_once()
    assert ask(service, "SELECT status FROM calls") == [("ok",)]


def test_a_call_open_over_a_rotation_is_interrupted_once_when_its_worker_dies(
    home: Home, service: LedgerService
) -> None:
    slow = a_call(0)
    segment(home, opening(slow), whole(a_call(1)))
    with worker(home, sequence=2) as alive:
        alive.write(opening(slow), whole(a_call(2)))
        service.load_once()
    service.load_once()
    rows = ask(service, "SELECT status, count(*) FROM calls GROUP BY 1 ORDER BY 1")
    assert rows == [("interrupted", 1), ("ok", 2)]


def test_a_worker_that_died_before_it_repeated_its_open_calls_loses_none(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        alive.write(opening(a_call(0)), opening(a_call(1)))
        service.load_once()
        with worker(home, sequence=2) as next_segment:
            next_segment.write(opening(a_call(1)))
            service.load_once()
            alive.die()
            assert service.load_once().interrupted == 0
    assert service.load_once().interrupted == 2
    rows = ask(service, "SELECT call_id::VARCHAR, status FROM calls ORDER BY 1")
    assert rows == [(call_id(T0), "interrupted"), (call_id(T0 + SECOND, 1), "interrupted")]


def test_a_segment_that_its_worker_took_back_is_no_part_of_the_run(home: Home, service: LedgerService) -> None:
    """On a full disk a rotation fails: the new segment goes, and the worker goes on in the old one."""
    with worker(home) as alive:
        alive.write(opening(a_call(0)))
        with worker(home, sequence=2) as taken_back:
            taken_back.write(opening(a_call(0)))
            service.load_once()
            taken_back.path.unlink()
        alive.write(whole(a_call(1)))
        service.load_once()
        assert service.fresh()["alarms"] == []
    assert service.load_once().interrupted == 1
    assert ask(service, "SELECT status FROM calls ORDER BY 1") == [("interrupted",), ("ok",)]


def test_the_real_writer_rotates_and_is_loaded_whole(home: Home, service: LedgerService) -> None:
    journal = Journal(home.journal, segment_bytes=3000, reserve_bytes=4096)
    slow = a_call(99)
    journal.open(slow)
    for n in range(20):
        call = a_call(n)
        journal.open(call)
        journal.close(call, [])
        if n % 4 == 0:
            service.load_once()
    assert len(names(home.journal)) > 1
    journal.stop()
    service.load_once()
    assert ask(service, "SELECT status, count(*) FROM calls GROUP BY 1 ORDER BY 1") == [("interrupted", 1), ("ok", 20)]
    assert ask(service, "SELECT count(*) - count(DISTINCT call_id) FROM calls") == [(0,)]
    assert not any(name.endswith(".jsonl") for name in names(home.journal))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"not json at all\n", "not a journal record"),
        (b"\n", "not a journal record"),
        (b'{"k":"outcome","v":1,"call_id":"x"}\n', "unknown kind"),
        (closing(a_call(7)).replace(b'"v":1', b'"v":2'), "unknown kind or version"),
        (closing(a_call(7))[:-30] + b"\n", "truncated"),
        (closing(a_call(7, team="\N{SNOWMAN}")).replace("\N{SNOWMAN}".encode(), b"\xff\xfe"), "invalid start byte"),
        (closing(a_call(7, cost_picos=10**18)), "cost_picos"),
        (closing(a_call(7, cost_picos=-1)), "cost_picos"),
        (closing(a_call(7, cost_picos=None)), "unpriced"),
        (closing(a_call(7, output_tokens=-5)), "output_tokens"),
        (closing(a_call(7, output_tokens=10**15)), "output_tokens"),
        (closing(a_call(7, status="fine")), "status"),
        (with_fields(closing(a_call(7)), output_tokens=1.5), "output_tokens"),
        (with_fields(closing(a_call(7)), output_tokens="12"), "output_tokens"),
        (with_fields(closing(a_call(7)), call_id="' OR 1=1 --"), "call_id"),
        (with_fields(closing(a_call(7)), started_at=10**18), "started_at"),
    ],
)
def test_a_line_that_cannot_be_loaded_is_quarantined_and_stops_no_other(
    home: Home, service: LedgerService, bad: bytes, reason: str
) -> None:
    segment(home, closing(a_call(0)), bad, closing(a_call(1)))
    result = service.load_once()
    assert (result.calls, result.quarantined, result.lines) == (2, 1, 3)
    ((offset, said),) = ask(service, 'SELECT "offset", reason FROM journal_quarantine')
    assert reason in said
    assert offset == len(closing(a_call(0)))
    assert service.fresh()["behind_bytes"] == 0
    assert any("quarantine" in alarm for alarm in service.fresh()["alarms"])


def test_a_line_that_only_duckdb_refuses_is_found_among_many(home: Home, service: LedgerService) -> None:
    doubled = closing(a_call(5, tags={"a": "1"})).replace(b'{"a":"1"}', b'{"a":"1","a":"2"}')
    segment(home, *[closing(a_call(n)) for n in range(5)], doubled, *[closing(a_call(n)) for n in range(6, 40)])
    result = service.load_once()
    assert (result.calls, result.quarantined) == (39, 1)
    ((reason,),) = ask(service, "SELECT reason FROM journal_quarantine")
    assert "DuckDB does not take it" in reason


def test_a_call_whose_close_is_in_quarantine_is_recorded_by_its_estimate(home: Home, service: LedgerService) -> None:
    call = a_call(0, cost_picos=10**19)
    segment(home, opening(call), closing(call))
    service.load_once()
    assert ask(service, "SELECT status, cost FROM calls") == [("interrupted", Decimal("0.000007"))]


def test_text_from_calls_is_only_ever_text(home: Home, service: LedgerService) -> None:
    nasty = "'); DROP TABLE calls; --\x1b[2J\u202e\x00{{7*7}}"
    segment(home, closing(a_call(0, team=nasty, user=nasty, tags={nasty: nasty}, params={"x": nasty})))
    service.load_once()
    assert ask(service, 'SELECT team, "user", tags FROM calls') == [(nasty, nasty, {nasty: nasty})]
    assert service.ask("calls").rows[0]["params"] == {"x": nasty}


def test_a_long_catch_up_is_many_transactions_and_tells_how_far_it_is(
    home: Home, service: LedgerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BATCH_LINES", 10)
    monkeypatch.setattr(recorder, "CHUNK_BYTES", 2000)
    path = segment(home, *[whole(a_call(n)) for n in range(40)])
    size, told = path.stat().st_size, list[tuple[int, int]]()
    service.load_once(lambda done, total: told.append((done, total)))
    assert len(told) > 5
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {size}
    assert told[-1][0] <= size
    assert ask(service, "SELECT count(*), count(DISTINCT call_id) FROM calls") == [(40, 40)]
    assert ask(service, "SELECT sum(calls)::INT FROM traffic_minute") == [(40,)]


def test_a_loaded_segment_is_packed_away_and_can_be_read_again(home: Home, service: LedgerService) -> None:
    path = segment(home, whole(a_call(0)), b'{"torn')
    content = path.read_bytes()
    service.load_once()
    assert names(home.journal) == []
    (packed,) = home.loaded.iterdir()
    assert packed.name == f"{RUN}-000001.jsonl.zst"
    assert zstandard.ZstdDecompressor().decompress(packed.read_bytes()) == content
    assert packed.stat().st_mode & 0o077 == 0


def test_a_segment_of_a_living_worker_stays_where_it_is(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        alive.write(whole(a_call(0)))
        service.load_once()
        assert alive.path.exists()
        assert names(home.loaded) == []


def test_a_segment_that_shrank_is_an_alarm_and_stops_no_other(home: Home, service: LedgerService) -> None:
    with worker(home) as alive, worker(home, run="20261120T110000Z-00000002") as other:
        alive.write(whole(a_call(0)))
        service.load_once()
        os.truncate(alive.path, 10)
        other.write(whole(a_call(1)))
        assert service.load_once().calls == 1
        (alarm,) = service.fresh()["alarms"]
        assert "shrank" in alarm
        assert alive.path.stem in alarm


def test_a_segment_that_vanished_is_an_alarm_and_stops_no_other(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        alive.write(whole(a_call(0)))
        service.load_once()
        alive.path.unlink()
        segment(home, whole(a_call(1)), run="20261120T110000Z-00000002")
        assert service.load_once().calls == 1
        (alarm,) = service.fresh()["alarms"]
        assert "vanished" in alarm


def test_a_segment_that_nobody_may_read_is_an_alarm_and_stops_no_other(
    home: Home, service: LedgerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable = segment(home, whole(a_call(0)))
    segment(home, whole(a_call(1)), run="20261120T110000Z-00000002")
    real_open = os.open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> int:
        if Path(path) == unreadable:
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        assert service.load_once().calls == 1
        (alarm,) = service.fresh()["alarms"]
        assert "cannot be read" in alarm
    assert service.load_once().calls == 1
    assert service.fresh()["alarms"] == []


def test_other_files_in_the_journal_are_left_alone(home: Home, service: LedgerService) -> None:
    for name in ("notes.jsonl", "20261120T100000Z-00000001.reserve", "20261120T100000Z-00000001-000002.new"):
        (home.journal / name).write_bytes(closing(a_call(0)))
    assert service.load_once().lines == 0
    assert len(names(home.journal)) == 3


def test_what_one_recorder_left_the_next_one_goes_on_with(home: Home) -> None:
    alive = Worker(home)
    for n in range(5):
        connection = connect(home.ledger, home.scratch)
        migrate(connection)
        alive.write(whole(a_call(n)))
        Recorder(home, connection, clock=lambda: NOW).load_once()
        connection.close()
    alive.die()
    last = LedgerService(home, clock=lambda: NOW)
    last.load_once()
    assert ask(last, "SELECT count(*), count(DISTINCT call_id) FROM calls") == [(5, 5)]
    last.close()


def test_a_batch_that_fails_leaves_nothing_behind_and_is_loaded_by_the_next_pass(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    failing = Failing(connection)
    failing_recorder = Recorder(home, failing, clock=lambda: NOW)  # type: ignore[arg-type]
    segment(home, *[whole(a_call(n)) for n in range(10)])
    failing.refuse = "INSERT INTO spend_day"
    with pytest.raises(duckdb.IOException):
        failing_recorder.load_once()
    for table in ("calls", "attempts", "traffic_minute", "spend_minute", "loaded", "dimension_names"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)], table
    failing.refuse = None
    assert failing_recorder.load_once().calls == 10
    assert connection.execute("SELECT sum(calls)::INT FROM spend_day").fetchall() == [(10,)]
    connection.close()


class Failing:
    """A connection that refuses one statement, as a full disk would."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.refuse = connection, None

    refuse: str | None

    def execute(self, sql: str, *parameters: Any) -> Any:
        if self.refuse and sql.lstrip().startswith(self.refuse):
            raise duckdb.IOException("No space left on device")
        return self.connection.execute(sql, *parameters)
