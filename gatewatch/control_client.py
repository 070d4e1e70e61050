"""Asks the control process of a running gateway: over its unix socket, or over TLS from another machine.

By the standard library: httpx takes 200 ms to import, and leaves the socket of a refused connection to the garbage
collector; a command that asks one question needs neither pools nor HTTP/2. No proxy is taken from the environment and
no redirection followed: an admin key goes to the address that was given, or nowhere.
"""

import http.client
import json
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatewatch.errors import GatewatchError, NotAllowed, NotFound, Unreachable, UsageError
from gatewatch.remote_gateway import RemoteGateway, tls_failure

TIMEOUT_SECONDS = 35.0
_BY_EXIT_CODE: dict[int, type[GatewatchError]] = {2: UsageError, 3: NotFound, 4: NotAllowed, 5: Unreachable}

ControlPlace = Path | RemoteGateway
"""The control socket of a home, or another machine."""


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
    """One connection to one control API; close it, or use it as a context manager. Only `close` is thread-safe."""

    def __init__(self, place: ControlPlace) -> None:
        """Nothing is asked yet. Raises UsageError for files of a remote gateway that cannot be used."""
        self._place = place
        self._headers: dict[str, str] = {}
        self._connection: http.client.HTTPConnection
        if isinstance(place, RemoteGateway):
            self._headers["authorization"] = f"Bearer {place.key}"
            self._connection = http.client.HTTPSConnection(place.host, place.port, context=place.tls())
        else:
            self._connection = _UnixConnection(place)
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
        except ssl.SSLError as error:
            self._connection.close()
            raise tls_failure(str(self._place), error) from error
        except (http.client.HTTPException, OSError, ValueError) as error:
            self._connection.close()
            raise self._unreachable(error) from error
        if status == 200:
            return answer
        told: Any = answer.get("error") if isinstance(answer, dict) else None
        told = told if isinstance(told, dict) else {}
        kind = _BY_EXIT_CODE.get(told.get("exit_code", 1), GatewatchError)
        title = told.get("title") or told.get("message") or f"The gateway answered {status}."
        raise kind(str(title), str(told.get("next_step", "")))

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
            return self._once(method, path, body, seconds)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self._connection.close()
            if self._closed or not kept:
                raise
        return self._once(method, path, body, seconds)

    def _once(self, method: str, path: str, body: str | None, seconds: float) -> tuple[int, bytes]:
        connection = self._connection
        connection.timeout = seconds
        if connection.sock is not None:
            connection.sock.settimeout(seconds)
        content = {"content-type": "application/json"} if body is not None else {}
        connection.request(method, path, body, self._headers | content)
        response = connection.getresponse()
        return response.status, response.read()

    def _unreachable(self, error: Exception) -> Unreachable:
        said = f"No gateway answers on {self._place}: {error or type(error).__name__}"
        if isinstance(self._place, RemoteGateway):
            return Unreachable(said, "Is it running, with `control: {listen}` at that address?")
        return Unreachable(said, "Start one with 'gatewatch serve', or name its --home.")


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
