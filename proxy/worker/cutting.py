"""Ends the calls in flight of a key that was revoked, wherever they wait: for a body, a provider, or a slow client.

Keeps true: within 0.2 s of a revocation each of them is refused, or ends in an error event, and its upstream is left.
A key that expires, or an old secret whose grace is over, lets the calls that it has begun come to their end.
"""

import time

from gatewatch.control.key_table import KeyTable
from proxy.refusal import Refusal, key_revoked
from proxy.worker.authenticate import not_served, told
from proxy.worker.inbound import Inbound

LOOK_SECONDS = 0.1


class Cutting:
    """Looks after the calls in flight of one worker."""

    def __init__(self, keys: KeyTable, in_flight: set[Inbound]) -> None:
        self._keys = keys
        self._in_flight = in_flight
        self._generation = keys.generation
        self._cut: set[Inbound] = set()

    def look(self) -> None:
        """To be called every LOOK_SECONDS. A few µs where no key has changed."""
        self._keys.refresh_if_stale(time.monotonic())
        if self._keys.generation != self._generation:
            self._generation = self._keys.generation
            self._cut |= {inbound for inbound in self._in_flight if self._is_cut_off(inbound)}
        if self._cut:
            self._cut &= self._in_flight  # a cancellation may have met a deadline in the same tick, and been lost
            for inbound in self._cut:
                assert inbound.task
                inbound.task.cancel()

    def _is_cut_off(self, inbound: Inbound) -> bool:
        if inbound.task is None or inbound.known is None:
            return False
        inbound.cut_off = self._keys.cut_off(inbound.known.kid)
        return inbound.cut_off is not None


def check_not_cut_off(inbound: Inbound, keys: KeyTable) -> None:
    """To be asked right before anything is bought: the body may have taken long to come. Raises Refusal."""
    assert inbound.known
    keys.refresh_if_stale(time.monotonic())
    if why := keys.cut_off(inbound.known.kid):
        raise not_served(why)


def cut_short(inbound: Inbound) -> Refusal:
    """How a call ends that was cut off: one that had begun has shown that its key was good, so it may be told."""
    assert inbound.cut_off
    return key_revoked(told(inbound.cut_off)) if inbound.journalled else not_served(inbound.cut_off)
