"""A worker's line to the control process: it reports, obeys, and survives whatever comes down the line."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.paths import Home
from proxy.settings import Caps, Deadlines, Route, Settings, Target
from tests.kit.raw_http import connect, request
from tests.kit.scripted_upstream import scripted_upstream, silence
from tests.kit.worker_process import make_key, settings_for, worker_process

NOBODY = "http://127.0.0.1:9/v1"


class Line:
    """The control process's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, command: bytes) -> None:
        self._writer.write(command + b"\n")

    async def report(self, **fields: Any) -> dict[str, Any]:
        """The next report with these fields."""
        async with asyncio.timeout(20):
            while True:
                report: dict[str, Any] = json.loads(await self._reader.readline())
                if fields.items() <= report.items():
                    return report

    async def hang_up(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@asynccontextmanager
async def control(home: Home) -> AsyncIterator["asyncio.Queue[Line]"]:
    """Stands for the control process: the lines of workers that call in."""
    lines: asyncio.Queue[Line] = asyncio.Queue()
    accepted: list[Line] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(Line(reader, writer))
        lines.put_nowait(accepted[-1])

    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(home.worker_socket))
    server = await asyncio.start_unix_server(accept, sock=listening)
    try:
        yield lines
    finally:
        server.close()
        for line in accepted:
            await line.hang_up()
        home.worker_socket.unlink(missing_ok=True)


def with_routes(home: Home, count: int) -> Settings:
    settings = settings_for(home, NOBODY, Caps(), Deadlines())
    target = Target(provider=next(iter(settings.providers)), model="gpt-4o")
    routes = {f"route-{n}": Route(name=f"route-{n}", targets=(target,), deadlines=Deadlines()) for n in range(count)}
    return msgspec.structs.replace(settings, routes=routes, config_version="many")


async def test_a_worker_obeys_a_configuration_of_any_size_and_survives_nonsense(tmp_path: Path) -> None:
    home = Home(tmp_path).make()
    async with control(home) as lines:
        with worker_process(tmp_path, NOBODY) as worker:
            line = await asyncio.wait_for(lines.get(), 20)
            first = await line.report()
            assert first["pid"] == worker.process.pid
            assert first["in_flight"] == 0

            for nonsense in (b"{", b'{"command":"sing"}', b'{"command":"configure","settings":{}}', b"[]"):
                line.say(nonsense)
            many = with_routes(home, 2000)
            line.say(msgspec.json.encode({"command": "configure", "settings": many}))
            await line.report(config_version="many")

            await line.hang_up()
            again = await asyncio.wait_for(lines.get(), 20)
            await again.report(config_version="many")

            again.say(b'{"command":"drain"}')
            assert await asyncio.to_thread(worker.process.wait, 20) == 0


async def test_a_worker_tells_whose_calls_it_has(tmp_path: Path) -> None:
    home = Home(tmp_path).make()
    async with control(home) as lines, scripted_upstream(silence) as upstream:
        with worker_process(tmp_path, upstream.url) as worker:
            kid, secret = make_key(home, "batch")
            line = await asyncio.wait_for(lines.get(), 20)
            assert (await line.report())["keys_in_flight"] == {}
            body = json.dumps({"model": "chat", "messages": []}).encode()
            async with connect(worker.port) as (_, one), connect(worker.port) as (_, two):
                for writer in (one, two):
                    writer.write(
                        request("POST", "/v1/chat/completions", body, {"x-api-key": secret, "Authorization": ""})
                    )
                await line.report(keys_in_flight={kid: 2})
            await line.report(keys_in_flight={})
