"""Sets the demo up and takes it down: sandbox provider, gateway, keys, traffic, all on a home that is thrown away."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from app.demo.traffic import TEAMS
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper

STOP_SECONDS = 10.0
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

CONFIG = """\
# Made by `gatewatch demo`; gone when it ends.
vault: file
providers:
  sandbox:
    preset: sandbox
    allow_private: true
    api_key: none
    endpoints:
      - {{dialect: openai-chat, base_url: "{base_url}/v1"}}
      - {{dialect: openai-responses, base_url: "{base_url}/v1"}}
      - {{dialect: anthropic-messages, base_url: "{base_url}"}}
  google: {{preset: sandbox, dialect: gemini, base_url: "{base_url}", api_key: none, allow_private: true}}
models:
{models}
"""


class Stage:
    """A running demo. Use as a context manager: leaving it ends every process and removes the home."""

    def __init__(self) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="gatewatch-demo-"))).make()
        self.base_url = ""
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Stage":
        try:
            sandbox = self._start("sandbox", "--port", "0", "--latency", "realistic")
            self._write_config(sandbox["listen"])
            keys = self._make_keys()
            gateway = self._start("serve", "--home", str(self.home.root), "--port", "0")
            self.base_url = gateway["listen"]
            self._start_traffic(keys)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        shutil.rmtree(self.home.root, ignore_errors=True)

    def _write_config(self, sandbox: str) -> None:
        names = sorted({habit.model for habits in TEAMS.values() for habit in habits})
        models = "\n".join(f"  {name}: {{targets: [{_provider_of(name)}/{name}]}}" for name in names)
        self.home.config.write_text(CONFIG.format(base_url=sandbox, models=models))

    def _make_keys(self) -> dict[str, str]:
        with ControlStore.open(self.home.control, actor="demo") as store:
            vault = open_vault(self.home, store, Wish(kind="file"))
            pepper = get_or_create_pepper(self.home, store, vault)
            return {
                team: store.create_key(f"{team}-app", team=team, pepper=pepper, create_team=True)[1] for team in TEAMS
            }

    def _start(self, *arguments: str) -> dict[str, Any]:
        """Start a command of ours and wait for its ready line."""
        with (self.home.root / f"{arguments[0]}.log").open("wb") as log, _signals_wait():
            process = subprocess.Popen(
                [sys.executable, "-m", "gatewatch", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name != "GATEWATCH_VAULT"},
            )
            self._processes.append(process)
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            told = (self.home.root / f"{arguments[0]}.log").read_text(errors="replace").strip().splitlines()
            raise GatewatchError(f"'gatewatch {arguments[0]}' did not start.", told[-1] if told else "It said nothing.")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def _start_traffic(self, keys: dict[str, str]) -> None:
        with _signals_wait():
            process = subprocess.Popen(
                [sys.executable, "-m", "gatewatch", "_traffic"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._processes.append(process)
        assert process.stdin
        process.stdin.write(json.dumps({"base_url": self.base_url, "keys": keys}).encode())
        process.stdin.close()


def _provider_of(model: str) -> str:
    """Gemini is spoken to as Google has it, so that some calls are translated."""
    return "google" if model.startswith("gemini") else "sandbox"


@contextmanager
def _signals_wait() -> Iterator[None]:
    """A signal that ends the demo comes when the process that is being started is known, and so is ended too."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in ENDING}
    try:
        yield
    finally:
        for number, disposition in before.items():
            signal.signal(number, disposition)
    for late in came:
        signal.raise_signal(late)
