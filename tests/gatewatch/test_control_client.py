"""The client of the control socket, against a real server on a real unix socket."""

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control_client import ControlClient, answers
from gatewatch.errors import GatewatchError, NotAllowed, NotFound, Unreachable, UsageError


class Control(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Says what it is told to say, and counts connections."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Handler)
        self.reply: tuple[int, bytes] = (200, b"{}")
        self.closes = False
        self.stalls = False
        self.seen: list[tuple[str, str, Any]] = []
        self.connections = 0
        self.released = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Control

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.command, self.path, json.loads(body) if body else None))
        if self.server.stalls:
            self.server.released.wait()
        status, payload = self.server.reply
        self.send_response_only(status)
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.close_connection = self.server.closes

    do_GET = do_POST = answer  # noqa: N815 - the names that the base class calls

    def address_string(self) -> str:
        return "unix"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with Control(tmp_path / "control.sock") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def client(control: Control) -> ControlClient:
    return ControlClient(Path(str(control.server_address)))


def test_the_live_state_is_asked_for(control: Control) -> None:
    control.reply = 200, b'{"pid": 7}'
    with client(control) as asking:
        assert asking.live() == {"pid": 7}
    assert control.seen == [("GET", "/v1/live", None)]


def test_a_question_is_json_both_ways_and_the_connection_is_kept(control: Control) -> None:
    control.reply = 200, b'{"rows": [1]}'
    with client(control) as asking:
        for _ in range(3):
            assert asking.request("POST", "/v1/query/calls", {"limit": 2}) == {"rows": [1]}
    assert control.seen == [("POST", "/v1/query/calls", {"limit": 2})] * 3
    assert control.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_made_anew(control: Control) -> None:
    control.closes = True
    with client(control) as asking:
        for _ in range(3):
            assert asking.live() == {}
    assert control.connections == 3


@pytest.mark.parametrize(
    ("exit_code", "kind"), [(1, GatewatchError), (2, UsageError), (3, NotFound), (4, NotAllowed), (5, Unreachable)]
)
def test_an_error_keeps_its_kind_its_title_and_its_next_step(
    control: Control, exit_code: int, kind: type[GatewatchError]
) -> None:
    error = {"title": "It is locked.", "next_step": "Close it.", "exit_code": exit_code}
    control.reply = 503, json.dumps({"error": error}).encode()
    with client(control) as asking, pytest.raises(kind, match=r"It is locked\.\n  Close it\.") as caught:
        asking.live()
    assert type(caught.value) is kind


def test_nobody_there_is_unreachable_and_leaks_no_socket(tmp_path: Path) -> None:
    with ControlClient(tmp_path / "no.sock") as asking:
        for _ in range(3):
            with pytest.raises(Unreachable, match="No gateway answers"):
                asking.live()


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'"no"', b'{"error": {"exit_code": 99}}'])
def test_an_error_of_another_shape_is_an_error_with_its_status(control: Control, body: bytes) -> None:
    control.reply = 500, body
    with client(control) as asking, pytest.raises(GatewatchError, match="500"):
        asking.live()


def test_what_is_no_json_is_unreachable_too(control: Control) -> None:
    control.reply = 200, b"<html>"
    with client(control) as asking, pytest.raises(Unreachable):
        asking.live()


def test_a_gateway_that_does_not_answer_in_time_is_unreachable_and_is_asked_again(control: Control) -> None:
    control.stalls = True
    with client(control) as asking:
        with pytest.raises(Unreachable):
            asking.request("GET", "/v1/live", seconds=0.05)
        control.stalls = False
        control.released.set()
        assert asking.live() == {}


def test_whether_somebody_listens(control: Control, tmp_path: Path) -> None:
    assert answers(Path(str(control.server_address)))
    assert not answers(tmp_path / "no.sock")


def test_it_is_quick_to_import() -> None:
    script = "import sys, gatewatch.control_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"httpx", "rich", "msgspec"} & set(done.stdout.split())


def test_closing_ends_a_request_that_waits_for_its_answer(control: Control) -> None:
    control.stalls = True
    asking = client(control)
    failed: list[BaseException] = []

    def wait() -> None:
        try:
            asking.live()
        except Unreachable as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not control.seen:
        thread.join(0.001)
    asking.close()
    thread.join()
    assert failed
    with pytest.raises(Unreachable, match="closed"):
        asking.live()
