"""Segments are found, read in whole lines, and known to be over when their writer is."""

from pathlib import Path

import pytest

from gatewatch.journal.writer import Journal
from gatewatch.ledger.pack import pack
from gatewatch.ledger.segments import find_segment, run_and_sequence, segments_in
from gatewatch.paths import Home
from tests.kit.journals import RUN, a_call, closing, segment, worker


def test_segments_come_by_run_and_sequence(home: Home) -> None:
    for run, sequence in ((RUN, 10), (RUN, 2), ("20261119T235959Z-ffffffff", 1), (RUN, 1_000_000)):
        segment(home, run=run, sequence=sequence)
    assert [(each.run, each.sequence) for each in segments_in(home.journal)] == [
        ("20261119T235959Z-ffffffff", 1), (RUN, 2), (RUN, 10), (RUN, 1_000_000),
    ]  # fmt: skip


def test_what_the_real_writer_makes_is_found(home: Home) -> None:
    journal = Journal(home.journal, reserve_bytes=4096)
    (found,) = segments_in(home.journal)
    assert (found.run, found.sequence, found.packed) == (journal.run, 1, False)
    assert not found.writer_is_gone()
    journal.stop()
    assert found.writer_is_gone()


def test_a_folder_that_is_not_there_has_no_segments(tmp_path: Path) -> None:
    assert segments_in(tmp_path / "nowhere") == []


def test_a_writer_is_gone_when_it_dies(home: Home) -> None:
    with worker(home) as alive:
        (found,) = segments_in(home.journal)
        assert not found.writer_is_gone()
        alive.die()
        assert found.writer_is_gone()


@pytest.mark.parametrize("limit", [1, 7, 100, 10_000])
@pytest.mark.parametrize("packed", [False, True])
def test_chunks_are_whole_lines_and_then_the_rest(home: Home, limit: int, packed: bool) -> None:
    content = b"".join(b"%d\n" % n * n for n in range(20)) + b"torn"
    path = segment(home, content)
    (found,) = segments_in(home.journal)
    if packed:
        pack(found, home.loaded)
        (found,) = segments_in(home.loaded)
        assert not path.exists()
    assert found.size() == len(content)
    chunks = list(found.chunks(0, None, limit))
    assert b"".join(chunks) == content
    assert all(chunk.endswith(b"\n") for chunk in chunks[:-1])
    assert chunks[-1] == b"torn"
    assert b"".join(found.chunks(40, 60, limit)) == content[40:60]


def test_a_segment_without_a_rest_ends_with_a_newline(home: Home) -> None:
    segment(home, closing(a_call(0)))
    (found,) = segments_in(home.journal)
    assert list(found.chunks(0, None, 50)) == [closing(a_call(0))]


def test_a_name_says_run_and_sequence() -> None:
    assert run_and_sequence(f"{RUN}-000012") == (RUN, 12)
    with pytest.raises(ValueError, match="segment"):
        run_and_sequence("notes")


def test_a_segment_is_found_by_its_name_wherever_it_is(home: Home) -> None:
    path = segment(home, closing(a_call(0)))
    name = f"{RUN}-000001"
    assert find_segment(home, name).path == path
    packed = pack(find_segment(home, name), home.loaded)
    assert find_segment(home, name).path == packed
    packed.unlink()
    with pytest.raises(FileNotFoundError, match=name):
        find_segment(home, name)
