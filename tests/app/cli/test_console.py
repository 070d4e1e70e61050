"""`gatewatch` at a terminal and without one, as processes."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.cli.own_gateway import OwnGateway
from gatewatch.control_client import ControlClient, answers
from gatewatch.paths import Home
from tests.kit.console_stage import HOSTILE, NOW
from tests.kit.journals import a_call, closing, segment

PATIENCE_SECONDS = 30.0
CONFIG = """\
vault: file
listen: 127.0.0.1:0
providers:
  local: {dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: none, allow_private: true}
models:
  bot: {targets: [local/bot]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home with a configuration; a gateway that a failed test leaves behind is ended."""
    made = Home(tmp_path / "home").make()
    made.config.write_text(CONFIG, encoding="utf-8")
    yield made
    if answers(made.socket):
        with ControlClient(made.socket) as control:
            os.kill(control.live()["pid"], signal.SIGTERM)


def printed(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "gatewatch", *arguments, "--home", str(home.root)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


class Terminal:
    """A console at a terminal of 80×24."""

    def __init__(self, home: Home, *arguments: str) -> None:
        self.written = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
            command = [sys.executable, "-m", "gatewatch", *arguments, "--home", str(home.root)]
            os.execve(sys.executable, command, environment)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def read_until(self, text: str) -> None:
        """Wait until this was written since the last time."""
        begin, ends = len(self.written), time.monotonic() + PATIENCE_SECONDS
        while text not in shown(self.written[begin:]):
            assert self._read(ends - time.monotonic()), f"no {text!r} in {shown(self.written[begin:])[-2000:]!r}"

    def end(self) -> int:
        """Read to the end; the exit code."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while self._read(ends - time.monotonic()):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            return False
        self.written += data
        return bool(data)


def shown(data: bytes) -> str:
    """Without escape sequences."""
    return re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[PX^_].*?\x1b\\|.)", "", data.decode(errors="replace"))


@contextmanager
def terminal(home: Home, *arguments: str) -> Iterator[Terminal]:
    opened = Terminal(home, *arguments)
    try:
        yield opened
    finally:
        opened.kill()


class TestWithoutATerminal:
    def test_the_overview_is_printed_even_of_a_home_that_is_new(self, tmp_path: Path) -> None:
        done = printed(Home(tmp_path / "new"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Gatewatch, ")
        assert "no gateway is running" in done.stdout

    def test_the_overview_of_a_running_gateway(self, home: Home) -> None:
        gateway = OwnGateway.start(home, port=0)
        try:
            done = printed(home, "console")
        finally:
            gateway.stop()
        assert done.returncode == 0, done.stderr
        assert "● 1 worker on http://127.0.0.1:" in done.stdout
        assert "requests/s" in done.stdout

    def test_a_link_that_leads_nowhere_is_a_mistake_in_the_command(self, home: Home) -> None:
        done = printed(home, ":cals")
        assert done.returncode == 2
        assert "did you mean :calls?" in done.stderr


@pytest.mark.slow
class TestAtATerminal:
    def test_it_starts_a_gateway_and_ends_it_with_itself(self, home: Home) -> None:
        with terminal(home) as screen:
            screen.read_until("No calls yet today")
            assert answers(home.socket)
            screen.type("q")
            screen.read_until("no calls in flight")
            screen.type("b\n")
            screen.read_until("No calls yet today")
            screen.type("q")
            screen.read_until("Enter stops it")
            screen.type("\n")
            assert screen.end() == 0
        assert not answers(home.socket)

    def test_with_keep_the_gateway_goes_on(self, home: Home) -> None:
        with terminal(home, "--keep") as screen:
            screen.read_until("No calls yet today")
            screen.type("q")
            screen.read_until("the gateway goes on")
            assert screen.end() == 0
        assert answers(home.socket)
        pid = int(re.findall(r"kill (\d+)", shown(screen.written))[0])
        os.kill(pid, signal.SIGTERM)
        gone(home)

    def test_a_lost_connection_ends_both(self, home: Home) -> None:
        with terminal(home) as screen:
            screen.read_until("No calls yet today")
            os.kill(screen.pid, signal.SIGHUP)
            assert screen.end() == 128 + signal.SIGHUP
        assert not answers(home.socket)

    def test_a_gateway_that_was_running_is_left_alone(self, home: Home) -> None:
        gateway = OwnGateway.start(home, port=0)
        try:
            with terminal(home, "console", "--read-only", ":calls status=429") as screen:
                screen.read_until("READ-ONLY")
                screen.read_until("No call matches this filter")
                screen.type("q")
                assert screen.end() == 0
            assert answers(home.socket)
        finally:
            gateway.stop()

    def test_a_read_only_console_starts_nothing(self, home: Home) -> None:
        with terminal(home, "--read-only") as screen:
            screen.read_until("gatewatch serve")
            assert screen.end() == 5
        assert not home.gateway_log.exists()

    def test_nothing_that_calls_carry_reaches_the_terminal_raw(self, home: Home) -> None:
        call = a_call(at_us=NOW, team=HOSTILE, requested_model=HOSTILE, model=HOSTILE, error_message=HOSTILE)
        segment(home, closing(call))
        with terminal(home, ":calls") as screen:
            screen.read_until("␛]52;c")
            screen.type("\r")
            screen.read_until("␛]52;c;cm0gLXJm")
            screen.type("q")
            screen.read_until("Enter stops it")
            screen.type("\n")
            assert screen.end() == 0
        assert b"\x1b]52" not in screen.written
        assert "\u202e" not in screen.written.decode(errors="replace")
        assert "\x9b" not in screen.written.decode(errors="replace")


def gone(home: Home) -> None:
    """Wait until nobody listens."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while answers(home.socket):
        assert time.monotonic() < ends
        select.select([], [], [], 0.01)
