"""Our own processes as scripts start them: wait for the ready line, end them for certain.

    with sandbox(folder) as provider, gateway(folder, config, ...) as running:
        ...

What a process says on stderr is kept in its folder and shown when it does not start.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
STOP_SECONDS = 15.0


class Running(NamedTuple):
    """One process that is ready."""

    listen: str
    """`http://127.0.0.1:PORT`."""
    ready: dict[str, Any]
    """Its ready line."""
    process: "subprocess.Popen[bytes]"
    log: Path


class Gateway(NamedTuple):
    """A running gateway and its home."""

    running: Running
    home: Path

    @property
    def base_url(self) -> str:
        """What an app sets."""
        return f"{self.running.listen}/v1"

    def key(self, name: str, *options: str, team: str = "search") -> str:
        """Make a key with the command line; returns its secret."""
        return str(command("keys", "create", name, "--team", team, "--create-team", *options, home=self.home)["secret"])

    def ask(self, *arguments: str) -> Any:
        """The JSON that a command of ours prints about this gateway."""
        return command(*arguments, home=self.home)


def command(*arguments: str, home: Path) -> Any:
    """Run a command of ours to its end; returns the JSON on its stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "gatewatch", *arguments, "--home", str(home), "-o", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"gatewatch {' '.join(arguments)}: {done.stderr}"
    return json.loads(done.stdout)


@contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[Running]:
    """A sandbox provider in a process of its own."""
    with process(folder / "sandbox.log", "sandbox", "--port", "0", *options) as running:
        yield running


@contextmanager
def gateway(folder: Path, config: str, *options: str, module: str = "gatewatch") -> Iterator[Gateway]:
    """`gatewatch serve` on a home in `folder`, with this configuration; `module`: what is run in its place."""
    home, file = folder / "home", folder / "gatewatch.yaml"
    file.write_text(config, encoding="utf-8")
    arguments = ["--home", str(home), "--config", str(file), "--port", "0", *options]
    with process(folder / "gateway.log", "serve", *arguments, module=module) as running:
        yield Gateway(running, home)


@contextmanager
def process(log: Path, *arguments: str, module: str = "gatewatch") -> Iterator[Running]:
    """A command of ours, from its ready line on. In the end SIGTERM, then SIGKILL to whatever it has started."""
    with log.open("wb") as errors:
        started = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        ready = _ready_line(started, log)
        yield Running(ready["listen"], ready, started, log)
    finally:
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        if started.stdout:
            started.stdout.close()


def _ready_line(started: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    assert started.stdout
    due = time.monotonic() + START_SECONDS
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(started.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, due - time.monotonic())):
            data = os.read(started.stdout.fileno(), 4096)
            if not data:
                break
            line += data
    assert line.endswith(b"\n"), f"{started.args!r} did not become ready: {log.read_text(errors='replace')[-4000:]}"
    ready: dict[str, Any] = json.loads(line)
    assert ready["event"] == "ready"
    return ready
