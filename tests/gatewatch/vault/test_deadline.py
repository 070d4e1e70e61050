"""Work with a deadline."""

import threading

import pytest

from gatewatch.vault.deadline import within


def test_an_answer_in_time_is_returned_also_when_it_is_none() -> None:
    assert within(30, lambda: 7) == 7
    assert within(30, lambda: None) is None


def test_an_error_is_raised_in_the_callers_thread() -> None:
    with pytest.raises(ZeroDivisionError):
        within(30, lambda: 1 // 0)


def test_work_that_hangs_is_left_behind_as_a_daemon() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, release.wait)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "vault")
    release.set()
