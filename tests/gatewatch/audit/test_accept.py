"""A break is accepted for a reason: it stays told for ever, and what comes after is held as strictly as before."""

import json
from pathlib import Path

import pytest

from gatewatch.audit.accept import accept
from gatewatch.audit.anchor import Accepted
from gatewatch.audit.export import end_of, page
from gatewatch.audit.links import snapshot
from gatewatch.audit.verify import verify_file, verify_home, verify_store
from gatewatch.control.audit import EVERYTHING
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.vault.interface import VaultError
from tests.kit.audit_stage import Stage, chain_again, lines_of


def broken(stage: Stage) -> list[tuple[int, str]]:
    found = verify_home(stage.home, stage.key, stage.kept, stage.home.audit_file)
    return [(verdict.broken.seq, verdict.broken.what) for _, verdict in found if verdict.broken]


def accepted(stage: Stage, reason: str = "restored from the backup of Monday") -> Accepted:
    with ControlStore.open(stage.home.control, actor="alice") as store:
        told = accept(stage.home, store, stage.vault, stage.sink, reason)
    stage.seal()
    return told


def listed(stage: Stage) -> list[tuple[int, str]]:
    return [(each.seq, each.reason) for each in stage.kept.accepted]


def restore(stage: Stage) -> None:
    """The store as it was after five records, when there are ten."""
    stage.write(5)
    stage.seal()
    old = stage.home.control.read_bytes()
    stage.write(5, begin=6)
    stage.seal()
    for each in stage.home.root.glob("control.db*"):
        each.unlink()
    stage.home.control.write_bytes(old)


def test_after_a_restore_the_trail_goes_on_and_the_break_is_told(stage: Stage) -> None:
    restore(stage)
    assert broken(stage) == [(5, "cut off")]
    old = stage.kept.anchor
    told = accepted(stage)
    with ControlStore.open(stage.home.control) as store:
        (entry,) = store.audit_entries(1)
    assert entry.after is not None
    assert entry.after["anchor"] == {"seq": 10, "at": old.at, "head": old.head[:24]}
    assert (told.seq, told.actor, told.reason) == (11, "alice", "restored from the backup of Monday")
    assert told.broken == (f"{stage.home.control}: cut off after record 5: an anchor names record 10",)
    assert broken(stage) == []
    stage.write(3)
    stage.seal()
    assert broken(stage) == []
    assert listed(stage) == [(11, "restored from the backup of Monday")]
    (aside,) = stage.home.root.glob("audit.jsonl.until-*")
    assert aside.read_text().count("\n") == 10
    assert [json.loads(line)["seq"] for line in stage.home.audit_file.read_text().splitlines()] == [11, 12, 13, 14]


def test_an_anchor_from_before_the_break_is_told_to_prove_nothing_of_what_came_after(stage: Stage) -> None:
    restore(stage)
    old = stage.kept.anchor
    accepted(stage)
    verdict = verify_store(stage.home.control, stage.key, stage.kept, (old,))
    assert (verdict.ok, verdict.notes) == (
        True,
        ("the anchor of record 10 is older than the break that record 11 accepts",),
    )


AFTERWARDS = {
    "a record behind it": ("UPDATE audit SET actor = 'mallory' WHERE seq = 13", (13, "changed")),
    "the accepting record": ("UPDATE audit SET after = '{}' WHERE seq = 11", (11, "changed")),
    "the accepting record taken out": ("DELETE FROM audit WHERE seq = 11", (12, "missing")),
    "a record before it": ("UPDATE audit SET actor = 'mallory' WHERE seq = 3", (11, "changed")),
    "a record before it taken out": ("DELETE FROM audit WHERE seq = 3", (11, "changed")),
    "a record put in before it": (
        "INSERT INTO audit (seq, at, actor, action, target, result) VALUES (8, 1, 'm', 'x', 'y', 'ok')",
        (11, "changed"),
    ),
    "the end": ("DELETE FROM audit WHERE seq > 13", (13, "cut off")),
}


@pytest.mark.parametrize("what", AFTERWARDS)
@pytest.mark.parametrize("again", [False, True])
def test_whatever_is_touched_afterwards_is_named_as_ever(stage: Stage, what: str, again: bool) -> None:
    restore(stage)
    accepted(stage)
    stage.write(3)
    stage.seal()
    statement, named = AFTERWARDS[what]
    with stage.tampering() as connection:
        connection.execute(statement)
        if again:
            chain_again(connection)
    assert broken(stage)[0] == named


def test_a_second_break_is_accepted_beside_the_first_which_stays_told(stage: Stage) -> None:
    restore(stage)
    accepted(stage)
    with stage.tampering() as connection:
        connection.execute("DELETE FROM audit")  # with the entry that told of the first
    told = accepted(stage, "and again")
    assert told.seq > 11
    assert listed(stage) == [(11, "restored from the backup of Monday"), (told.seq, "and again")]
    assert broken(stage) == []


def test_a_touched_copy_is_accepted_and_begun_anew(stage: Stage) -> None:
    stage.write(5)
    stage.seal()
    with lines_of(stage.home.audit_file) as lines:
        del lines[2]
    assert broken(stage) == [(4, "missing")]
    accepted(stage)
    assert broken(stage) == []


def test_a_lost_anchor_can_be_accepted(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    del stage.vault.entries["gatewatch/audit-anchor"]
    told = accepted(stage, "the keyring was lost")
    assert "is lost" in told.broken[0]
    assert broken(stage) == []


def test_an_export_over_an_accepted_break_is_a_proof(stage: Stage, tmp_path: Path) -> None:
    restore(stage)
    accepted(stage)
    stage.write(2)
    stage.seal()
    upto = stage.kept.anchor.seq
    with snapshot(stage.home.control) as connection:
        lines = page(connection, "jsonl", EVERYTHING, 0, upto).lines
        lines.append(end_of(connection, EVERYTHING, upto, 1, stage.key, stage.kept).encoded().decode())
    path = tmp_path / "export.jsonl"
    path.write_text("".join(line + "\n" for line in lines))
    assert verify_file(path, stage.key, stage.kept).ok
    path.write_text(path.read_text().replace("openai/model-3", "openai/model-4", 1))
    assert not verify_file(path, stage.key, stage.kept).ok


def test_where_nothing_is_broken_nothing_is_accepted(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    with ControlStore.open(stage.home.control) as store, pytest.raises(UsageError, match="nothing to accept"):
        accept(stage.home, store, stage.vault, stage.sink, "why not")
    stage.vault.entries.clear()
    with ControlStore.open(stage.home.control) as store, pytest.raises(VaultError, match="no audit key"):
        accept(stage.home, store, stage.vault, stage.sink, "why not")
