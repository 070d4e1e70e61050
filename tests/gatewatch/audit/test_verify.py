"""Whatever somebody does to the trail, the first record that is wrong is named.

Who tampers here has all of the home's files and knows the chain; the vault alone is closed to them.
"""

import json
import os
import sqlite3
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from gatewatch.audit.anchor import Anchor
from gatewatch.audit.export import end_of, page
from gatewatch.audit.links import snapshot
from gatewatch.audit.verify import Verdict, verify_file, verify_sink, verify_store
from gatewatch.control.audit import EVERYTHING, Wanted
from gatewatch.control.schema import ControlStoreError
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from tests.kit.audit_stage import Stage, chain_again, hash_by_hand, lines_of

EDIT = "UPDATE audit SET actor = 'mallory' WHERE seq = 5"
Tampering = Callable[[sqlite3.Connection], None]


def sql(*statements: str, again: bool = False) -> Tampering:
    def tamper(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)
        if again:
            chain_again(connection)

    return tamper


def room_at_5(connection: sqlite3.Connection) -> None:
    """A record of one's own between the fourth and the fifth; the others move on."""
    connection.execute("UPDATE audit SET seq = -seq - 1 WHERE seq >= 5")
    connection.execute("UPDATE audit SET seq = -seq WHERE seq < 0")
    connection.execute("INSERT INTO audit (seq, at, actor, action, target, result) VALUES (5, 1, 'm', 'x', 'y', 'ok')")


def room_at_5_chained(connection: sqlite3.Connection) -> None:
    room_at_5(connection)
    chain_again(connection)


