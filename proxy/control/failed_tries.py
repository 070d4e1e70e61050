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
MOST_IN_ALL = 500
"""Likewise of all sources together: addresses are cheap, a disk is not."""


class FailedTries:
    """Counts by source; of IPv6 by /64, which is one household or machine."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Source → beginning of its window, failures in it; the oldest window first."""
        self._all = (clock(), 0)

    def wait(self, source: str) -> int:
        """Count one more failure. Seconds that the source has to wait; 0: this one is still answered in full."""
        place, now = _place(source), self._clock()
        begun, failures = _current(self._failed.get(place), now)
        all_begun, in_all = _current(self._all, now)
        if failures == 0:
            self._failed.pop(place, None)  # its window is the newest
        self._failed[place] = (begun, failures + 1)
        if len(self._failed) > MOST_SOURCES:
            self._failed.popitem(last=False)
        if failures >= MOST:
            return int(begun + WINDOW_SECONDS - now) + 1
        self._all = (all_begun, in_all + 1)
        return 0 if in_all < MOST_IN_ALL else int(all_begun + WINDOW_SECONDS - now) + 1


def _current(window: tuple[float, int] | None, now: float) -> tuple[float, int]:
    """The window that now lies in: a new one where there is none, or it is over."""
    return (now, 0) if window is None or now - window[0] >= WINDOW_SECONDS else window


def _place(source: str) -> str:
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    return str(address) if address.version == 4 else str(ip_network(f"{address}/64", strict=False))
