"""Counters and ledger are one number, whatever is killed: what enforcement says is what the journal's lines add up to.

The oracle is plain Python over the raw lines that workers wrote. What counters have is asked of calls themselves: of
`x-ratelimit-remaining-requests`, and of the `spent` in the error of a budget that was lowered to nothing.
"""

import json
import os
import signal
import socket
from collections import defaultdict
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard

from benchmarks.last_cent import CONFIG as CENT_CONFIG
from benchmarks.last_cent import a_round
from benchmarks.load.at_once import Volley
from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.chaos_load import ChaosLoad
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.waiting import until

MOST = 1_000_000
CONFIG = f"""\
vault: file
listen: 127.0.0.1:{{port}}
providers:
  sandbox: {{{{preset: sandbox, base_url: "{{sandbox}}/v1", api_key: none, allow_private: true}}}}
models:
  chat: {{{{targets: [sandbox/gpt-4o]}}}}
budgets:
  company: {{{{scope: gateway, usd: 1000, tokens: {MOST}000, period: month}}}}
  teams: {{{{scope: team, usd: 1000, rolling: 24h}}}}
limits:
  users: {{{{scope: user, requests: {MOST}, tokens: {MOST}000, per: 1h}}}}
  keys: {{{{scope: key, requests: {MOST}, per: 24h}}}}
  provider_keys: {{{{scope: provider_key, requests: {MOST}, per: 1h}}}}
"""
BODY = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "hello"}]}).encode()


def journalled(home: Home) -> list[dict[str, Any]]:
    """Every call that any worker let through, by the lines as they stand: its end, else what it was announced with."""
    raw = b""
    for path in sorted(home.loaded.glob("*.zst")):
        raw += zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    for path in sorted(home.journal.glob("*.jsonl")):
        raw += path.read_bytes().rpartition(b"\n")[0] + b"\n"
    calls: dict[str, dict[str, Any]] = {}
    for line in raw.splitlines():
        record = json.loads(line) if line else {"k": ""}
        if record["k"] == "close" or (record["k"] == "open" and record["call_id"] not in calls):
            calls[record["call_id"]] = record
    return [record for record in calls.values() if record.get("status") != "blocked"]


def picos(calls: list[dict[str, Any]]) -> int:
    return sum(call.get("cost_picos", 0) or 0 for call in calls)


