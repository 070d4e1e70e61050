"""The second sink stops nothing: what it could not take is told, and made up for."""

import json
import socket
from pathlib import Path

import pytest

from gatewatch.audit.anchor import Kept
from gatewatch.audit.second_sink import SecondSink, configured_sink, sink_as_before
from gatewatch.audit.verify import verify_sink
from gatewatch.paths import Home
from tests.kit.audit_stage import Stage


def lines(path: Path) -> list[int]:
    return [json.loads(line)["seq"] for line in path.read_text().splitlines()]


def test_the_configuration_names_a_path_the_usual_file_or_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert configured_sink(home, None, False) == SecondSink(tmp_path / "audit.jsonl")
    assert configured_sink(home, "logs/a.jsonl", False) == SecondSink(tmp_path / "logs" / "a.jsonl")
    assert configured_sink(home, "/var/log/a.jsonl", True) == SecondSink(Path("/var/log/a.jsonl"), Path("/dev/log"))
    assert configured_sink(home, "none", False) == SecondSink(None)


def test_every_sealed_entry_is_one_line(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    stage.write(2)
    assert stage.seal().kept.filed == 5
    assert lines(stage.home.audit_file) == [1, 2, 3, 4, 5]


def test_a_file_that_cannot_be_written_stops_no_sealing_and_is_caught_up(stage: Stage, tmp_path: Path) -> None:
    sink = SecondSink(tmp_path / "later" / "audit.jsonl")
    stage.write(3)
    sealed = stage.seal(sink)
    assert sealed.kept.anchor.seq == 3
    assert sealed.kept.filed == 0
    assert "cannot be written" in sealed.problems["file"]
    (tmp_path / "later").mkdir()
    stage.write(1)
    assert stage.seal(sink).problems == {}
    assert lines(tmp_path / "later" / "audit.jsonl") == [1, 2, 3, 4]


def test_a_new_file_gets_the_whole_trail_and_an_old_one_what_it_lacks(stage: Stage, tmp_path: Path) -> None:
    first, second = SecondSink(tmp_path / "a.jsonl"), SecondSink(tmp_path / "b.jsonl")
    stage.write(2)
    stage.seal(first)
    stage.write(1)
    stage.seal(second)
    stage.write(1)
    stage.seal(first)
    assert lines(tmp_path / "a.jsonl") == [1, 2, 3, 4]
    assert lines(tmp_path / "b.jsonl") == [1, 2, 3]
    assert sink_as_before(stage.home, stage.kept) == first
    assert sink_as_before(stage.home, None) == SecondSink(stage.home.audit_file)


def test_a_file_that_was_cut_is_told_and_not_healed(stage: Stage) -> None:
    stage.write(4)
    stage.seal()
    kept = stage.home.audit_file.read_text().splitlines(keepends=True)
    stage.home.audit_file.write_text("".join(kept[:2]))
    stage.write(1)
    assert "ends at 2, and 4" in stage.seal().problems["file"]
    assert lines(stage.home.audit_file) == [1, 2, 5]


def test_lines_that_a_killed_process_wrote_before_it_could_note_so_are_not_written_twice(stage: Stage) -> None:
    stage.write(2)
    stage.seal()
    before = stage.vault.entries["gatewatch/audit-anchor"]
    stage.write(2)
    stage.seal()
    stage.vault.entries["gatewatch/audit-anchor"] = before
    stage.seal()
    assert lines(stage.home.audit_file) == [1, 2, 3, 4]
    assert verify_sink(stage.home.audit_file, stage.home.control, stage.key, stage.kept).ok


def test_syslog_gets_what_is_new_from_when_it_is_switched_on(stage: Stage, tmp_path: Path) -> None:
    address = tmp_path / "log"
    sink = SecondSink(None, address)
    stage.write(2)
    stage.seal(SecondSink(None))
    stage.write(1, begin=3)
    sealed = stage.seal(sink)
    assert "takes nothing" in sealed.problems["syslog"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(address))
        daemon.settimeout(5)
        stage.write(1, begin=4)
        assert stage.seal(sink).problems == {}
        events = [daemon.recv(65_536).decode() for _ in range(2)]
    assert ["duser=openai/model-3" in events[0], "duser=openai/model-4" in events[1]] == [True, True]
    assert all("|price.set|" in event and stage.key.secret.hex() not in event for event in events)


@pytest.mark.parametrize("logged", [None, 4])
def test_where_no_configuration_is_known_syslog_stays_as_it_was(stage: Stage, logged: int | None) -> None:
    stage.write(1)
    kept = stage.seal(SecondSink(None)).kept
    as_before = sink_as_before(stage.home, Kept(anchor=kept.anchor, first=1, logged=logged))
    assert as_before == SecondSink(None, Path("/dev/log") if logged else None)
