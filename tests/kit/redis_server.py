"""Debian's redis-server or valkey-server in a process of its own, on a loopback port and with its data in a folder."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("redis-server", "valkey-server")
START_SECONDS = 15.0


class RedisServer:
    """One server; it may be killed and come back, with its data or without."""

    def __init__(self, binary: str, folder: Path, *options: str, tls: tuple[Path, Path] | None = None) -> None:
        """`tls`: certificate and key for a port that speaks TLS, beside the other."""
        self.folder = folder
        self._binary = binary
        self._options = [*options]
        with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
            self.port, self.tls_port = free.getsockname()[1], other.getsockname()[1]
        if tls:
            self._options += ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no"]
            self._options += ["--tls-cert-file", str(tls[0]), "--tls-key-file", str(tls[1])]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers."""
        log = self.folder / "redis.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                    *("--save", "", "--appendonly", "yes", "--appendfsync", "always", *self._options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        ends = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < ends, "it does not answer"

    def kill(self) -> None:
        """SIGKILL; what it has written stays."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def forget(self) -> None:
        """Remove what a dead server has written."""
        for left in self.folder.glob("appendonlydir/*"):
            left.unlink()

    def ask(self, *parts: str) -> str:
        """What it says to one command, a line or a text."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"*%d\r\n" % len(parts))
            connection.sendall(b"".join(b"$%d\r\n%b\r\n" % (len(part), part.encode()) for part in parts))
            with connection.makefile("rb") as answers:
                head = answers.readline().decode()
                return answers.read(int(head[1:])).decode() if head.startswith("$") else head.strip()

    def _answers(self) -> bool:
        try:
            return not self.ask("PING").startswith("-LOADING")
        except OSError:
            return False


@contextmanager
def redis_server(folder: Path, *options: str, tls: tuple[Path, Path] | None = None) -> Iterator[RedisServer]:
    """One that runs; the test is skipped where none is installed. It takes some milliseconds to start."""
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip(f"neither of {', '.join(NAMES)} is installed")
    folder.mkdir(exist_ok=True)
    server = RedisServer(binary, folder, *options, tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.kill()
