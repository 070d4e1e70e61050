"""The demo's stage: up with traffic flowing, down without a trace, whatever went wrong."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo import stage as staging
from app.demo.stage import Stage
from app.demo.traffic import TEAMS
from gatewatch.control_client import ControlClient
from gatewatch.errors import GatewatchError
from tests.kit.marked import VARIABLE, kill_marked, marked, needs_proc
from tests.kit.running import ROOT
from tests.kit.waiting import until

pytestmark = needs_proc


@pytest.fixture(autouse=True)
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Homes are made in this test's folder, and its processes can be told."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.chdir(ROOT)
    yield str(tmp_path)
    kill_marked(str(tmp_path))


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("gatewatch")]


async def test_calls_of_teams_flow_and_nothing_is_left_when_it_is_taken_down(
    tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with Stage() as stage:
        assert stage.home.root.stat().st_mode & 0o777 == 0o700
        with ControlClient(stage.home.socket) as control:
            assert control.live()["listen"] == stage.base_url

            def teams() -> set[str]:
                rows = control.request("POST", "/v1/query/calls", {"limit": 200})["rows"]
                return {row["team"] for row in rows if row["status"] == "ok"}

            assert await until(teams, lambda found: len(found) >= 2) <= TEAMS.keys()

            def endpoints() -> set[str]:
                rows = control.request("POST", "/v1/query/calls", {"limit": 200, "where": "status=ok"})["rows"]
                return {row["endpoint"] for row in rows}

            assert {"chat", "messages"} <= await until(endpoints, lambda found: len(found) >= 3)
        assert len(marked(mark)) == 4, "sandbox, gateway, worker and traffic"
    assert marked(mark) == []
    assert left(tmp_path) == []


def test_where_the_gateway_does_not_start_its_last_words_are_told_and_nothing_is_left(
    tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "CONFIG", staging.CONFIG.replace("providers:", "provider:"))
    with pytest.raises(GatewatchError, match="'gatewatch serve' did not start") as failed, Stage():
        pass
    assert "providers" in failed.value.next_step
    assert marked(mark) == []
    assert left(tmp_path) == []


def test_an_error_on_the_stage_takes_it_down(tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "_start_traffic", lambda *_: None)
    with pytest.raises(ZeroDivisionError), Stage():
        raise ZeroDivisionError
    assert marked(mark) == []
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
async def test_a_demo_that_is_told_to_end_takes_everything_with_it(
    number: signal.Signals, tmp_path: Path, mark: str
) -> None:
    """SIGHUP is a terminal that was closed; it comes in the middle of things."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-m", "gatewatch", "demo"], stdin=pipe, stdout=pipe, stderr=pipe) as demo:
        await until(lambda: len(marked(mark)), lambda count: count >= 3)
        os.kill(demo.pid, number)
        _, errors = demo.communicate(timeout=30)
    assert b"Traceback" not in errors
    assert demo.returncode in (0, 130)
    assert marked(mark) == []
    assert left(tmp_path) == []
