"""`gatewatch _worker`: for the control process only. What a worker does is tested in tests/proxy/worker."""

import subprocess
import sys
from pathlib import Path

import httpx

from tests.kit.running import ROOT
from tests.kit.worker_process import PROVIDER_SECRET, worker_process


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gatewatch", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_nobody_is_told_of_it() -> None:
    assert "_worker" not in run("--help").stdout


def test_without_a_socket_it_is_a_usage_error() -> None:
    done = run("_worker")
    assert done.returncode == 2
    assert "--listen-fd" in done.stderr


async def test_it_serves_on_the_socket_it_was_given_and_ends_in_order(tmp_path: Path) -> None:
    with worker_process(tmp_path, "http://127.0.0.1:1/v1") as worker:
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{worker.port}/health/live")).status_code == 200
        worker.terminate()
        assert await worker.exit_code() == 0
        assert PROVIDER_SECRET not in worker.log
