"""Keep-alive: a stream whose client has heard nothing for a while gets a comment, so that nobody in between closes it.

Keeps true: a comment stands between whole frames, and never waits for a client that is slow to read; it is no part of
the reply, so that the call may still go elsewhere as long as there were only comments. One sweep looks after all calls
of a worker: a call has no timer of its own.
"""

import time

from proxy.worker.answer_headers import opening_headers
from proxy.worker.inbound import Inbound

SWEEP_SECONDS = 0.25


class KeepAlive:
    """Looks after the calls in flight of one worker."""

    def __init__(self, in_flight: set[Inbound], seconds: float) -> None:
        self._in_flight = in_flight
        self.configure(seconds)

    def configure(self, seconds: float) -> None:
        """How long a stream may be silent."""
        self._longest_ns = round(seconds * 1e9)

    def sweep(self) -> None:
        """To be called every SWEEP_SECONDS."""
        now = time.perf_counter_ns()
        last = now - self._longest_ns
        for inbound in self._in_flight:
            if inbound.heard_ns < last and inbound.call.stream and inbound.journalled:
                self._speak(inbound, now)

    @staticmethod
    def _speak(inbound: Inbound, now: int) -> None:
        request = inbound.request
        if request.gone or request.answered:
            return
        if not request.started:
            request.begin(200, opening_headers(inbound))
        if request.put(inbound.caller.keep_alive):
            inbound.heard_ns = now
