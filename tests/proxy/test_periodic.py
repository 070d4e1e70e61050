"""What must go on goes on, whatever goes wrong once."""

import asyncio
import contextlib
import logging

import pytest

from proxy.periodic import periodically


async def test_a_failure_is_logged_and_the_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    times = 0

    def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise OSError("too many open files")
        done.set()

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(periodically(0.001, work))
        await asyncio.wait_for(done.wait(), 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert times >= 2
    assert "too many open files" in caplog.text
