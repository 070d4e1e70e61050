"""Processes of workers, as the system has them."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from gatewatch.journal.writer import Journal
from gatewatch.paths import Home
from proxy.control.worker_processes import end_of, signal_to, worker_command, workers_left_behind


def test_a_worker_is_started_with_the_interpreter_that_runs() -> None:
    assert worker_command() == [sys.executable, "-m", "gatewatch", "_worker"]


def test_a_worker_that_still_writes_is_seen_by_its_lock(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    assert not workers_left_behind(home.journal)
    journal = Journal(home.journal)
    try:
        assert workers_left_behind(home.journal)
    finally:
        journal.stop()
    assert not workers_left_behind(home.journal)


async def test_the_end_of_a_process_is_waited_for_and_one_that_is_gone_can_be_signalled() -> None:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        ending = asyncio.create_task(end_of(process.pid))
        await asyncio.wait([ending], timeout=0.2)
        assert not ending.done()
        signal_to(process.pid, signal.SIGTERM)
        await asyncio.to_thread(process.wait)
        await ending
    signal_to(process.pid, signal.SIGTERM)
