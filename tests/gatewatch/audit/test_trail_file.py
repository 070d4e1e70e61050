"""The second sink's file: private, appended to, readable after a torn write."""

import os
import stat
from pathlib import Path

import pytest

from gatewatch.audit.record import GENESIS, encoded, line_of, record_of_row
from gatewatch.audit.trail_file import TrailFile, line_in, links_in


def line(seq: int) -> bytes:
    return encoded(
        line_of(
            record_of_row((seq, 1, "é", "b", "c", None, None, "ok", None, None, None)), GENESIS, "ab" * 32, "s", "k"
        )
    )


def test_lines_are_added_to_a_file_of_this_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file = TrailFile(tmp_path / "audit.jsonl")
        assert file.last() is None
        file.append([line(1), line(2)])
        file.append([line(3)])
    finally:
        os.umask(before)
    assert file.path.read_bytes() == b"".join(line(n) + b"\n" for n in (1, 2, 3))
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    last = file.last()
    assert last is not None
    assert last.seq == 3
    assert [link.seq for link in links_in(file.path)] == [1, 2, 3]


@pytest.mark.parametrize("length", [1, 20, 200])
def test_a_torn_write_is_passed_over_once_it_was_repeated(tmp_path: Path, length: int) -> None:
    file = TrailFile(tmp_path / "audit.jsonl")
    file.append([line(1)])
    with file.path.open("ab") as torn:
        torn.write(line(2)[:length])
    assert [link.seq for link in links_in(file.path)] == [1]
    last = file.last()
    assert last is not None
    assert last.seq == 1
    file.append([line(2), line(3)])
    assert [(link.seq, link.record is None) for link in links_in(file.path)] == [(1, False), (2, False), (3, False)]


def test_a_damaged_line_has_no_record(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(line(1) + b"\n" + b"{]\n" + line(2) + b"\n" + b"[" * 5000 + b"\n")
    assert [(link.seq, link.record is None) for link in links_in(path)] == [
        (1, False), (2, True), (2, False), (3, True)
    ]  # fmt: skip


def test_a_line_counts_only_as_it_was_written() -> None:
    assert line_in(line(1)) is not None
    assert line_in(line(1).replace(b'"at":1', b'"at": 1')) is None
    assert line_in(line(1).replace(b'"at":1', b'"at":1,"at":1')) is None
    assert line_in(b'{"x":"\xff"}') is None


def test_a_link_or_a_pipe_in_its_place_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        TrailFile(tmp_path / "link").append([line(1)])
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(OSError):
        TrailFile(tmp_path / "no" / "folder").append([line(1)])
