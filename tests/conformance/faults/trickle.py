"""Healthy traffic beside every fault: one app that calls on and on, and is to notice nothing."""

import http.client
import json
import threading
import time
from typing import NamedTuple

EVERY_SECONDS = 0.05
HEALTHY = "healthy"
"""Its route."""


class Beat(NamedTuple):
    """One call. Times by the monotonic clock."""

    begun: float
    seconds: float
    trouble: str
    """Empty: a good reply."""


class Trickle:
    """A thread with one connection; plain calls and streams by turns. A context manager."""

    def __init__(self, port: int, secret: str) -> None:
        self.beats: list[Beat] = []
        self._port, self._secret = port, secret
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Trickle":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def since(self, begun: float) -> list[Beat]:
        """Those that ended since then."""
        return [beat for beat in self.beats if beat.begun + beat.seconds >= begun]

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stop.wait(EVERY_SECONDS):
            begun = time.monotonic()
            trouble = self._call(connection, stream=len(self.beats) % 2 == 1)
            self.beats.append(Beat(begun, time.monotonic() - begun, trouble))
        connection.close()

    def _call(self, connection: http.client.HTTPConnection, *, stream: bool) -> str:
        body = {"model": HEALTHY, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4, "stream": stream}
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            reply = connection.getresponse()
            said = reply.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return repr(error)
        whole = said.endswith(b"data: [DONE]\n\n") if stream else b'"finish_reason":"length"' in said.replace(b" ", b"")
        return "" if reply.status == 200 and whole else f"{reply.status} {said[-300:]!r}"
