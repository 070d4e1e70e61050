"""An analyst's shell holds the ledger's file: the gateway serves on, says so, and catches up by itself."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
"""
BUDGET = """\
budgets:
  teams: {scope: team, usd: 0.0001, period: month}
"""
HOLD = "import duckdb,sys; c=duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


async def test_calls_are_served_while_the_file_is_locked_and_loaded_afterwards(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin
    assert holder.stdout
    try:
        assert holder.stdout.readline() == b"held\n"
        with ExitStack() as processes:
            provider = processes.enter_context(sandbox(tmp_path))
            running = processes.enter_context(gateway(tmp_path, CONFIG.format(sandbox=provider.listen)))
            headers = {"authorization": f"Bearer {running.key('app')}"}
            control = processes.enter_context(ControlClient(home.socket))
            async with httpx.AsyncClient(base_url=running.base_url, headers=headers) as client:
                replies = [await client.post("/chat/completions", json=BODY) for _ in range(5)]
            assert {reply.status_code for reply in replies} == {200}
            await until(control.live, lambda state: "ledger_locked" in {alarm["id"] for alarm in state["alarms"]})

            holder.stdin.close()
            assert holder.wait(30) == 0
            await until(control.live, lambda state: state["alarms"] == [])
            served = {reply.headers["x-gatewatch-call-id"] for reply in replies}

            def ids() -> set[str]:
                rows: list[dict[str, Any]] = running.ask("show", "calls")
                return {row["call_id"] for row in rows}

            assert await until(ids, lambda found: found >= served) == served
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


async def test_budgets_are_held_to_what_was_spent_before_a_start_with_a_locked_file(tmp_path: Path) -> None:
    """Without a checkpoint, which a gateway of a few seconds has not written: by the journal itself."""
    home = Home(tmp_path / "home").make()
    with ExitStack() as processes:
        provider = processes.enter_context(sandbox(tmp_path))
        config = CONFIG.format(sandbox=provider.listen) + BUDGET
        with gateway(tmp_path, config) as running:
            headers = {"authorization": f"Bearer {running.key('app')}"}
            async with httpx.AsyncClient(base_url=running.base_url, headers=headers) as client:
                spent = [await client.post("/chat/completions", json=BODY | {"max_tokens": 8})]
                while spent[-1].status_code == 200:
                    spent.append(await client.post("/chat/completions", json=BODY | {"max_tokens": 1}))
            assert len(spent) > 1
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home.ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        processes.callback(holder.wait)
        processes.callback(holder.kill)
        assert holder.stdout
        assert holder.stdin
        processes.enter_context(holder.stdout)
        processes.enter_context(holder.stdin)
        assert holder.stdout.readline() == b"held\n"
        running = processes.enter_context(gateway(tmp_path, config))
        async with httpx.AsyncClient(base_url=running.base_url, headers=headers) as client:
            refused = await client.post("/chat/completions", json=BODY | {"max_tokens": 1})
        assert refused.status_code == 429
        assert refused.json()["error"]["spent"] == spent[-1].json()["error"]["spent"]
