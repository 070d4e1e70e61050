"""A segment holds whole lines only, and its lock tells whether its writer lives."""

import fcntl
import os
import resource
import signal

import pytest

from gatewatch.journal.segment import Segment


def test_lines_stand_in_the_file_as_soon_as_append_returns(tmp_path):
    segment = Segment(tmp_path, "run", 1)
    segment.append(b'{"k":"open"}\n')
    segment.append(b'{"k":"close"}\n')
    assert (tmp_path / "run-000001.jsonl").read_bytes() == b'{"k":"open"}\n{"k":"close"}\n'
    segment.close()


def test_the_lock_is_held_until_the_writer_closes(tmp_path):
    segment = Segment(tmp_path, "run", 1)
    with open(segment.path, "rb") as reader:
        with pytest.raises(BlockingIOError):
            fcntl.flock(reader, fcntl.LOCK_EX | fcntl.LOCK_NB)
        segment.close()
        fcntl.flock(reader, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_second_writer_cannot_take_over_a_segment(tmp_path):
    first = Segment(tmp_path, "run", 1)
    with pytest.raises(FileExistsError):
        Segment(tmp_path, "run", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["run-000001.jsonl"]
    first.close()


def test_a_short_write_keeps_whole_lines_only(tmp_path):
    """A file size limit makes the kernel write only a part, as a full disk does."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
            segment = Segment(tmp_path, "run", 1)
            assert segment.append(b"x" * 59 + b"\n") == 60
            os._exit(segment.append(b"z" * 9 + b"\n" + b"y" * 59 + b"\n"))
        finally:
            os._exit(99)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 10
    assert (tmp_path / "run-000001.jsonl").read_bytes() == b"x" * 59 + b"\n" + b"z" * 9 + b"\n"
