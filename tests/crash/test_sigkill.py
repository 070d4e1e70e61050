"""SIGKILLs under load: what a client saw complete is in the ledger exactly once, with its money."""

import json
import os
import signal
import socket
import time
from collections import Counter
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from app.console.snapshot import look_over
from gatewatch.control_client import ControlClient
from gatewatch.errors import Unreachable
from gatewatch.ledger.reader import LocalLedger
from gatewatch.paths import Home
from tests.crash.load import Load
from tests.kit.running import Gateway, command, gateway, sandbox

CONFIG = """\
vault: file
listen: 127.0.0.1:{port}
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
"""


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def raw_journal(home: Home) -> list[dict[str, Any]]:
    """Every whole line that any worker ever wrote, loaded or not, read without the code under test."""
    lines = b""
    for path in sorted(home.loaded.glob("*.zst")):
        lines += zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    for path in sorted(home.journal.glob("*.jsonl")):
        lines += path.read_bytes().rpartition(b"\n")[0] + b"\n"
    return [json.loads(line) for line in lines.splitlines() if line]


@pytest.mark.parametrize("kills", [pytest.param(8, id="8"), pytest.param(100, id="100", marks=pytest.mark.long)])
async def test_every_complete_call_is_in_the_ledger_once_however_often_processes_are_killed(
    tmp_path: Path, kills: int
) -> None:
    port = a_free_port()
    home = Home(tmp_path / "home")
    with ExitStack() as processes:
        provider = processes.enter_context(sandbox(tmp_path, "--no-key"))
        config = CONFIG.format(port=port, sandbox=provider.listen)
        running = processes.enter_context(gateway(tmp_path, config, "--port", str(port)))
        key = running.key("crash")
        async with Load(running.base_url, key) as load:
            for number in range(kills):
                await load.progress(10)
                if number % 4 == 3:
                    running = restart_control(processes, running, tmp_path, config, port)
                else:
                    kill_a_worker(home)
            await load.progress(20)
        running.running.process.send_signal(signal.SIGTERM)
        assert running.running.process.wait(60) == 0

    with duckdb.connect(str(home.ledger), read_only=True) as ledger:
        rows = ledger.sql("SELECT CAST(call_id AS VARCHAR), status, cost FROM calls").fetchall()
    times = Counter(call_id for call_id, _, _ in rows)
    status = {call_id: word for call_id, word, _ in rows}
    assert [call_id for call_id, n in times.items() if n > 1] == []
    assert load.seen.complete - status.keys() == set()
    assert {status[call_id] for call_id in load.seen.complete} == {"ok"}
    assert load.seen.begun - status.keys() == set(), "a call that began to answer left no row"
    assert "interrupted" in status.values(), "no kill hit a call in flight: the test did not test"

    calls: dict[str, dict[str, Any]] = {}
    for record in raw_journal(home):
        if record["k"] == "close" or (record["k"] == "open" and record["call_id"] not in calls):
            calls[record["call_id"]] = record
    assert calls.keys() == status.keys()
    expected = Decimal(sum(record.get("cost_picos", 0) for record in calls.values())) / 10**12
    assert sum((cost for _, _, cost in rows), Decimal(0)) == expected

    shown = command("show", "overview", "--since", "6h", home=home.root)
    by_team = command("show", "spend", "--by", "team", "--since", "6h", home=home.root)
    reader = LocalLedger(home)
    screen, _ = look_over(reader, "6 h", time.time_ns() // 1000)
    reader.close()
    assert {shown["calls"], by_team[0]["calls"], screen.window["calls"]} == {len(calls)}
    costs = (shown["cost_usd"], by_team[0]["cost_usd"], screen.window["cost_usd"])
    assert {Decimal(cost) for cost in costs} == {expected}


def kill_a_worker(home: Home) -> None:
    with suppress(Unreachable), ControlClient(home.socket) as control:
        workers = control.live()["workers"]
        for worker in workers[:1]:
            os.kill(worker["pid"], signal.SIGKILL)


def restart_control(processes: ExitStack, running: Gateway, folder: Path, config: str, port: int) -> Gateway:
    running.running.process.kill()
    running.running.process.wait()
    return processes.enter_context(gateway(folder, config, "--port", str(port)))
