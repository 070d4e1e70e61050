"""Calls that begin at the same moment, from several processes: each has its connections open before any of them sends.

python -m benchmarks.load.at_once        # one of the processes; told what to send by lines of JSON on its stdin
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_SECONDS = 60.0


class Reply(NamedTuple):
    """Status 0: the connection ended without one."""

    status: int
    body: str


class Volley:
    """Processes that wait for the word. A context manager."""

    def __init__(self, processes: int) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).resolve().parents[2],
            )
            for _ in range(processes)
        ]

    def __enter__(self) -> "Volley":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.communicate()

    def fire(self, port: int, requests: Sequence[str]) -> list[Reply]:
        """Send each on a connection of its own, all at once; the replies in any order."""
        count = len(self._processes)
        for number, process in enumerate(self._processes):
            self._tell(process, {"port": port, "requests": requests[number::count]})
        for process in self._processes:  # the barrier: all connections of all processes are open
            assert self._hear(process) == "ready"
        for process in self._processes:
            self._tell(process, "go")
        return [Reply(*reply) for process in self._processes for reply in self._hear(process)]

    @staticmethod
    def _tell(process: "subprocess.Popen[str]", what: object) -> None:
        assert process.stdin
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()

    @staticmethod
    def _hear(process: "subprocess.Popen[str]") -> Any:
        assert process.stdout
        return json.loads(process.stdout.readline())


async def _one_volley(port: int, requests: Sequence[str]) -> list[Reply]:
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in requests]
    print(json.dumps("ready"), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for (_, writer), request in zip(connections, requests, strict=True):
        writer.write(request.encode())
    return await asyncio.gather(*(_reply(reader, writer) for reader, writer in connections))


async def _reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Reply:
    """Requests ask for the end of the connection behind the reply."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            said = await reader.read(-1)
        except ConnectionError:
            said = b""
    writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    return Reply(int(head.split()[1]) if head else 0, body.decode("utf-8", "replace"))


def main() -> int:
    """Until stdin ends."""
    while line := sys.stdin.readline():
        print(json.dumps(asyncio.run(_one_volley(**json.loads(line)))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
