"""A worker's connection to the control process, spoken by the test."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import msgspec

from proxy.worker.live import LiveState


def report(pid: int, **changed: Any) -> bytes:
    fields: dict[str, Any] = dict.fromkeys(("in_flight", "streams", "connections", "started", "ended", "errors"), 0)
    fields |= {"pid": pid, "config_version": "c1", "refused": 0, "journal_full": False, "journal_error": None}
    fields |= {"keys_stale_since": None, "rss_mb": 1.0, "draining": False}
    return msgspec.json.encode(LiveState(**fields | changed)) + b"\n"


class Speaker:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.socket.setblocking(False)
        self._heard = b""

    def greet(self, data: bytes) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            socket.send_fds(self.socket, [data], [listening.fileno()])

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def told(self) -> dict[str, Any]:
        """The next command."""
        async with asyncio.timeout(10):
            while b"\n" not in self._heard:
                part = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
                assert part, "the connection was closed"
                self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        command: dict[str, Any] = msgspec.json.decode(line)
        return command

    async def closed(self) -> None:
        async with asyncio.timeout(10):
            while await asyncio.get_running_loop().sock_recv(self.socket, 65536):
                pass
