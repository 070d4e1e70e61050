"""Bodies of one day lie in that day's folder, and are gone with it."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.bodies.day_files import DayFiles, day_of, days, files_of, place


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[DayFiles]:
    made = DayFiles(tmp_path / "bodies", file_bytes=100)
    yield made
    made.close()


def content(folder: Path, day: str) -> bytes:
    return b"".join(path.read_bytes() for path in files_of(folder, day))


def test_a_time_has_its_day_in_utc() -> None:
    assert day_of(1_795_168_800_000_000) == "2026-11-20"
    assert day_of(1_795_219_199_999_999) == "2026-11-20"
    assert day_of(1_795_219_200_000_000) == "2026-11-21"


def test_each_day_has_its_folder(tmp_path: Path, writer: DayFiles) -> None:
    folder = tmp_path / "bodies"
    assert days(folder) == []
    for day in ("2026-11-21", "2026-11-20", "2026-11-21", "2026-11-19", "2026-11-21"):
        writer.append(day, day.encode())
    assert days(folder) == ["2026-11-19", "2026-11-20", "2026-11-21"]
    assert [content(folder, day) for day in days(folder)] == [b"2026-11-19", b"2026-11-20", b"2026-11-21" * 3]


def test_nobody_else_may_look(tmp_path: Path, writer: DayFiles) -> None:
    writer.append("2026-11-21", b"x")
    (path,) = files_of(tmp_path / "bodies", "2026-11-21")
    assert [each.stat().st_mode & 0o077 for each in (path, path.parent, path.parent.parent)] == [0, 0, 0]


def test_only_folders_are_days(tmp_path: Path, writer: DayFiles) -> None:
    writer.append("2026-11-20", b"x")
    (tmp_path / "bodies" / "2026-11-01").write_text("a note")
    assert days(tmp_path / "bodies") == ["2026-11-20"]


def test_a_file_that_is_long_enough_is_followed_by_another(tmp_path: Path, writer: DayFiles) -> None:
    for n in range(5):
        writer.append("2026-11-21", b"%d" % n * 60)
    assert [path.stat().st_size for path in files_of(tmp_path / "bodies", "2026-11-21")] == [120, 120, 60]


def test_a_day_that_was_deleted_is_begun_anew(tmp_path: Path, writer: DayFiles) -> None:
    folder = tmp_path / "bodies"
    writer.append("2026-11-21", b"first")
    shutil.rmtree(folder / "2026-11-21")
    assert list(files_of(folder, "2026-11-21")) == []
    writer.append("2026-11-21", b"second")
    assert content(folder, "2026-11-21") == b"second"


def test_a_record_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    writer = DayFiles(tmp_path / "bodies")
    writer.append("2026-11-21", b"x" * 1000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        with pytest.raises(OSError, match="No space left"):
            writer.append("2026-11-21", b"y" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    writer.append("2026-11-21", b"z")
    writer.close()
    assert content(tmp_path / "bodies", "2026-11-21") == b"x" * 1000 + b"z"


@pytest.mark.parametrize(
    "name", ["../secret", "2026-11-21/../../x", "2026-11-21", "2026-11-21/a.bodies", "/etc/passwd", ""]
)
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no file of bodies"):
        place(tmp_path, name)


def test_a_name_leads_to_its_file(tmp_path: Path, writer: DayFiles) -> None:
    writer.append("2026-11-21", b"x")
    (path,) = files_of(tmp_path / "bodies", "2026-11-21")
    assert place(tmp_path / "bodies", f"2026-11-21/{path.name}") == path
    assert os.fspath(path).endswith("-001.bodies")
