"""How often each source may fail to authenticate before it is only counted.

Keeps true: a flood of wrong keys fills neither the audit trail nor memory. A right key is served all the same, so
nobody is locked out by a neighbour behind the same address; 256 bits are not found by trying.
"""

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network

MOST = 10
"""Failures of one source in one window that are answered and noted in full."""
WINDOW_SECONDS = 60.0
MOST_SOURCES = 4096


class FailedTries:
    """Counts by source; of IPv6 by /64, which is one household or machine."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Source → beginning of its window, failures in it; the oldest window first."""

    def wait(self, source: str) -> int:
        """Count one more failure. Seconds that the source has to wait; 0: this one is still answered in full."""
        place, now = _place(source), self._clock()
        begun, failures = self._failed.get(place, (now, 0))
        if now - begun >= WINDOW_SECONDS:
            begun, failures = now, 0
        if failures == 0:
            self._failed.pop(place, None)  # its window is the newest
        self._failed[place] = (begun, failures + 1)
        if len(self._failed) > MOST_SOURCES:
            self._failed.popitem(last=False)
        return 0 if failures < MOST else max(1, int(begun + WINDOW_SECONDS - now) + 1)


def _place(source: str) -> str:
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    return str(address) if address.version == 4 else str(ip_network(f"{address}/64", strict=False))
