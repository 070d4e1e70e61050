"""The socket of this machine: who is behind the process at its other end, with real processes."""

import asyncio
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gatewatch.authority.actor import Actor
from proxy.control.peers import peer_of
from tests.kit.control_api import Control, control_api

USER = pwd.getpwuid(os.getuid()).pw_name

HAND_ON = """
import os, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.connect(sys.argv[1])
child = os.fork()
if child:
    os._exit(0)
os.write(1, b"handed on\\n")
sys.stdin.read()
"""
"""Connects, leaves its connection to a child and ends: the socket says the number of a process that is gone."""


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    async with control_api(tmp_path) as made:
        yield made


@pytest.fixture
def listening(tmp_path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(tmp_path / "s"))
    made.listen()
    return made


def test_this_process_is_known_by_its_user(listening: socket.socket) -> None:
    with listening, socket.socket(socket.AF_UNIX) as client:
        client.connect(listening.getsockname())
        accepted, _ = listening.accept()
        with accepted:
            actor = peer_of(accepted)
    assert actor is not None
    assert (actor.id, actor.source) == (USER, f"pid {os.getpid()} as {USER}")


@pytest.mark.parametrize("with_pidfd", [True, False])
def test_a_process_that_has_ended_is_nobody_even_where_its_socket_lives_on(
    listening: socket.socket, with_pidfd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number may be another's by now: that one's name must not be taken."""
    if not with_pidfd:
        monkeypatch.setattr("proxy.control.peers._SO_PEERPIDFD", 10_000)
    arguments = [sys.executable, "-c", HAND_ON, listening.getsockname()]
    with listening, subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"handed on\n"
        process.wait(10)
        accepted, _ = listening.accept()
        with accepted:
            assert peer_of(accepted) is None
        process.stdin.close()


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
def test_another_account_is_nobody() -> None:
    told = "import os,socket,sys; os.setuid(65534); s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)"
    with TemporaryDirectory(prefix="gatewatch-test-") as folder, socket.socket(socket.AF_UNIX) as server:
        os.chmod(folder, 0o755)  # where any user may go
        server.bind(f"{folder}/s")
        os.chmod(f"{folder}/s", 0o666)
        server.listen()
        with subprocess.Popen([sys.executable, "-I", "-c", told, f"{folder}/s"]) as process:
            accepted, _ = server.accept()
            with accepted:
                assert peer_of(accepted) is None
            process.wait(10)


async def test_a_role_that_was_taken_away_is_gone_with_the_next_request_of_a_kept_connection(control: Control) -> None:
    reader, writer = await asyncio.open_unix_connection(control.socket)

    async def status() -> bytes:
        writer.write(b"GET /v1/live HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
        return head.split(b" ")[1]

    assert await status() == b"200"
    control.login_role = "none"
    assert await status() == b"403"
    writer.close()


async def test_what_is_done_over_the_socket_is_done_by_the_user_with_the_role_it_has(control: Control) -> None:
    control.login_role = "admin"
    assert (await control.ask_here("POST", "/v1/actions/teams.create", {"name": "chat"})).status_code == 200
    entry = control.audit()[-1]
    assert (entry.actor, entry.role, entry.target) == (USER, "admin", "chat")
    assert entry.source == f"pid {os.getpid()} as {USER}"


async def test_who_has_logged_in_is_who_acts(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.control.peers.login_user", lambda pid, uid: Actor(id="alice", source=f"pid {pid}"))
    await control.ask_here("POST", "/v1/actions/teams.create", {"name": "chat"})
    assert control.audit()[-1].actor == "alice"
