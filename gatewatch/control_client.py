"""Asks the control process of a running gateway over its unix socket."""

import socket
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
    """One connection to one control socket; close it, or use it as a context manager. Not thread-safe."""

    def __init__(self, socket_path: Path) -> None:
        import httpx  # 200 ms: only who talks to a gateway pays it

        self._path = socket_path
        self._failures = (httpx.HTTPError,)
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket_path)), base_url="http://gatewatch", timeout=TIMEOUT_SECONDS
        )

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
            response = self._http.request(method, path, json=body if body is not None else None, timeout=seconds)
            answer = response.json()
        except (*self._failures, OSError, ValueError) as error:
            raise Unreachable(
                f"No gateway answers on {self._path}: {error}", "Start one with 'gatewatch serve', or name its --home."
            ) from error
        if response.status_code == 200:
            return answer
        told: dict[str, Any] = answer.get("error", {}) if isinstance(answer, dict) else {}
        kind = _BY_EXIT_CODE.get(told.get("exit_code", 1), GatewatchError)
        raise kind(told.get("title", f"The gateway answered {response.status_code}."), told.get("next_step", ""))

    def close(self) -> None:
        self._http.close()