class Stage:
    """One home, and the gateway that runs on it at the moment."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = int(server.getsockname()[1])
        self.home = Home(folder / "home")
        self._folder = folder
        self._stack = stack
        provider = stack.enter_context(sandbox(folder, "--no-key"))
        self._config = CONFIG.format(port=self.port, sandbox=provider.listen)
        self.gateway = self.start()

    def start(self) -> Gateway:
        self.gateway = self._stack.enter_context(gateway(self._folder, self._config, "--port", str(self.port)))
        return self.gateway

    def kill_control(self) -> None:
        self.gateway.running.process.kill()
        self.gateway.running.process.wait()

    def kill_worker(self) -> int:
        (state,) = self.live()["workers"]
        os.kill(state["pid"], signal.SIGKILL)
        return int(state["pid"])

    def live(self) -> dict[str, Any]:
        with ControlClient(self.home.socket) as control:
            return control.live()

    def act(self, name: str, **asked: object) -> Any:
        with ControlClient(self.home.socket) as control:
            return control.request("POST", f"/v1/actions/{name}", asked)

    async def call(self, secret: str) -> RawReply:
        headers = {"Authorization": f"Bearer {secret}"}
        return await ask(self.port, request("POST", "/v1/chat/completions", BODY, headers))

    async def another_worker(self, than: int) -> None:
        await until(self.live, lambda live: [each["pid"] for each in live["workers"]] not in ([than], []))

    async def is_quiet(self) -> None:
        """No call runs, and every rule is seeded."""
        await until(
            self.live,
            lambda live: [(each["in_flight"], each["unseeded"]) for each in live["workers"]] == [(0, [])],
        )


@pytest.mark.slow
async def test_counters_equal_the_journal_after_kills_of_the_worker_and_of_the_control_process(tmp_path: Path) -> None:
    with ExitStack() as stack:
        stage = Stage(tmp_path, stack)
        secret = stage.gateway.key("chaos")
        async with ChaosLoad(stage.port, secret) as load:
            await load.progress(60)
            killed = stage.kill_worker()
            await stage.another_worker(killed)
            await load.progress(60)
            stage.act("budgets.set", scope="team/search", picos=10**15, period="day")  # a rule that comes under load
            await load.progress(60)
            stage.kill_control()
            await load.progress(40)
            stage.start()
            await load.progress(40)
        await stage.is_quiet()
        verified = stage.act("budgets.verify")
        assert (verified["differences"], verified["skipped"]) == ([], None)
        assert verified["compared"] > 8

        calls = journalled(stage.home)
        assert {call.get("status") for call in calls} >= {"ok", "error", "truncated", "client_closed", None}
        reply = await stage.call(secret)
        assert int(reply.headers["x-ratelimit-remaining-requests"]) == MOST - len(calls) - 1
        await stage.is_quiet()
        spent = picos(journalled(stage.home))
        for period in ("day", "month"):  # one that the worker has counted since it came, and one that is just seeded
            stage.act("budgets.set", scope="team/search", picos=1, period=period)
            seeded = await until(
                lambda: stage.call(secret), lambda reply: reply.json.get("error", {}).get("spent", "0") != "0"
            )
            assert Decimal(seeded.json["error"]["spent"]) * 10**12 == spent
            stage.act("budgets.remove", scope="team/search")
            await until(lambda: stage.call(secret), lambda reply: reply.status == 200)
            await stage.is_quiet()
            spent = picos(journalled(stage.home))


@pytest.mark.slow
async def test_sums_of_each_name_are_those_of_the_journal(tmp_path: Path) -> None:
    """By `budgets list` and `counted`, behind a kill in the middle of calls."""
    with ExitStack() as stack:
        stage = Stage(tmp_path, stack)
        secret = stage.gateway.key("chaos")
        async with ChaosLoad(stage.port, secret) as load:
            await load.progress(50)
            killed = stage.kill_worker()
            await stage.another_worker(killed)
            await load.progress(30)
        await stage.is_quiet()
        stage.act("budgets.verify")
        by_user: dict[str, int] = defaultdict(int)
        calls = journalled(stage.home)
        for call in calls:
            by_user[call["user"]] += 1
        rule = {
            "id": "u",
            "kind": "limit",
            "scope": "user",
            "measure": "requests",
            "most": 1,
            "window": {"seconds": 86400},
        }
        with ControlClient(stage.home.socket) as control:
            rows = control.request("POST", "/v1/query/counted", {"rules": [rule]})["rows"]
        found: dict[str, int] = defaultdict(int)
        for row in rows:
            found[row["counter"].removeprefix("u|")] += row["amount"]
        assert found == by_user
        spent = {row["rule"]: row["spent"] for row in stage.act("budgets.list")}
        assert Decimal(spent["budgets.company/usd"]) * 10**12 == picos(calls)


@pytest.mark.slow
async def test_a_hundred_calls_at_once_overspend_the_last_cent_by_one_reservation_at_most(tmp_path: Path) -> None:
    """100 repeats of it are `make bench ARGS=last_cent`."""
    with (
        sandbox(tmp_path, "--no-key") as provider,
        gateway(tmp_path, CENT_CONFIG.format(sandbox=provider.listen)) as running,
        ControlClient(Home(running.home).socket) as control,
        Volley(4) as volley,
    ):
        for number in range(3):
            found = a_round(control, running.running.listen, volley, number, calls=100)
            assert found.holds, found
        assert control.request("POST", "/v1/actions/budgets.verify", {})["differences"] == []
