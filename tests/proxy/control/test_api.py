"""The control API as bytes on its socket: what is asked, who is answered, and what an error says.

That its answers are the ledger's is proven in tests/gatewatch/ledger/test_reader.py.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from gatewatch.ledger.answer import Answer
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from proxy.control.actions_here import ActionsHere
from proxy.control.alarms import Alarms
from proxy.control.api import BODY_BYTES
from proxy.control.listening import bind_unix
from proxy.control.recording import Recording
from proxy.control.ways_in import WaysIn
from tests.kit.control_api import NoGateway, control_api, no_vault
from tests.kit.journals import a_call, segment, whole, worker

ANOTHER_USER = 65534

ASK_AS = """
import os, socket, sys
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
client = socket.socket(socket.AF_UNIX)
client.settimeout(20)
client.connect(sys.argv[1])
try:
    client.sendall(b"GET /v1/live HTTP/1.1\\r\\nhost: gatewatch\\r\\nconnection: close\\r\\n\\r\\n")
    while part := client.recv(65536):
        sys.stdout.buffer.write(part)
except ConnectionError:
    pass
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Where any user may go: the API itself has to tell them apart."""
    with tempfile.TemporaryDirectory(prefix="gatewatch-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerService]:
    """A ledger with two calls."""
    home = Home(tmp_path_factory.mktemp("ledger") / "home").make()
    segment(home, whole(a_call(0)), whole(a_call(1)))
    service = LedgerService(home)
    service.load_once()
    yield service
    service.close()


@pytest.fixture
async def path(service: LedgerService, open_folder: Path) -> AsyncIterator[Path]:
    """The socket of a control API, as `gatewatch serve` opens it."""
    doings = ActionsHere(service.home, no_vault, service, list, NoGateway())
    ways_in = WaysIn(service, lambda: {"pid": os.getpid()}, doings)
    await ways_in.open_here(open_folder / "control.sock", lambda _: "super-admin")
    yield open_folder / "control.sock"
    await ways_in.drain(5)


@pytest.fixture
async def http(path: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(uds=str(path), verify=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gatewatch", timeout=30) as client:
        yield client


def told(reply: httpx.Response) -> dict[str, Any]:
    """The error of a reply: always the same three things."""
    assert reply.headers["content-type"] == "application/json"
    error: dict[str, Any] = reply.json()["error"]
    assert error.keys() == {"title", "next_step", "exit_code"}
    return error


async def test_the_live_state_is_what_the_control_process_says(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/live")).json() == {"pid": os.getpid()}


async def test_only_named_queries_are_answered(http: httpx.AsyncClient) -> None:
    reply = await http.post("/v1/query/nonsense", json={})
    assert (reply.status_code, told(reply)["exit_code"]) == (404, 3)
    assert "overview" in told(reply)["next_step"], "it does not say what there is"


@pytest.mark.parametrize("target", ["/", "/v1/query", "/v1/sql", "/v2/live"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_whatever_else_is_asked_is_not_there(method: str, target: str, http: httpx.AsyncClient) -> None:
    reply = await http.request(method, target)
    assert (reply.status_code, told(reply)["exit_code"]) == (404, 3)


@pytest.mark.parametrize(
    "body",
    [
        b'{"sql": "DROP TABLE calls"}',
        b'{"limit": "many"}',
        b'{"where": "teem=x"}',
        b"[]",
        b'"calls"',
        b"{",
        b"\xff",
        b"[" * 5000,
    ],
)
async def test_what_does_not_fit_a_query_is_a_usage_error(body: bytes, http: httpx.AsyncClient) -> None:
    reply = await http.post("/v1/query/calls", content=body)
    assert (reply.status_code, told(reply)["exit_code"]) == (400, 2)
    assert told(reply)["title"]


async def test_a_body_without_end_is_cut_off(http: httpx.AsyncClient) -> None:
    reply = await http.post("/v1/query/calls", content=b" " * (BODY_BYTES + 1))
    assert (reply.status_code, told(reply)["exit_code"]) == (413, 1)
    assert (await http.get("/v1/live")).status_code == 200


@pytest.mark.parametrize("target", ["copy.duckdb", "../copy.duckdb", "/\0", "", None, 7, ["/tmp/copy.duckdb"]])
async def test_a_snapshot_needs_an_absolute_path(target: object, http: httpx.AsyncClient) -> None:
    """A relative one would be the gateway's folder, not the caller's."""
    reply = await http.post("/v1/ledger/snapshot", json={"path": target})
    assert (reply.status_code, told(reply)["exit_code"]) == (400, 2)


async def test_a_snapshot_overwrites_nothing(http: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    reply = await http.post("/v1/ledger/snapshot", json={"path": str(tmp_path / "precious")})
    assert (reply.status_code, told(reply)["exit_code"]) == (400, 2)
    assert told(reply)["next_step"]
    assert (tmp_path / "precious").read_text() == "mine"


async def test_a_snapshot_is_whole_while_calls_come_in(
    service: LedgerService, http: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.control.recording.LOAD_SECONDS", 0.01)
    monkeypatch.setattr(service, "close", lambda: None)  # others go on with it
    recording = Recording(service, Alarms())
    ended = threading.Event()

    def calls_come_in() -> None:
        with worker(service.home, sequence=2) as writer:
            number = 2
            while not ended.wait(0.001):
                writer.write(whole(a_call(number)))
                number += 1

    writing = threading.Thread(target=calls_come_in)
    recording.start()
    writing.start()
    try:
        copies = [str(tmp_path / f"copy-{number}.duckdb") for number in range(2)]
        replies = [await http.post("/v1/ledger/snapshot", json={"path": copy}) for copy in copies]
    finally:
        ended.set()
        await asyncio.to_thread(writing.join)
        await asyncio.to_thread(recording.stop)
    assert [reply.json() for reply in replies] == [{"path": copy} for copy in copies]
    for copy in copies:
        with duckdb.connect(copy, read_only=True) as opened:
            rows = opened.execute("SELECT count(*), count(DISTINCT call_id) FROM calls").fetchone()
            (attempts,) = opened.execute("SELECT count(*) FROM attempts").fetchone() or (0,)
        assert rows is not None
        assert rows[0] == rows[1] == attempts >= 2


async def test_a_ledger_that_cannot_be_read_is_an_error_and_the_gateway_still_tells_of_itself(
    service: LedgerService, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_closed", True)
    reply = await http.post("/v1/query/overview", json={})
    assert (reply.status_code, told(reply)["exit_code"]) == (503, 5)
    assert (await http.get("/v1/live")).status_code == 200


async def test_a_query_that_takes_long_keeps_nobody_waiting(
    service: LedgerService, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(service, "ask", lambda *_, **__: ended.wait(30))
    slow = asyncio.create_task(http.post("/v1/query/overview", json={}))
    try:
        for _ in range(5):
            assert (await http.get("/v1/live")).status_code == 200
        assert not slow.done()
    finally:
        ended.set()
        assert (await slow).json() is True


async def test_a_client_that_leaves_in_the_middle_harms_nobody(path: Path, http: httpx.AsyncClient) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"POST /v1/query/calls HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""
    assert (await http.get("/v1/live")).status_code == 200


async def ask_as(user: int, path: Path) -> bytes:
    """What this user's process gets."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", ASK_AS, path, str(user), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
