"""A worker as the control process starts it: settings on stdin, a listening socket by inheritance."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.settings import Caps, Deadlines, Provider, ProviderKey, Route, Settings, Target, Way
from tests.kit.waiting import eventually

PEPPER = bytes(range(32))
PROVIDER_SECRET = "sk-canary-of-the-provider"


class Worker:
    """One running worker, its key for callers, and what it has written."""

    def __init__(self, home: Home, port: int, process: "subprocess.Popen[bytes]", key: str) -> None:
        self.home = home
        self.port = port
        self.process = process
        self.key = key

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def log(self) -> str:
        """All that it has said on stderr and stdout."""
        return (self.home.root / "worker.log").read_text()

    @property
    def raw_journal(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.home.journal.glob("*.jsonl")))

    def records(self) -> list[dict[str, Any]]:
        """The whole lines of its journal."""
        raw = self.raw_journal
        return [json.loads(line) for line in raw[: raw.rfind(b"\n") + 1].splitlines()]

    def records_of(self, **fields: object) -> list[dict[str, Any]]:
        """The lines of the one call whose record has these fields, in their order."""
        found = {r["call_id"] for r in self.records() if r["k"] != "rejected" and _has(r, fields)}
        assert len(found) <= 1, f"{len(found)} calls have {fields}"
        return [record for record in self.records() if record.get("call_id") in found]

    async def closed(self, **fields: object) -> dict[str, Any]:
        """The close record of the call with these fields, when it is there; it is the only one."""
        await eventually(lambda: any(record["k"] == "close" for record in self.records_of(**fields)))
        (close,) = [record for record in self.records_of(**fields) if record["k"] == "close"]
        return close

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def exit_code(self) -> int:
        await eventually(lambda: self.process.poll() is not None)
        return self.process.returncode


def _has(record: dict[str, Any], fields: dict[str, object]) -> bool:
    return all(record.get(name) == value for name, value in fields.items())


def make_key(home: Home, name: str = "app", **options: Any) -> tuple[str, str]:
    """A key's id and secret, in the store of this home."""
    with ControlStore.open(home.control) as store:
        record, secret = store.create_key(name, team="search", pepper=PEPPER, create_team=True, **options)
    return record.id, secret


def settings_for(home: Home, upstream_url: str, caps: Caps, deadlines: Deadlines) -> Settings:
    """One provider, `openai`, and one route, `chat`, to its gpt-4o-mini."""
    provider = Provider(
        name="openai",
        ways=(Way(dialect="openai-chat", base_url=upstream_url),),
        keys=(ProviderKey(id="openai", secret=PROVIDER_SECRET),),
        price_provider="openai",
        allow_private=True,
    )
    target = Target(provider="openai", model="gpt-4o-mini")
    return Settings(
        config_version="c1",
        home=str(home.root),
        hosts=("127.0.0.1", "localhost", "[::1]"),
        pepper=PEPPER.hex(),
        providers={"openai": provider},
        routes={"chat": Route(name="chat", targets=(target,), deadlines=deadlines, version="r1")},
        deadlines=deadlines,
        caps=caps,
    )


@contextmanager
def worker_process(
    folder: Path,
    upstream_url: str,
    *,
    caps: Caps | None = None,
    deadlines: Deadlines | None = None,
    change: Callable[[Settings], Settings] = lambda settings: settings,
    drain_seconds: float | None = None,
) -> Iterator[Worker]:
    """Starts in `folder`; killed in the end where it still lives. The socket takes connections from the start."""
    home = Home(folder).make()
    _, key = make_key(home)
    settings = change(settings_for(home, upstream_url, caps or Caps(), deadlines or Deadlines()))
    with socket.create_server(("127.0.0.1", 0)) as listening, open(home.root / "worker.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, *_worker_command(listening.fileno(), drain_seconds)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
        )
        port = listening.getsockname()[1]
    assert process.stdin
    process.stdin.write(msgspec.json.encode(settings))
    process.stdin.close()
    try:
        yield Worker(home, port, process, key)
    finally:
        process.kill()
        process.wait()


def _worker_command(listen_fd: int, drain_seconds: float | None) -> list[str]:
    if drain_seconds is None:
        return ["-m", "gatewatch", "_worker", "--listen-fd", str(listen_fd)]
    patient = f"main.DRAIN_SECONDS = {drain_seconds}; raise SystemExit(main.main({listen_fd}))"
    return ["-c", f"from proxy.worker import main; {patient}"]
