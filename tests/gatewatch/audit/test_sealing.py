"""Sealing: every new entry once, by one process at a time, across a SIGKILL; nothing else ever."""

import os
import signal
import subprocess
import sys

import pytest

from gatewatch.audit.sealing import is_behind
from gatewatch.audit.verify import verify_sink, verify_store
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.opening import open_vault
from tests.kit.audit_stage import Stage


def test_new_entries_are_sealed_and_the_anchor_moves(stage: Stage) -> None:
    stage.write(3)
    sealed = stage.seal()
    assert sealed.problems == {}
    assert (sealed.kept.anchor.count, sealed.kept.anchor.seq, sealed.kept.first) == (3, 3, 1)
    with ControlStore.open(stage.home.control) as store:
        assert not is_behind(store.connection, sealed.kept)
        store.audit("price.set", "x")
        assert is_behind(store.connection, sealed.kept)
        assert is_behind(store.connection, None)
        seals = store.connection.execute(
            "SELECT s.seq, s.seal, c.hash FROM audit_seals s JOIN audit_chain c USING (seq)"
        )
        assert all(stage.key.fits(seal, "entry", f"{seq}:{hash}") for seq, seal, hash in seals)


def test_sealing_when_nothing_is_new_changes_nothing(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    before = (dict(stage.vault.entries), stage.home.audit_file.read_bytes())
    stage.seal()
    assert (dict(stage.vault.entries), stage.home.audit_file.read_bytes()) == before


def test_what_was_put_in_by_hand_is_not_sealed_and_does_not_stop_the_rest(stage: Stage) -> None:
    stage.write(2)
    stage.seal()
    with stage.tampering() as connection:
        connection.execute("INSERT INTO audit (at, actor, action, target, result) VALUES (1, 'm', 'x', 'y', 'ok')")
    stage.write(2)
    sealed = stage.seal()
    assert "record 3" in sealed.problems["trail"]
    with ControlStore.open(stage.home.control) as store:
        assert store.connection.execute("SELECT seq FROM audit_seals").fetchall() == [(1,), (2,), (4,), (5,)]
    assert sealed.kept.anchor.seq == 5


def test_that_the_trail_is_not_the_one_that_was_sealed_is_told(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    with stage.tampering() as connection:
        connection.execute("UPDATE audit_chain SET hash = 'x' WHERE seq = 3")
    assert "record 3" in stage.seal().problems["trail"]
    with stage.tampering() as connection:
        connection.execute("DELETE FROM audit_chain WHERE seq = 3")
    assert "cut off" in stage.seal().problems["trail"]


def test_a_lost_anchor_is_begun_anew_and_the_trail_is_broken_there(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    stage.write(2)
    del stage.vault.entries["gatewatch/audit-anchor"]
    stage.seal()
    with ControlStore.open(stage.home.control) as store:
        (entry,) = store.audit_entries(1)
        seals = store.connection.execute("SELECT seq FROM audit_seals ORDER BY seq").fetchall()
    assert (entry.seq, entry.action, entry.result) == (6, "audit.anchor", "lost")
    assert seals == [(1,), (2,), (3,), (6,)]  # nothing that was there already is sealed
    assert not verify_store(stage.home.control, stage.key, stage.kept).ok


def test_a_second_file_that_is_gone_is_written_anew_and_that_stands_in_the_trail(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    stage.home.audit_file.unlink()
    assert stage.seal().problems == {}
    assert stage.home.audit_file.read_text().count("\n") == 4
    with ControlStore.open(stage.home.control) as store:
        (entry,) = store.audit_entries(1)
    assert (entry.action, entry.result, entry.after) == ("audit.refile", "gone", {"records": 3})
    assert verify_sink(stage.home.audit_file, stage.home.control, stage.key, stage.kept).ok


SEALING = (
    "import sys, pathlib\n"
    "from gatewatch.audit.sealing import seal_trail\n"
    "from gatewatch.control.store import ControlStore\n"
    "from gatewatch.paths import Home\n"
    "from gatewatch.vault.opening import NO_WISH, open_vault\n"
    "home = Home(pathlib.Path(sys.argv[1]))\n"
    "with ControlStore.open(home.control) as store:\n"
    "    vault = open_vault(home, store, NO_WISH._replace(kind='file'))\n"
    "    for n in range(int(sys.argv[2])):\n"
    "        store.audit('price.set', f'{sys.argv[3]}/{n}')\n"
    "        print(n, flush=True)\n"
    "        seal_trail(home, store, vault)\n"
)


def writer(home: Home, count: int, name: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", SEALING, str(home.root), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def verdicts(home: Home) -> list[bool]:
    with ControlStore.open(home.control) as store:
        stage = Stage(home, open_vault(home, store))  # type: ignore[arg-type] - a real vault in place of the test's
    return [
        verify_store(home.control, stage.key, stage.kept).ok,
        verify_sink(home.audit_file, home.control, stage.key, stage.kept).ok,
    ]


def test_several_processes_that_write_and_seal_leave_one_whole_trail(stage: Stage) -> None:
    first = writer(stage.home, 1, "first")
    assert first.wait(60) == 0
    writers = [writer(stage.home, 15, f"w{n}") for n in range(3)]
    assert [each.wait(90) for each in writers] == [0] * 3
    for each in (first, *writers):
        assert each.stdout
        each.stdout.close()
    assert verdicts(stage.home) == [True, True]


@pytest.mark.slow
def test_a_kill_anywhere_between_entry_and_seal_loses_nothing(stage: Stage) -> None:
    assert writer(stage.home, 1, "first").communicate(timeout=60)[0] == b"0\n"
    written = 1
    for attempt in range(12):
        process = writer(stage.home, 10_000, f"a{attempt}")
        assert process.stdout
        before = 1 + attempt % 4
        for _ in range(before):
            process.stdout.readline()
        sum(range(attempt * 20_000))  # the moment of the kill is what varies: up to a whole sealing later
        os.kill(process.pid, signal.SIGKILL)
        written += before + process.stdout.read().count(b"\n")
        process.stdout.close()
        process.wait()
    assert writer(stage.home, 1, "last").communicate(timeout=60)[0] == b"0\n"
    assert verdicts(stage.home) == [True, True]
    with ControlStore.open(stage.home.control) as store:
        (count,) = store.connection.execute("SELECT count(*) FROM audit WHERE action = 'price.set'").fetchone()
    assert count >= written + 1