async def test_another_user_is_cut_off_without_a_word_even_where_the_mode_lets_it_in(path: Path) -> None:
    path.chmod(0o666)
    assert (await ask_as(os.getuid(), path)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert await ask_as(ANOTHER_USER, path) == b""


def test_the_socket_lets_nobody_else_in_by_its_mode(open_folder: Path) -> None:
    with bind_unix(open_folder / "control.sock") as listening:
        assert isinstance(listening, socket.socket)
        assert (open_folder / "control.sock").stat().st_mode & 0o777 == 0o600


async def test_slow_questions_of_a_key_that_may_only_read_hold_up_no_revocation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than there are threads."""
    go_on = threading.Event()
    ask_within = LedgerService.ask_within

    def slow(self: LedgerService, team: str, name: str, /, **params: object) -> Answer:
        assert go_on.wait(30)
        return ask_within(self, team, name, **params)

    monkeypatch.setattr(LedgerService, "ask_within", slow)
    async with control_api(tmp_path) as control:
        reader = control.key("reader", kind="admin", role="user", all_teams=False)
        boss = control.key("boss", kind="admin", role="super-admin")
        for name in ("leaked", "leaked-too"):
            control.key(name)
        asking = [asyncio.create_task(control.ask(reader, "POST", "/v1/query/calls", {})) for _ in range(24)]
        try:
            refused, _ = await asyncio.wait(asking, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            busy = refused.pop().result()
            assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
            assert told(busy)["next_step"].startswith("ask again")
            by_socket = await control.ask_here("POST", "/v1/actions/keys.revoke", {"key": "leaked"})
            by_key = await control.ask(boss, "POST", "/v1/actions/keys.revoke", {"key": "leaked-too"})
            denied = await control.ask(reader, "POST", "/v1/actions/keys.revoke", {"key": "boss"})
            assert (by_socket.status_code, by_key.status_code, denied.status_code) == (200, 200, 403)
            assert (await control.ask_here("POST", "/v1/query/calls")).status_code == 200
            assert await asyncio.to_thread(lambda: "own work") == "own work"
            assert any(not each.done() for each in asking)
        finally:
            go_on.set()
        replies = await asyncio.gather(*asking)
        assert {reply.status_code for reply in replies} == {200, 429}
