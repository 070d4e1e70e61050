"""The last line of an export says which records it holds."""

import hashlib
from pathlib import Path

import msgspec

from gatewatch.audit.export_end import ExportEnd, digest_before_end, export_end, ranges
from gatewatch.audit.seals import AuditKey

KEY = AuditKey(b"k" * 32)
END = ExportEnd(entries=4, seqs="1-3,7", until=9, head="ab" * 32, at=5, digest="cd" * 32)


def test_numbers_are_told_as_ranges() -> None:
    assert ranges([]) == ""
    assert ranges([1, 2, 3, 7]) == "1-3,7"
    assert list(END.numbers()) == [1, 2, 3, 7]
    assert list(msgspec.structs.replace(END, seqs="").numbers()) == []


def test_it_comes_back_from_its_line_and_is_genuine_as_it_was() -> None:
    coded = END.coded(KEY)
    assert export_end(coded.encoded()) == coded
    assert coded.is_genuine(KEY)
    assert not coded.is_genuine(AuditKey(b"l" * 32))
    assert not END.is_genuine(KEY)
    assert not msgspec.structs.replace(coded, entries=3).is_genuine(KEY)


def test_anything_else_is_none() -> None:
    assert export_end(b'{"seq":1}') is None
    assert export_end(END.encoded() + b" ") is None
    assert export_end(b"") is None


def test_its_digest_is_of_everything_before_it(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(b'{"seq":1}\n{"seq":2}\n' + END.encoded() + b"\n")
    assert digest_before_end(path) == hashlib.sha256(b'{"seq":1}\n{"seq":2}\n').hexdigest()
