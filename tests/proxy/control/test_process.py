"""A gateway of two workers, as operators see it: workers die, the configuration changes, and no call notices."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.running import Gateway, Running, gateway, process, sandbox
from tests.kit.waiting import until

CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
"""
AT_ONCE = 16


def chat(model: str = "gpt-4o", stream: bool = False) -> dict[str, Any]:
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def config(provider: Running) -> str:
    return CONFIG.format(sandbox=provider.listen)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, config: str) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("gateway"), config, "--workers", "2") as running:
        yield running


@pytest.fixture(scope="module")
def headers(running: Gateway) -> dict[str, str]:
    return {"authorization": f"Bearer {running.key('app')}"}


@pytest.fixture
def control(running: Gateway) -> Iterator[ControlClient]:
    with ControlClient(Home(running.home).socket) as client:
        yield client


def alarms(control: ControlClient) -> dict[str, str]:
    return {alarm["id"]: alarm["text"] for alarm in control.live()["alarms"]}


def pids(control: ControlClient) -> set[int]:
    return {worker["pid"] for worker in control.live()["workers"]}


async def calls_on_new_connections(running: Gateway, headers: dict[str, str]) -> list[httpx.Response]:
    """Many at once, each on a connection of its own."""

    async def one() -> httpx.Response:
        async with httpx.AsyncClient(base_url=running.base_url, headers=headers, timeout=30) as client:
            return await client.post("/chat/completions", json=chat())

    return await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def test_both_workers_serve_and_the_calls_of_both_are_in_the_ledger(
    running: Gateway, headers: dict[str, str], control: ControlClient
) -> None:
    assert len(set(running.running.ready["workers"])) == 2
    assert pids(control) == set(running.running.ready["workers"])
    made: set[str] = set()

    async def work_of_each() -> list[int]:
        replies = await calls_on_new_connections(running, headers)
        assert {reply.status_code for reply in replies} == {200}
        made.update(reply.headers["x-gatewatch-call-id"] for reply in replies)
        return [worker["started"] for worker in control.live()["workers"]]

    await until(work_of_each, all)

    def in_the_ledger() -> set[str]:
        return {row["call_id"] for row in running.ask("show", "calls", "--limit", "1000")}

    assert await until(in_the_ledger, lambda found: found >= made)


async def test_killed_workers_are_replaced_and_no_caller_is_refused(
    running: Gateway, headers: dict[str, str], control: ControlClient
) -> None:
    before = await until(lambda: pids(control), lambda found: len(found) == 2)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    replies = await calls_on_new_connections(running, headers)
    assert {reply.status_code for reply in replies} == {200}
    after = await until(lambda: pids(control), lambda found: len(found) == 2 and not found & before)
    assert await until(lambda: alarms(control), lambda standing: not standing) == {}
    assert running.running.process.poll() is None
    assert len(after) == 2


async def test_a_changed_configuration_serves_a_new_model_and_drops_no_stream(
    running: Gateway, headers: dict[str, str], control: ControlClient, config: str
) -> None:
    version = control.live()["config"]["version"]
    slow = headers | {"x-sandbox-chunks": "60", "x-sandbox-chunk-gap-ms": "30"}
    async with httpx.AsyncClient(base_url=running.base_url, headers=headers) as client:
        async with client.stream("POST", "/chat/completions", json=chat(stream=True), headers=slow) as reply:
            parts = reply.aiter_bytes()
            text = await anext(parts)
            replace_config(running, config + "  brand-new: {targets: [sandbox/gpt-4o]}\n")

            async def new_model() -> int:
                return (await client.post("/chat/completions", json=chat("brand-new"))).status_code

            await until(new_model, lambda status: status == 200)
            assert b"[DONE]" not in text
            text += b"".join([part async for part in parts])
        assert text.count(b'"delta":{"content"') == 60
        assert text.endswith(b"data: [DONE]\n\n")
    now = await until(control.live, lambda live: live["config"]["version"] != version)
    told = await until(lambda: {worker["config_version"] for worker in control.live()["workers"]}, one_only)
    assert told == {now["config"]["version"]}


async def test_a_broken_configuration_keeps_the_old_one_and_says_so_until_it_is_mended(
    running: Gateway, headers: dict[str, str], control: ControlClient, config: str
) -> None:
    replace_config(running, config.replace("providers:", "provider:"))
    standing = await until(lambda: alarms(control), lambda standing: "config" in standing)
    assert "gatewatch.yaml" in standing["config"]
    assert "providers" in standing["config"], "the right key is not named"
    assert (await calls_on_new_connections(running, headers))[0].status_code == 200
    replace_config(running, config)
    await until(lambda: alarms(control), lambda standing: "config" not in standing)


async def test_what_only_a_restart_changes_is_said(running: Gateway, control: ControlClient, config: str) -> None:
    replace_config(running, config + "listen: 127.0.0.1:1\n")
    standing = await until(lambda: alarms(control), lambda standing: "restart" in standing)
    assert "listen" in standing["restart"]
    replace_config(running, config)
    await until(lambda: alarms(control), lambda standing: "restart" not in standing)


def test_what_screens_show_names_the_place_and_holds_no_secret(
    running: Gateway, headers: dict[str, str], control: ControlClient
) -> None:
    live = control.live()
    assert live["listen"] == running.running.listen
    assert live["home"] == str(running.home)
    assert live["pid"] == running.running.process.pid
    assert live["vault"]["backend"] == "file"
    assert headers["authorization"].removeprefix("Bearer ") not in str(live)


async def test_the_first_configuration_is_taken_without_a_restart(tmp_path: Path, config: str) -> None:
    home = Home(tmp_path / "home")
    with process(tmp_path / "log", "serve", "--home", str(home.root), "--port", "0", "--vault", "file") as running:
        headers = {"authorization": f"Bearer {Gateway(running, home.root).key('app')}"}
        async with httpx.AsyncClient(base_url=f"{running.listen}/v1", headers=headers) as client:
            assert (await client.post("/chat/completions", json=chat())).status_code == 404
            home.config.write_text(config)

            async def status() -> int:
                return (await client.post("/chat/completions", json=chat())).status_code

            await until(status, lambda status: status == 200)


async def test_a_store_that_is_locked_at_the_end_is_in_the_way_of_no_other_step(tmp_path: Path, config: str) -> None:
    with gateway(tmp_path, config, "--workers", "1") as ending:
        headers = {"authorization": f"Bearer {ending.key('app')}"}
        async with httpx.AsyncClient(base_url=ending.base_url, headers=headers) as client:
            assert (await client.post("/chat/completions", json=chat())).status_code == 200
        home = Home(ending.home)
        with ControlClient(home.socket) as control:
            await until(lambda: control.live()["workers"][0]["keys_used"], bool)
        locker = sqlite3.connect(home.control, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        ending.running.process.terminate()
        code = await asyncio.to_thread(ending.running.process.wait, 60)
        locker.close()
        log = ending.running.log.read_text()
        assert code == 0, log
        assert "the last use of 1 keys was not noted" in log
        assert "audit trail at the end" in log
        assert not home.socket.exists()
        shown = await asyncio.to_thread(ending.ask, "keys", "show", "app")
        assert shown["last_used_at"] is not None, "the ledger knows of it"


def replace_config(running: Gateway, text: str) -> None:
    """As editors do: a new file takes the old one's name."""
    file = running.home.parent / "gatewatch.yaml"
    draft = file.with_name(".gatewatch.yaml.swp")
    draft.write_text(text)
    draft.replace(file)


def one_only(found: set[str]) -> bool:
    return len(found) == 1
