"""Asks the control process of a running gateway over its unix socket.

By the standard library: httpx takes 200 ms to import, and leaves the socket of a refused connection to the garbage
collector.
"""

import http.client
import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatewatch.errors import GatewatchError, NotAllowed, NotFound, Unreachable, UsageError

TIMEOUT_SECONDS = 35.0
_BY_EXIT_CODE: dict[int, type[GatewatchError]] = {2: UsageError, 3: NotFound, 4: NotAllowed, 5: Unreachable}


def answers(socket_path: Path) -> bool:
    """Whether a control process listens there. Cheap: nothing is asked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5.0)
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
        return True


class ControlClient:
    """One connection to one control socket; close it, or use it as a context manager. Only `close` is thread-safe."""

    def __init__(self, socket_path: Path) -> None:
        """Nothing is asked yet."""
        self._path = socket_path
        self._connection = _UnixConnection(socket_path)
        self._closed = False

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def live(self) -> dict[str, Any]:
        """The live state. Raises Unreachable."""
        live: dict[str, Any] = self.request("GET", "/v1/live")
        return live

    def request(self, method: str, path: str, body: object = None, *, seconds: float = TIMEOUT_SECONDS) -> Any:
        """The JSON answer. Raises the error that the control process named, or Unreachable when `seconds` are over."""
        try:
            status, payload = self._exchange(method, path, None if body is None else json.dumps(body), seconds)
            answer = json.loads(payload)
        except (http.client.HTTPException, OSError, ValueError) as error:
            self._connection.close()
            raise Unreachable(
                f"No gateway answers on {self._path}: {error or type(error).__name__}",
                "Start one with 'gatewatch serve', or name its --home.",
            ) from error
        if status == 200:
            return answer
        told: dict[str, Any] = answer.get("error", {}) if isinstance(answer, dict) else {}
        kind = _BY_EXIT_CODE.get(told.get("exit_code", 1), GatewatchError)
        raise kind(told.get("title", f"The gateway answered {status}."), told.get("next_step", ""))

    def close(self) -> None:
        """For good. A request that waits for its answer in another thread fails at once."""
        self._closed = True
        if sock := self._connection.sock:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _exchange(self, method: str, path: str, body: str | None, seconds: float) -> tuple[int, bytes]:
        """Status and body. A kept connection that the other side has closed meanwhile is made anew, once."""
        if self._closed:
            raise ConnectionAbortedError("this client is closed")
        kept = self._connection.sock is not None
        try:
            return self._connection.exchange(method, path, body, seconds)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()
            if self._closed or not kept:
                raise
        return self._connection.exchange(method, path, body, seconds)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP/1.1 over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("gatewatch")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except BaseException:
            self.close()
            raise

    def exchange(self, method: str, path: str, body: str | None, seconds: float) -> tuple[int, bytes]:
        self.timeout = seconds
        if self.sock is not None:
            self.sock.settimeout(seconds)
        self.request(method, path, body, {"content-type": "application/json"} if body is not None else {})
        response = self.getresponse()
        return response.status, response.read()
