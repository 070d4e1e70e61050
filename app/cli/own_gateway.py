"""A gateway that a console has started: its own process, its own session, a log in the home.

Keeps true: a key typed at the console never reaches it as a signal; it is stopped by SIGTERM, which drains it, and
waited for.
"""

import json
import os
import subprocess
import sys
from typing import IO

from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.environment_vault import with_secrets

LOG_TAIL_BYTES = 4096


class OwnGateway:
    """A child `gatewatch serve` that is ready. Make one with `start`."""

    def __init__(self, home: Home, process: "subprocess.Popen[bytes]") -> None:
        self.home = home
        self._process = process

    @classmethod
    def start(cls, home: Home, config: str | None = None, port: int | None = None) -> "OwnGateway":
        """Start one and wait until it is ready. Raises GatewatchError with what it said where it does not come up."""
        command = [sys.executable, "-m", "gatewatch", "serve", "--home", str(home.root)]
        command += ["--config", os.path.abspath(config)] if config else []
        command += ["--port", str(port)] if port is not None else []
        with _log(home) as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=with_secrets(),
            )
        assert process.stdout
        with process.stdout:
            ready = process.stdout.readline()
        if not ready:
            process.wait()
            title, *more = _last_words(home)
            raise GatewatchError(
                f"The gateway did not start: {title}", " ".join([*more, f"Its log: {home.gateway_log}"])
            )
        assert json.loads(ready)["event"] == "ready"
        return cls(home, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Its exit code, where it has ended by itself."""
        return self._process.poll()

    def stop(self) -> int:
        """Drain it and wait for its end; its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait()


def _log(home: Home) -> IO[bytes]:
    """Appended to, and readable by this user only."""
    home.make()
    return open(os.open(home.gateway_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _last_words(home: Home) -> list[str]:
    """What it told an operator at last, else its last line."""
    with home.gateway_log.open("rb") as log:
        log.seek(max(0, os.fstat(log.fileno()).st_size - LOG_TAIL_BYTES))
        lines = log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
    told = [number for number, line in enumerate(lines) if line.startswith("gatewatch: ")]
    return [line.removeprefix("gatewatch: ").strip() for line in lines[told[-1] if told else -1 :]]
