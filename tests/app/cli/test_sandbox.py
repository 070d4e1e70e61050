"""The sandbox as people start it: a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gatewatch", "sandbox", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def sandbox() -> Iterator["subprocess.Popen[str]"]:
    process = start("--port", "0", "--no-key")
    yield process
    process.kill()
    process.communicate()


def ready(process: "subprocess.Popen[str]") -> dict[str, object]:
    assert process.stdout
    line: dict[str, object] = json.loads(process.stdout.readline())
    return line


def test_it_says_one_line_when_it_is_ready_and_answers(sandbox: "subprocess.Popen[str]") -> None:
    line = ready(sandbox)
    assert line.keys() == {"event", "listen", "pid"}
    assert (line["event"], line["pid"]) == ("ready", sandbox.pid)
    with urllib.request.urlopen(f"{line['listen']}/v1/models/any") as reply:
        assert json.load(reply)["id"] == "any"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_when_told_and_has_said_nothing_else(sandbox: "subprocess.Popen[str]", number: int) -> None:
    listen = ready(sandbox)["listen"]
    reply = urllib.request.urlopen(f"{listen}/v1/models/any")
    sandbox.send_signal(number)
    rest, errors = sandbox.communicate(timeout=10)
    assert (sandbox.returncode, rest, errors) == (0, "", "")
    reply.close()


def test_a_port_that_is_taken_ends_it_with_1_and_a_way_out(sandbox: "subprocess.Popen[str]") -> None:
    port = str(ready(sandbox)["listen"]).rpartition(":")[2]
    second = start("--port", port)
    out, errors = second.communicate(timeout=10)
    assert (second.returncode, out) == (1, "")
    assert "--port" in errors
    assert "Traceback" not in errors


def test_a_latency_nobody_knows_is_a_usage_error() -> None:
    process = start("--latency", "slow")
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert "realistic" in errors
