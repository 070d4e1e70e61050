"""The audit trail as actions: who may look, what is proven, what is taken along."""

import json
from pathlib import Path
from typing import Any

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, UsageError
from tests.kit.acting import Stage

LEAD = Actor(id="key:lead0001", role="super-admin", team="search", key_id="lead0001")


def exported(stage: Stage, **asked: object) -> list[str]:
    lines: list[str] = []
    further: dict[str, object] = {}
    while True:
        answer = stage.do("audit.export", **asked, **further)
        lines += answer["lines"]
        further = {"after": answer["after"], "upto": answer["upto"]}
        if not answer["more"]:
            return lines


def test_entries_are_listed_newest_first_and_filtered(stage: Stage) -> None:
    key = stage.key("app")
    stage.do("keys.revoke", key=key["id"])
    newest, *_ = stage.do("audit.list", action="key.*")
    assert (newest["action"], newest["target"], newest["actor"]) == ("key.revoke", key["id"], "root")
    assert newest["at"].endswith("Z")
    assert newest["after"]["revoked_at"].endswith("Z")
    assert [entry["action"] for entry in stage.do("audit.list", action="key.create")] == ["key.create"]
    assert stage.do("audit.list", actor="bob") == []
    (older,) = stage.do("audit.list", action="key.*", before=newest["seq"])
    assert older["action"] == "key.create"
    assert stage.do("audit.list", until=1) == []


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_an_answer_is_bounded(stage: Stage, limit: int) -> None:
    with pytest.raises(UsageError):
        stage.do("audit.list", limit=limit)


@pytest.mark.parametrize("field", ["since", "until", "before", "after", "upto"])
def test_a_number_beyond_all_bounds_is_a_usage_error(stage: Stage, field: str) -> None:
    deed = "audit.export" if field in ("after", "upto") else "audit.list"
    with pytest.raises(UsageError):
        stage.do(deed, **{field: 10**30})


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("none", []),
        ("user", []),
        ("admin", ["audit.list"]),
        ("super-admin", ["audit.list", "audit.verify", "audit.export"]),
    ],
)
def test_who_may_look_and_who_may_prove(stage: Stage, role: Any, may: list[str]) -> None:
    stage.key()
    for deed in ("audit.list", "audit.verify", "audit.export"):
        if deed in may:
            stage.do(deed, Actor(id="key:x", role=role, key_id="x"))
        else:
            with pytest.raises(NotAllowed):
                stage.do(deed, Actor(id="key:x", role=role, key_id="x"))


def test_who_is_of_one_team_sees_what_concerns_it_and_proves_nothing(stage: Stage) -> None:
    mine = stage.key("mine")
    stage.key("theirs", team="sales")
    seen = {entry["target"] for entry in stage.do("audit.list", LEAD)}
    assert seen == {mine["id"], "search"}
    for deed in ("audit.verify", "audit.export", "audit.accept"):
        with pytest.raises(NotAllowed, match="of team search alone"):
            stage.do(deed, LEAD)


def test_a_trail_is_proven_and_its_anchor_holds_for_later(stage: Stage) -> None:
    stage.key()
    first = stage.do("audit.verify")
    assert first["ok"]
    assert first["broken"] is None
    stage.key("another")
    assert "--anchor" in first["not_ruled_out"]
    later = stage.do("audit.verify", anchor=first["anchor"])
    assert later["not_ruled_out"] is None
    assert later["ok"]
    assert later["count"] > first["count"]
    assert later["unsealed"] == later["count"] - first["count"]
    assert [place["place"] for place in later["places"]] == ["store", "file"]


def test_a_trail_nobody_has_opened_a_vault_for_is_counted_not_called_broken(stage: Stage) -> None:
    from gatewatch.actions.acting import Acting
    from gatewatch.actions.perform import perform
    from gatewatch.control.store import ControlStore
    from gatewatch.ledger.reader import LocalLedger

    with ControlStore.open(stage.home.control, actor="alice") as store:
        store.create_team("search")

        def no_vault() -> Any:
            raise AssertionError("a vault was asked for")

        acting = Acting(
            stage.home,
            store,
            open_vault=no_vault,
            open_ledger=lambda: LocalLedger(stage.home),
            declared_teams=list,
        )
        told = perform(acting, "audit.verify", {})
        assert (told["ok"], told["count"], told["unsealed"], told["anchor"]) == (True, 1, 1, None)
        assert perform(acting, "audit.export", {"form": "jsonl"})["more"] is True
    assert not stage.home.vault.exists()


def test_a_broken_trail_is_told_with_place_and_record(stage: Stage) -> None:
    stage.key()
    stage.do("audit.verify")
    lines = stage.home.audit_file.read_text().splitlines(keepends=True)
    stage.home.audit_file.write_text("".join(lines[:1] + lines[2:]))
    told = stage.do("audit.verify")
    assert not told["ok"]
    assert told["anchor"] is None
    assert told["broken"] == {
        "path": str(stage.home.audit_file),
        "seq": 3,
        "what": "missing",
        "text": "record 3: record 2 is missing before it",
    }


def test_a_wrong_anchor_is_a_usage_error(stage: Stage) -> None:
    stage.key()
    anchor = stage.do("audit.verify")["anchor"]
    forged = anchor[:-1] + ("0" if anchor[-1] != "0" else "1")
    for text in (forged, "nothing"):
        with pytest.raises(UsageError):
            stage.do("audit.verify", anchor=text)


def test_an_export_is_all_of_it_and_can_be_proven(stage: Stage, tmp_path: Path) -> None:
    for n in range(3):
        stage.key(f"app-{n}")
    lines = exported(stage)
    *entries, end = map(json.loads, lines)
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert all(entry["seal"] for entry in entries)
    assert end["export"]["entries"] == len(entries)
    file = tmp_path / "export.jsonl"
    file.write_text("".join(line + "\n" for line in lines))
    assert stage.do("audit.verify", file=str(file))["ok"]
    file.write_text("".join(line + "\n" for line in lines[1:]))
    assert stage.do("audit.verify", file=str(file))["broken"]["what"] == "missing"
    some = exported(stage, action="key.create")
    file.write_text("".join(line + "\n" for line in some))
    assert len(some) == 4
    assert stage.do("audit.verify", file=str(file))["ok"]


@pytest.mark.parametrize("form", ["cef", "ocsf"])
def test_other_forms_have_one_line_for_each_entry_and_nothing_else(stage: Stage, form: str) -> None:
    stage.key()
    count = stage.do("audit.verify")["count"]
    assert len(exported(stage, form=form)) == count


def test_a_break_is_accepted_for_a_reason_and_told_ever_after(stage: Stage) -> None:
    stage.key()
    stage.do("audit.verify")
    stage.home.audit_file.write_text("")
    assert not stage.do("audit.verify")["ok"]
    with pytest.raises(UsageError, match="reason"):
        stage.do("audit.accept", reason=" ")
    answer = stage.do("audit.accept", reason="the disk was full")
    told = stage.do("audit.verify", anchor=answer["anchor"])
    assert (told["ok"], [each["reason"] for each in told["accepted"]]) == (True, ["the disk was full"])
    assert told["accepted"][0]["at"].endswith("Z")
    assert "cut off" in told["accepted"][0]["broken"][0]
    assert ("audit.accept", "trail", "ok") in stage.deeds()
    with pytest.raises(UsageError, match="nothing to accept"):
        stage.do("audit.accept", reason="again")
