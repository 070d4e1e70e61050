"""What workers say is understood however it comes, and what is no report ends one connection alone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest

from gatewatch.paths import Home
from proxy.control.worker_connections import WorkerConnections
from proxy.worker.live import LiveState
from tests.kit.speaking_worker import Speaker, report
from tests.kit.waiting import until

PID, OTHER = 7, 8


class Listening:
    """Hears, and greets nobody."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listening: list[socket.socket] = []
        self.welcomed: list[int] = []
        self.used: dict[str, int] = {}
        self.ended: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.speakers: list[Speaker] = []
        self.connections = WorkerConnections(self.spawn, self)
        self.states = self.connections.states
        self.connections.listen(path)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(coroutine))

    def greeted(self, listening: socket.socket) -> None:
        self.listening.append(listening)

    def welcome(self, state: LiveState, writer: asyncio.StreamWriter) -> None:
        assert state.pid not in self.states
        self.welcomed.append(state.pid)

    def heard(self, state: LiveState) -> None:
        assert self.states[state.pid] is state
        self.used |= state.keys_used

    def lost(self, pid: int) -> None:
        self.ended.append(pid)

    def speaker(self) -> Speaker:
        self.speakers.append(speaker := Speaker(self.path))
        return speaker


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Listening]:
    made = Listening(Home(tmp_path / "home").make().worker_socket)
    yield made
    for each in (*made.listening, *(speaker.socket for speaker in made.speakers)):
        each.close()
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_a_report_may_come_in_pieces(control: Listening) -> None:
    speaker = control.speaker()
    first, second = report(PID, in_flight=1), report(PID, in_flight=2)
    speaker.greet(first[:20])
    await until(lambda: control.listening, bool)
    assert control.states == {}
    await speaker.send(first[20:] + second[:7])
    await until(lambda: control.states, lambda states: states and states[PID].in_flight == 1)
    await speaker.send(second[7:])
    await until(lambda: control.states[PID].in_flight, lambda count: count == 2)
    assert control.welcomed == [PID]


async def test_a_greeting_of_more_than_one_report_is_understood(control: Listening) -> None:
    control.speaker().greet(report(PID, keys_used={"a": 1}) + report(PID, keys_used={"b": 2}))
    await until(lambda: control.used, lambda used: used == {"a": 1, "b": 2})


async def test_a_worker_that_was_alone_for_long_tells_of_every_key(control: Listening) -> None:
    used = {f"key-{number:032}": number for number in range(1, 20_001)}
    speaker = control.speaker()
    long = report(PID, keys_used=used)
    assert len(long) > 500_000
    speaker.greet(long[:60_000])
    await speaker.send(long[60_000:])
    await until(lambda: control.used, lambda found: found == used)


@pytest.mark.parametrize(
    "nonsense", [b'{"pid": 1, "in_fl', b'{"pid": "many"}\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"\n"]
)
async def test_nonsense_ends_one_connection_and_no_other(nonsense: bytes, control: Listening) -> None:
    good, bad = control.speaker(), control.speaker()
    good.greet(report(PID))
    await until(lambda: control.states, bool)
    bad.greet(nonsense[:1000])
    await bad.send(nonsense[1000:])
    bad.socket.shutdown(socket.SHUT_WR)
    await bad.closed()
    assert (set(control.states), control.ended) == ({PID}, [0])
    await good.send(report(PID, in_flight=5))
    await until(lambda: control.states[PID].in_flight, lambda count: count == 5)


async def test_every_worker_that_is_connected_is_told_and_who_leaves_is_forgotten(control: Listening) -> None:
    one, other = control.speaker(), control.speaker()
    one.greet(report(PID))
    other.greet(report(OTHER))
    await until(lambda: len(control.states), lambda count: count == 2)
    control.connections.tell({"command": "drain"})
    assert [await each.told() for each in (one, other)] == [{"command": "drain"}] * 2
    other.socket.close()
    await until(lambda: control.ended, lambda ended: ended == [OTHER])
    assert (set(control.states), set(control.connections.writers)) == ({PID}, {PID})
