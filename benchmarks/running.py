"""Starting a candidate or a mock, seeing it answer, and stopping it: by its own process id, whatever happens."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.candidates import Candidate, Prepared, Upstreams
from benchmarks.machine import children, family
from benchmarks.request import Door, Doors

START_SECONDS = 60.0
STOP_SECONDS = 40.0


class NotServing(Exception):
    """It did not answer, or not with a 200; the text holds what it said."""


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running(NamedTuple):
    """A candidate that answers. `first_200_s` is from the start of its process to the end of its first reply."""

    name: str
    pid: int | None
    doors: Doors
    first_200_s: float
    first_head: str

    def workers(self) -> list[int]:
        """The processes that carry calls: a supervisor's children, or the process itself."""
        return [] if self.pid is None else children(self.pid) or [self.pid]

    def beside(self) -> list[int]:
        """Its other processes."""
        carrying = self.workers()
        return [] if self.pid is None else [member for member in family(self.pid) if member not in carrying]


@contextmanager
def process(command: tuple[str, ...], environment: dict[str, str], core: int | None, log: Path) -> Iterator[int]:
    """A process pinned to a core, stopped in the end; its output goes to `log`."""
    pinned = ("taskset", "-c", str(core), *command) if core is not None else command
    with log.open("ab") as output:
        started = subprocess.Popen(
            pinned, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | environment
        )
    try:
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for member in reversed(family(started.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)
            started.wait()


@contextmanager
def running(candidate: Candidate, folder: Path, upstreams: Upstreams, core: int | None) -> Iterator[Running]:
    """Prepare, start, and wait for the first 200. Raises NotServing."""
    folder.mkdir(parents=True)
    prepared: Prepared = candidate.prepare(folder, free_port(), upstreams)
    began = time.perf_counter()
    if not prepared.command:
        head = ask_until_200(prepared.doors.plain)
        yield Running(candidate.name, None, prepared.doors, time.perf_counter() - began, head)
        return
    log = folder / "output.log"
    with process(prepared.command, prepared.environment, core, log) as pid:
        try:
            head = ask_until_200(prepared.doors.plain)
        except NotServing as error:
            raise NotServing(f"{candidate.name}: {error}\n{log.read_text()[-2000:]}") from None
        yield Running(candidate.name, pid, prepared.doors, time.perf_counter() - began, head)


def ask_until_200(door: Door) -> str:
    """Ask until somebody listens; returns the head of the reply. Raises NotServing."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            reply = ask(door)
        except ConnectionRefusedError:
            if time.monotonic() > give_up:
                raise NotServing("nobody listens") from None
            time.sleep(0.002)
            continue
        if not reply.startswith("HTTP/1.1 200"):
            raise NotServing(reply[:500])
        return reply.partition("\r\n\r\n")[0]


def ask(door: Door) -> str:
    """One call on a connection of its own; the reply up to its end or to the end of the connection."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=START_SECONDS) as connection:
        connection.sendall(door.request(stream=False))
        reply = b""
        while not _whole(reply) and (data := connection.recv(65536)):
            reply += data
    return reply.decode("latin-1")


def _whole(reply: bytes) -> bool:
    """Whether a reply with a content-length, or a chunked one, is complete."""
    head, ended, body = reply.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(ended) and (len(body) >= int(lengths[0][15:]) if lengths else body.endswith(b"0\r\n\r\n"))
