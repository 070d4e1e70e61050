"""What a command hears from a gateway, whatever answers on its socket, or nothing."""

import gc
import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from gatewatch.control_client import ControlClient, answers
from gatewatch.errors import GatewatchError, NotAllowed, NotFound, Unreachable, UsageError

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)  # httpcore leaves the socket of a connection that failed to the collector

Reply = tuple[int, bytes]


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "control.sock"
    gc.collect()


class UnixServer(http.server.ThreadingHTTPServer):
    """The standard library's server, on a unix socket."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)


@contextmanager
def answering(path: Path, reply: Callable[[str, str, bytes], Reply]) -> Iterator[ControlClient]:
    """A client of something that answers so: (method, path, body) → status and body."""

    class Asked(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, answer = reply(self.command, self.path, body)
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815

        def address_string(self) -> str:
            return "local"

        def log_message(self, *_: object) -> None: ...

    with UnixServer(cast(Any, str(path)), Asked) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with ControlClient(path) as client:
                yield client
        finally:
            server.shutdown()
            thread.join()


def failing(status: int, **error: Any) -> Callable[[str, str, bytes], Reply]:
    return lambda *_: (status, json.dumps({"error": error}).encode())


def test_the_answer_is_the_json_and_the_question_arrives_whole(path: Path) -> None:
    def echo(method: str, path: str, body: bytes) -> Reply:
        return 200, json.dumps([method, path, body.decode()]).encode()

    with answering(path, echo) as client:
        assert client.request("GET", "/v1/live") == ["GET", "/v1/live", ""]
        assert client.request("POST", "/v1/query/calls", {"limit": 1}) == ["POST", "/v1/query/calls", '{"limit":1}']
        assert client.request("POST", "/v1/ledger/check", {})[2] == "{}"


@pytest.mark.parametrize(
    ("exit_code", "kind"),
    [(1, GatewatchError), (2, UsageError), (3, NotFound), (4, NotAllowed), (5, Unreachable), (99, GatewatchError)],
)
def test_an_error_is_the_one_that_the_gateway_named(exit_code: int, kind: type[GatewatchError], path: Path) -> None:
    reply = failing(503, title="It did not work.", next_step="Do this.", exit_code=exit_code)
    with answering(path, reply) as client, pytest.raises(GatewatchError) as raised:
        client.live()
    assert type(raised.value) is kind
    assert (raised.value.title, raised.value.next_step) == ("It did not work.", "Do this.")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'"no"', b'{"error": {}}'])
def test_an_error_of_another_shape_is_still_an_error(body: bytes, path: Path) -> None:
    with answering(path, lambda *_: (500, body)) as client, pytest.raises(GatewatchError, match="500"):
        client.live()


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff"])
def test_what_is_no_json_is_no_gateway(body: bytes, path: Path) -> None:
    with answering(path, lambda *_: (200, body)) as client, pytest.raises(Unreachable):
        client.live()


def test_where_nobody_listens_the_error_names_the_place_and_the_next_step(path: Path) -> None:
    with ControlClient(path) as client, pytest.raises(Unreachable) as raised:
        client.live()
    assert str(path) in raised.value.title
    assert "gatewatch serve" in raised.value.next_step
    assert raised.value.exit_code == 5


def test_one_that_says_nothing_is_given_up(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        with ControlClient(path) as client, pytest.raises(Unreachable):
            client.request("GET", "/v1/live", seconds=0.05)


def test_a_proxy_of_the_environment_is_not_asked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with answering(path, lambda *_: (200, b"{}")) as client:
        assert client.live() == {}


def test_it_is_seen_whether_somebody_listens(path: Path) -> None:
    assert not answers(path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        assert not answers(path)
        listening.listen()
        assert answers(path)
    assert not answers(path), "the file alone is no gateway"