def gone_and_closed_up(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = 5")
    connection.execute("UPDATE audit SET seq = seq - 1 WHERE seq > 5")
    chain_again(connection)


def appended(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO audit (at, actor, action, target, result) VALUES (1, 'm', 'x', 'y', 'ok')")


IN_THE_STORE = {
    "edited": (sql(EDIT), 5, "changed"),
    "edited, chain reckoned anew": (sql(EDIT, again=True), 5, "changed"),
    "edited, chain reckoned anew, seals gone": (
        sql(EDIT, "DELETE FROM audit_seals WHERE seq >= 5", again=True), 5, "not sealed"
    ),
    "edited, its seal gone": (sql(EDIT, "DELETE FROM audit_seals WHERE seq = 5", again=True), 5, "not sealed"),
    "edited, sealed with another key": (
        sql(EDIT, "UPDATE audit_seals SET key_id = '0123456789abcdef' WHERE seq >= 5", again=True), 5, "changed"
    ),
    "edited, all seals gone": (sql(EDIT, "DELETE FROM audit_seals", again=True), 1, "not sealed"),
    "its time put back": (sql("UPDATE audit SET at = at - 1 WHERE seq = 3"), 3, "changed"),
    "its redacted side changed": (sql("UPDATE audit SET after = '{\"usd\":9}' WHERE seq = 3"), 3, "changed"),
    "a side spelled otherwise": (sql("UPDATE audit SET after = '{\"usd\": 3}' WHERE seq = 3"), 3, "changed"),
    "nothing changed to the word for it": (sql("UPDATE audit SET before = 'null' WHERE seq = 5"), 5, "changed"),
    "a column of another type": (sql("UPDATE audit SET at = 'never' WHERE seq = 3"), 3, "changed"),
    "bytes that are no text": (sql("UPDATE audit SET target = CAST(x'ff41' AS TEXT) WHERE seq = 3"), 3, "changed"),
    "deleted": (sql("DELETE FROM audit WHERE seq = 5"), 6, "missing"),
    "deleted, chain reckoned anew": (sql("DELETE FROM audit WHERE seq = 5", again=True), 6, "missing"),
    "several deleted": (sql("DELETE FROM audit WHERE seq IN (4, 5, 6)"), 7, "missing"),
    "the first one deleted": (sql("DELETE FROM audit WHERE seq = 1"), 2, "missing"),
    "deleted, the rest moved up, chain reckoned anew": (gone_and_closed_up, 5, "changed"),
    "inserted": (room_at_5, 5, "changed"),
    "inserted, chain reckoned anew": (room_at_5_chained, 5, "changed"),
    "inserted before all": (
        sql("INSERT INTO audit (seq, at, actor, action, target, result) VALUES (-3, 1, 'm', 'x', 'y', 'ok')"),
        -3, "inserted"
    ),
    "appended by hand": (appended, 11, "inserted"),
    "cut off": (sql("DELETE FROM audit WHERE seq > 7"), 7, "cut off"),
    "cut off with all that belongs to it": (
        sql(*(f"DELETE FROM {table} WHERE seq > 7" for table in ("audit", "audit_chain", "audit_seals")),
            "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit'"), 7, "cut off"
    ),
    "emptied": (sql(*(f"DELETE FROM {table}" for table in ("audit", "audit_chain", "audit_seals"))), 0, "cut off"),
    "its chain cut off": (sql("DELETE FROM audit_chain WHERE seq = 8"), 8, "inserted"),
}  # fmt: skip


@pytest.mark.parametrize("what", IN_THE_STORE)
def test_the_first_broken_record_of_the_store_is_named(stage: Stage, what: str) -> None:
    tamper, seq, kind = IN_THE_STORE[what]
    stage.write(10)
    stage.seal()
    assert verify_store(stage.home.control, stage.key, stage.kept).ok
    with stage.tampering() as connection:
        tamper(connection)
    assert named(verify_store(stage.home.control, stage.key, stage.kept)) == (seq, kind)


@pytest.mark.parametrize("what", IN_THE_STORE)
def test_it_is_still_named_when_the_gateway_has_gone_on_meanwhile(stage: Stage, what: str) -> None:
    """Sealing what comes later makes nothing good, also where the trail has grown beyond the anchor again."""
    tamper, seq, kind = IN_THE_STORE[what]
    stage.write(10)
    stage.seal()
    with stage.tampering() as connection:
        tamper(connection)
    stage.write(20, begin=11)
    stage.seal()
    if kind == "cut off":  # numbers are given once, unless their counter was put back too
        seq, kind = (8, "not sealed") if "all that" in what else (11, "missing")
    assert named(verify_store(stage.home.control, stage.key, stage.kept)) == (seq, kind)


def test_bytes_cannot_move_from_one_column_to_others(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, actor="alice") as store:
        store.audit("x.y", "t")
        with store.change():
            store.trail.add("x.y", "t", after={"a": 1, "at": 5, "before": 2})
    stage.seal()
    with stage.tampering() as connection:
        (at,) = connection.execute("SELECT at FROM audit WHERE seq = 2").fetchone()
        sides = ('{"a":1', f'2}},"at":{at},"before":null')
        connection.execute("UPDATE audit SET after = ?, at = 5, before = ? WHERE seq = 2", sides)
    assert named(verify_store(stage.home.control, stage.key, stage.kept)) == (2, "changed")


def test_an_untouched_trail_is_told_with_its_length_and_head(stage: Stage) -> None:
    stage.write(10)
    anchor = stage.seal().kept.anchor
    stage.write(2, begin=11)
    verdict = verify_store(stage.home.control, stage.key, stage.kept)
    with stage.tampering() as connection:
        heads = connection.execute("SELECT hash FROM audit_chain WHERE seq IN (10, 12) ORDER BY seq").fetchall()
    assert (verdict.ok, verdict.count, verdict.last, verdict.sealed, verdict.unsealed) == (True, 12, 12, 10, 2)
    assert [(anchor.head,), (verdict.head,)] == heads


def test_entries_that_nobody_sealed_yet_are_no_forgery(stage: Stage) -> None:
    stage.write(3)
    verdict = verify_store(stage.home.control, None, None)
    assert (verdict.ok, verdict.count, verdict.sealed, verdict.unsealed) == (True, 3, 0, 3)


def test_without_the_vault_the_chain_is_still_gone_through(stage: Stage) -> None:
    stage.write(5)
    stage.seal()
    verdict = verify_store(stage.home.control, None, None)
    assert (verdict.ok, verdict.sealed, verdict.sealed_elsewhere) == (True, 0, 5)
    with stage.tampering() as connection:
        connection.execute("UPDATE audit SET actor = 'm' WHERE seq = 2")
    assert named(verify_store(stage.home.control, None, None)) == (2, "changed")


def test_an_old_copy_of_the_whole_store_is_found(stage: Stage, tmp_path: Path) -> None:
    stage.write(5)
    stage.seal()
    old = stage.home.control.read_bytes()
    stage.write(5, begin=6)
    stage.seal()
    for each in stage.home.root.glob("control.db*"):
        each.unlink()
    stage.home.control.write_bytes(old)
    assert named(verify_store(stage.home.control, stage.key, stage.kept)) == (5, "cut off")
    stage.write(30, begin=50)  # it grows beyond what it was
    stage.seal()
    assert named(verify_store(stage.home.control, stage.key, stage.kept)) == (6, "not sealed")


def test_store_and_file_cut_off_together_are_found_by_the_anchor_in_the_vault(stage: Stage) -> None:
    stage.write(10)
    stage.seal()
    with stage.tampering() as connection:
        IN_THE_STORE["cut off with all that belongs to it"][0](connection)
    with lines_of(stage.home.audit_file) as lines:
        del lines[7:]
    assert named(verify_store(stage.home.control, stage.key, stage.kept)) == (7, "cut off")
    assert named(sink_of(stage)) == (7, "cut off")


def test_an_anchor_that_was_kept_elsewhere_is_held_against_the_store(stage: Stage) -> None:
    stage.write(4)
    early = stage.seal().kept.anchor
    stage.write(4, begin=5)
    stage.seal()
    assert verify_store(stage.home.control, stage.key, stage.kept, (Anchor.read(early.text()),)).ok
    other = Anchor(count=4, seq=4, head="0" * 64, at=1, key_id="0" * 16)
    assert named(verify_store(stage.home.control, stage.key, stage.kept, (other,))) == (4, "changed")
    later = Anchor(count=9, seq=9, head="0" * 64, at=1, key_id="0" * 16)
    assert named(verify_store(stage.home.control, stage.key, stage.kept, (later,))) == (8, "cut off")


def test_a_vault_that_has_lost_the_anchor_is_told(stage: Stage) -> None:
    stage.write(4)
    stage.seal()
    del stage.vault.entries["gatewatch/audit-anchor"]
    assert named(verify_store(stage.home.control, stage.key, None)) == (4, "lost")


def test_that_the_triggers_are_gone_is_noted(stage: Stage) -> None:
    stage.write(1)
    stage.seal()
    assert verify_store(stage.home.control, stage.key, stage.kept).notes == ()
    with stage.tampering():
        pass
    (note,) = verify_store(stage.home.control, stage.key, stage.kept).notes
    assert "audit_is_not_changed" in note


def test_what_is_no_file_is_not_read(stage: Stage, tmp_path: Path) -> None:
    stage.write(1)
    stage.seal()
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(GatewatchError, match="is no file"):
            verify_file(path, stage.key, stage.kept)
    with pytest.raises(GatewatchError, match="cannot be read"):
        verify_file(tmp_path / "nothing", stage.key, stage.kept)


def test_a_store_that_is_no_database_any_more_is_an_error_with_a_next_step(stage: Stage) -> None:
    stage.home.control.write_bytes(b"nothing of a database" * 500)
    with pytest.raises(ControlStoreError, match="cannot be read"):
        verify_store(stage.home.control, None, None)


def test_twenty_thousand_records_are_verified_in_seconds_and_little_memory(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, actor="alice") as store, store.change():
        for n in range(20_000):
            store.trail.add("price.set", f"openai/model-{n}", after={"usd": n})
    stage.seal()
    begun = time.perf_counter()
    tracemalloc.start()
    verdicts = (verify_store(stage.home.control, stage.key, stage.kept), sink_of(stage))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(verdict.ok, verdict.count) for verdict in verdicts] == [(True, 20_000)] * 2
    assert peak < 4_000_000
    assert time.perf_counter() - begun < 60  # 1 s here, ten times that under tracemalloc on a busy machine


# the second sink's file


def forged(lines: list[str], place: int, **changes: object) -> str:
    """A line with other words, and with the hash that these have."""
    entry = json.loads(lines[place]) | changes
    proof = {name: entry.pop(name) for name in ("previous", "hash", "seal", "key_id")}
    proof["hash"] = hash_by_hand(proof["previous"], entry)
    return json.dumps(entry | proof, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def edit(lines: list[str]) -> None:
    lines[4] = lines[4].replace("alice", "mallory")


def edit_and_hash(lines: list[str]) -> None:
    lines[4] = forged(lines, 4, actor="mallory")


def edit_blank(lines: list[str]) -> None:
    lines[4] = lines[4].replace('"actor":', '"actor": ')


def delete(lines: list[str]) -> None:
    del lines[4]


def insert_copy(lines: list[str]) -> None:
    lines.insert(5, lines[2])


def insert_forged(lines: list[str]) -> None:
    lines.insert(4, forged(lines, 4, actor="mallory"))


def swap(lines: list[str]) -> None:
    lines[3], lines[4] = lines[4], lines[3]


def truncate(lines: list[str]) -> None:
    del lines[7:]


def garbage(lines: list[str]) -> None:
    lines[4] = "}{"


def empty_line(lines: list[str]) -> None:
    lines.insert(4, "")


IN_A_FILE = {
    edit: (5, "changed"),
    edit_and_hash: (5, "changed"),
    edit_blank: (5, "changed"),
    delete: (6, "missing"),
    insert_copy: (3, "inserted"),
    insert_forged: (5, "changed"),
    swap: (5, "missing"),
    truncate: (7, "cut off"),
    garbage: (5, "changed"),
    empty_line: (5, "changed"),
}


def sink_of(stage: Stage) -> Verdict:
    return verify_sink(stage.home.audit_file, stage.home.control, stage.key, stage.kept)


def named(verdict: Verdict) -> tuple[int, str] | None:
    return None if verdict.broken is None else (verdict.broken.seq, verdict.broken.what)


@pytest.mark.parametrize("tamper", IN_A_FILE)
def test_the_first_broken_line_of_the_second_sink_is_named(stage: Stage, tamper: Callable[[list[str]], None]) -> None:
    stage.write(10)
    stage.seal()
    assert sink_of(stage).ok
    with lines_of(stage.home.audit_file) as lines:
        tamper(lines)
    assert named(sink_of(stage)) == IN_A_FILE[tamper]
    assert named(verify_file(stage.home.audit_file, stage.key, stage.kept)) == IN_A_FILE[tamper]
    assert verify_store(stage.home.control, stage.key, stage.kept).ok
    stage.write(5, begin=11)  # and what comes later does not heal it
    stage.seal()
    wanted = (11, "missing") if tamper is truncate else IN_A_FILE[tamper]
    assert named(sink_of(stage)) == wanted


def test_a_second_sink_that_is_gone_is_told(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    stage.home.audit_file.unlink()
    assert named(sink_of(stage)) == (0, "cut off")


# exports


def exported(stage: Stage, wanted: Wanted = EVERYTHING) -> Path:
    path = stage.home.root / "export.jsonl"
    with snapshot(stage.home.control) as connection:
        upto = stage.kept.anchor.seq
        lines = page(connection, "jsonl", wanted, 0, upto).lines
        lines.append(end_of(connection, wanted, upto, 1, stage.key, stage.kept).encoded().decode())
    path.write_text("".join(line + "\n" for line in lines))
    return path


@pytest.mark.parametrize("tamper", IN_A_FILE)
def test_the_first_broken_line_of_an_export_is_named(stage: Stage, tamper: Callable[[list[str]], None]) -> None:
    stage.write(10)
    stage.seal()
    path = exported(stage)
    assert verify_file(path, stage.key, stage.kept).ok
    with lines_of(path) as lines:
        end = lines.pop()
        tamper(lines)
        lines.append(end)
    assert named(verify_file(path, stage.key, stage.kept)) == IN_A_FILE[tamper]


def test_an_export_is_still_whole_when_the_trail_has_gone_on(stage: Stage) -> None:
    stage.write(10)
    stage.seal()
    path = exported(stage)
    stage.write(5, begin=11)
    stage.seal()
    assert verify_file(path, stage.key, stage.kept).ok


def test_an_export_of_some_records_is_whole_though_it_has_gaps(stage: Stage) -> None:
    stage.write(5)
    with stage.tampering():
        pass
    stage.write(5, begin=2)
    stage.seal()
    path = exported(stage, Wanted(target="openai/model-4"))
    assert path.read_text().count("\n") == 3
    assert verify_file(path, stage.key, stage.kept).ok
    with lines_of(path) as lines:
        del lines[0]
    assert named(verify_file(path, stage.key, stage.kept)) == (8, "missing")


def test_an_export_whose_end_is_gone_or_changed_is_cut_off(stage: Stage) -> None:
    stage.write(10)
    stage.seal()
    path = exported(stage)
    with lines_of(path) as lines:
        del lines[8:]
    assert named(verify_file(path, stage.key, stage.kept)) == (8, "cut off")
    path = exported(stage)
    with lines_of(path) as lines:
        del lines[9]
        lines[-1] = lines[-1].replace('"entries":10', '"entries":9').replace("1-10", "1-9")
    assert named(verify_file(path, stage.key, stage.kept)) == (9, "cut off")


def unsealed(lines: list[str], begin: int, **changes: object) -> None:
    """The line at `begin` with other words and their own hash, and no seal from there to the end."""
    for place in range(begin, len(lines) - 1):
        lines[place] = forged(lines, place, **(changes if place == begin else {}), seal=None, key_id=None)


def every_second(stage: Stage) -> Path:
    """An export with gaps, so that no record says anything of the one before it."""
    with ControlStore.open(stage.home.control, actor="alice") as store:
        for n in range(1, 11):
            store.audit("price.set" if n % 2 else "key.revoke", f"t{n}")
    stage.seal()
    return exported(stage, Wanted(action="key.revoke"))


def test_an_export_with_gaps_whose_records_lost_their_seals_is_no_proof(stage: Stage) -> None:
    path = every_second(stage)
    assert verify_file(path, stage.key, stage.kept).ok
    with lines_of(path) as lines:
        unsealed(lines, 1, actor="mallory", target="somebody else")
    assert named(verify_file(path, stage.key, stage.kept)) == (4, "not sealed")
    assert named(verify_file(path, stage.key, None)) == (4, "not sealed")  # its end says it, wherever it is read


def test_a_record_that_an_abandoned_vault_has_sealed_cannot_be_changed_in_an_export(stage: Stage) -> None:
    stage.write(2)
    stage.seal()
    stage.vault.entries.clear()
    with ControlStore.open(stage.home.control, actor="alice") as store:
        store.audit("vault.abandon", "memory")
    stage.seal()
    path = exported(stage, Wanted(target="openai/*"))
    assert verify_file(path, stage.key, stage.kept).sealed_elsewhere == 2
    with lines_of(path) as lines:
        lines[1] = forged(lines, 1, actor="mallory")
    assert named(verify_file(path, stage.key, stage.kept)) == (2, "changed")


def test_an_end_that_this_vault_did_not_seal_proves_nothing(stage: Stage) -> None:
    path = every_second(stage)
    end = json.loads(path.read_text().splitlines()[-1])["export"]
    for other in ({"code": None, "key_id": None}, {"key_id": "0" * 16}):
        with lines_of(path) as lines:
            lines[-1] = json.dumps({"export": end | other}, separators=(",", ":"))
        assert named(verify_file(path, stage.key, stage.kept)) == (10, "not sealed")
        verdict = verify_file(path, None, None)
        assert (verdict.ok, len(verdict.notes)) == (True, 1)  # without a vault nobody claims more
