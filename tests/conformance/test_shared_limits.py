"""Several workers keep limits and budgets together, in a real store: exact, whoever is killed meanwhile."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.burst import Burst
from tests.kit.raw_http import connect
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.running import ROOT, command, sandbox
from tests.kit.shared_stage import COST, SharedStage, shared_stage
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

FREE = """\
limits: {{all: {{scope: gateway, requests: {requests}, per: 1h}}}}
budgets: {{company: {{scope: gateway, usd: "{usd}"}}}}
"""


def rules(requests: int = 100_000, usd: str = "1000") -> str:
    return FREE.format(requests=requests, usd=usd)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running.listen


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as server:
        yield server


async def test_a_limit_on_requests_is_exact_over_four_workers(
    tmp_path: Path, provider: str, store: RedisServer
) -> None:
    with shared_stage(tmp_path, provider, store, rules(requests=30)) as stage:
        assert len(stage.workers) == 4
        statuses = await stage.calls(60)
        assert sorted(statuses) == [200] * 30 + [429] * 30
        assert await stage.agree(30) == (30, 30 * COST)
        verified = await asyncio.to_thread(stage.gateway.ask, "budgets", "verify")
        assert (verified["compared"], verified["differences"], verified["skipped"]) == (2, [], None)


async def test_of_many_calls_from_several_processes_one_spends_the_last_cent(
    tmp_path: Path, provider: str, store: RedisServer
) -> None:
    spent = 0
    with shared_stage(tmp_path, provider, store, rules(usd="0.00006")) as stage:
        for _ in range(3):
            statuses = await asyncio.to_thread(Burst(stage.port, stage.call(), 3, 20).statuses)
            spent += statuses.count(200)
            assert set(statuses) <= {200, 429}
        found = await stage.agree(spent)
        assert COST <= found.picos <= 60_000_000, "what a call may cost at most is held before it is made"


async def streaming(stage: SharedStage, count: int) -> list[asyncio.Task[object]]:
    """So many streams that have begun and go on for long."""

    async def one(begun: asyncio.Event) -> object:
        async with connect(stage.port) as (reader, writer):
            call = stage.call(stream=True, **{"x-sandbox-chunks": "400", "x-sandbox-chunk-gap-ms": "25"})
            writer.write(call)
            await reader.readuntil(b"data: ")
            begun.set()
            while await reader.read(65536):
                pass
        return None

    events = [asyncio.Event() for _ in range(count)]
    tasks = [asyncio.create_task(one(event)) for event in events]
    await asyncio.gather(*(event.wait() for event in events))
    return tasks


async def stopped(tasks: list[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_worker_is_killed_amid_its_streams_and_the_counters_are_those_of_the_ledger(
    tmp_path: Path, provider: str, store: RedisServer
) -> None:
    with shared_stage(tmp_path, provider, store, rules()) as stage:
        assert await stage.calls(20) == [200] * 20
        tasks = await streaming(stage, 12)
        os.kill(stage.workers[0], signal.SIGKILL)
        assert set(await stage.calls(20)) == {200}
        await stopped(tasks)
        await stage.agree(52)


@pytest.mark.parametrize("forgets", [False, True], ids=["with its data", "without its data"])
async def test_the_store_is_killed_and_comes_back_and_the_counters_are_those_of_the_ledger(
    tmp_path: Path, provider: str, store: RedisServer, forgets: bool
) -> None:
    with shared_stage(tmp_path, provider, store, rules()) as stage:
        assert await stage.calls(20) == [200] * 20
        tasks = await streaming(stage, 8)
        store.kill()
        assert set(await stage.calls(5)) == {503}
        await until(lambda: asyncio.to_thread(lambda: stage.alarms), lambda alarms: "limits_store" in alarms)
        if forgets:
            store.forget()
        store.start()
        await until(lambda: stage.calls(1), lambda statuses: statuses == [200])
        await until(lambda: asyncio.to_thread(lambda: stage.alarms), lambda alarms: "limits_store" not in alarms)
        await stopped(tasks)
        await stage.agree(29)


async def test_calls_pass_without_the_store_where_that_is_wanted_and_are_counted_when_it_is_back(
    tmp_path: Path, provider: str, store: RedisServer
) -> None:
    with shared_stage(tmp_path, provider, store, rules(requests=30), away="allow") as stage:
        assert await stage.calls(10) == [200] * 10
        store.kill()
        assert await stage.calls(15) == [200] * 15
        store.start()
        assert await stage.agree(25) == (25, 25 * COST)
        statuses = await stage.calls(10)
        assert sorted(statuses) == [200] * 5 + [429] * 5
        await stage.agree(30)


async def test_the_same_counts_after_the_gateway_was_started_again(
    tmp_path: Path, provider: str, store: RedisServer
) -> None:
    with shared_stage(tmp_path, provider, store, rules(requests=30)) as stage:
        assert await stage.calls(20) == [200] * 20
    with shared_stage(tmp_path, provider, store, rules(requests=30)) as stage:
        assert sorted(await stage.calls(20)) == [200] * 10 + [429] * 10
        await stage.agree(30)


def refused(home: Path, config: Path, *options: str) -> str:
    """What a start says that is refused."""
    arguments = ["serve", "--home", str(home), "--config", str(config), "--port", "0", *options]
    whole = [sys.executable, "-m", "gatewatch", *arguments]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (1, 4), done.stderr
    return done.stderr


def test_a_start_in_which_nobody_could_count_is_refused_with_the_reason(tmp_path: Path) -> None:
    home, config = tmp_path / "home", tmp_path / "gatewatch.yaml"
    base = "vault: file\nproviders: {p: {preset: openai, api_key: none}}\n"
    config.write_text(base + rules())
    said = refused(home, config, "--workers", "4")
    assert "stores.limits" in said
    assert "4 workers" in said
    config.write_text(base + rules() + "stores: {limits: 'redis://127.0.0.1:1'}\n")
    said = refused(home, config, "--workers", "4")
    assert "The limits store is away: redis://127.0.0.1:1 cannot be reached: Connection refused" in said
    config.write_text(base)
    command("budgets", "set", "gateway", "--usd", "5", home=home)
    said = refused(home, config, "--workers", "4")
    assert "4 workers cannot keep" in said
    assert "stores: {limits: redis://…}" in said
