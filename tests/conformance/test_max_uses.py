"""A key for five calls, raced by fifty clients over four worker processes, a hundred times: five pass, each time."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.raw_http import connect, read_reply, request
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

CLIENTS, WORKERS, REPEATS, USES = 50, 4, 100, 5
SHARE = -(-CLIENTS // WORKERS)
OUTPUT = 5
"""Tokens that each reply has."""
CONFIG = """\
vault: file
providers:
  sandbox: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
"""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def test_exactly_five_of_fifty_pass_every_time(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--no-key") as provider:
        config = CONFIG.format(sandbox=provider.listen)
        with gateway(tmp_path, config, "--workers", str(WORKERS)) as served:
            port = int(served.running.listen.rpartition(":")[2])
            everybody = served.key("everybody")
            home = Home(served.home)
            async with _clients(home, port, everybody) as (clients, bells):
                bell = served.key("bell", "--max-uses", "1000000")
                passed: list[int] = []
                ids: list[str] = []
                with ControlClient(home.socket) as control:
                    for number in range(REPEATS):
                        made = control.request(
                            "POST",
                            "/v1/actions/keys.create",
                            {"name": f"five-{number}", "team": "search", "max_uses": USES},
                        )
                        ids.append(made["id"])
                        statuses = await _race(clients, bells, made["secret"], bell)
                        assert statuses.keys() <= {200, 401}, statuses
                        passed.append(statuses[200])
            assert passed == [USES] * REPEATS
            await until(lambda: _told_and_counted(home, ids) == REPEATS * CLIENTS)
            output = {f"five-{number}": USES * OUTPUT for number in range(REPEATS)}
            await until(
                lambda: served.ask("show", "spend", "--by", "key"),
                lambda rows: output.items() <= {row["group"]: row["output_tokens"] for row in rows}.items(),
            )
            lines = [(run, line) for run, line in _journal(home) if line.get("key_id") in ids]
            opened = Counter(line["key_id"] for _, line in lines if line["k"] == "open")
            closed = Counter(line["key_id"] for _, line in lines if line["k"] == "close" and line["status"] == "ok")
            assert opened == closed == dict.fromkeys(ids, USES), "nothing was begun for anybody else"
            assert len({run for run, line in lines if line["k"] == "open"}) == WORKERS, "each of them has let some pass"
        with sqlite3.connect(home.control) as store:
            counted = store.execute("SELECT key_id, uses FROM key_allowances").fetchall()
            (holds,) = store.execute("SELECT count(*) FROM key_holds").fetchone()
        assert (dict(counted), holds) == (dict.fromkeys(ids, USES), 0)


async def _race(clients: list[Connection], bells: list[Connection], secret: str, bell: str) -> Counter[int]:
    """All of them ask at once: every request is there but for its last byte, and then that byte of each is sent.

    Before that each worker has answered one with a limited key, `bell`: it has seen that the others' key is good.
    """
    whole = _request(secret)
    for _, writer in clients:
        writer.write(whole[:-1])
    await asyncio.gather(*(writer.drain() for _, writer in clients))
    for reader, writer in bells:
        writer.write(request("GET", "/v1/bell", headers={"Authorization": f"Bearer {bell}"}))
        assert (await read_reply(reader)).status == 404
    for _, writer in clients:
        writer.write(whole[-1:])
    return Counter([(await read_reply(reader)).status for reader, _ in clients])


def _request(secret: str, **more: str) -> bytes:
    body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "max_tokens": OUTPUT} | more
    return request("POST", "/v1/chat/completions", json.dumps(body).encode(), {"Authorization": f"Bearer {secret}"})


@asynccontextmanager
async def _clients(home: Home, port: int, secret: str) -> AsyncIterator[tuple[list[Connection], list[Connection]]]:
    """The connections of the clients, as many to each worker as to the others, or one more; and one more to each."""
    async with AsyncExitStack() as stack:
        of_worker: dict[str, list[Connection]] = {}
        opened = 0
        while len(of_worker) < WORKERS or any(len(each) <= SHARE for each in of_worker.values()):
            assert opened < 2000, {worker: len(each) for worker, each in of_worker.items()}
            batch = await asyncio.gather(*(stack.enter_async_context(connect(port)) for _ in range(CLIENTS)))
            for number, (reader, writer) in enumerate(batch, opened):
                writer.write(_request(secret, user=str(number)))
                assert (await read_reply(reader)).status == 200
            for run, line in _journal(home):
                if line["k"] == "close" and (number := int(line["user"])) >= opened:
                    of_worker.setdefault(run, []).append(batch[number - opened])
            opened += CLIENTS
        turns = zip(*(each[:SHARE] for each in of_worker.values()), strict=True)
        yield [client for turn in turns for client in turn][:CLIENTS], [each[SHARE] for each in of_worker.values()]


def _journal(home: Home) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run of a worker, and a line that it wrote: what no run has left behind yet, which is all in so short a time."""
    for path in home.journal.glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            yield path.name.rpartition("-")[0], json.loads(line)


def _told_and_counted(home: Home, ids: list[str]) -> int:
    """Calls of these keys, served or refused; of those refused beyond so many a second no row tells, only a count."""
    lines = [line for _, line in _journal(home)]
    closed: int = sum(line["k"] == "close" and line.get("key_id") in ids for line in lines)
    return closed + sum(int(line["count"]) for line in lines if line["k"] == "rejected")
