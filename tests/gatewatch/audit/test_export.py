"""Exports page by page, in three forms."""

import hashlib
import json

import pytest

from gatewatch.audit.export import PAGE_ENTRIES, Form, end_of, page
from gatewatch.audit.links import snapshot
from gatewatch.control.audit import EVERYTHING, Wanted
from tests.kit.audit_stage import Stage


def exported(stage: Stage, form: Form, wanted: Wanted = EVERYTHING, upto: int = 10**9) -> list[str]:
    lines: list[str] = []
    after, more = 0, True
    with snapshot(stage.home.control) as connection:
        while more:
            found = page(connection, form, wanted, after, upto)
            lines += found.lines
            after, more = found.after, found.more
    return lines


@pytest.mark.parametrize("form", ["jsonl", "cef", "ocsf"])
def test_every_entry_is_one_line_oldest_first_over_any_number_of_pages(stage: Stage, form: Form) -> None:
    stage.write(PAGE_ENTRIES + 3)
    lines = exported(stage, form)
    assert len(lines) == PAGE_ENTRIES + 3
    assert "openai/model-1" in lines[0]
    assert f"openai/model-{PAGE_ENTRIES + 3}" in lines[-1]
    assert not any("\n" in line for line in lines)


def test_only_what_is_wanted_and_not_newer_than_the_first_page(stage: Stage) -> None:
    stage.write(9)
    lines = exported(stage, "jsonl", Wanted(target="openai/model-*"), upto=4)
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]
    assert exported(stage, "jsonl", Wanted(actor="bob")) == []


def test_its_end_tells_what_it_holds(stage: Stage) -> None:
    stage.write(5)
    stage.seal()
    with snapshot(stage.home.control) as connection:
        end = end_of(connection, Wanted(target="openai/model-2"), 5, 7, stage.key, stage.kept)
        bare = end_of(connection, EVERYTHING, 5, 7, None, None)
    assert (end.entries, end.seqs, end.until, end.at) == (1, "2", 5, 7)
    assert end.head == stage.kept.anchor.head
    assert (end.first, end.sealed_to) == (1, 5)
    assert end.digest == hashlib.sha256(f"{exported(stage, 'jsonl')[1]}\n".encode()).hexdigest()
    assert end.is_genuine(stage.key)
    assert (bare.seqs, bare.code, bare.key_id) == ("1-5", None, None)
