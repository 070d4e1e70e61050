"""How often each source may fail to authenticate before it is only counted.

Keeps true: a flood of wrong keys fills neither the audit trail nor memory, and leaves no gap in the trail: what is told
apart (a key of ours that is none any more, or is where it must not be) stands there once in each window, of the rest
the number. A right key is served all the same, so nobody is locked out by a neighbour behind the same address; 256
bits are not found by trying.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

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
        self._noted_since = clock()
        self._noted: set[tuple[str, str]] = set()
        self._only_counted: Counter[str] = Counter()
        self._others = 0
        """Those that were only counted of sources beyond MOST_SOURCES."""

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

    def is_news(self, source: str, what: str) -> bool:
        """Whether this was not told of the source in this window yet; it is from now on."""
        if self._clock() - self._noted_since >= WINDOW_SECONDS:
            self._noted_since = self._clock()
            self._noted.clear()
        told = (_place(source), what)
        if told in self._noted or len(self._noted) >= MOST_IN_ALL:
            return False
        self._noted.add(told)
        return True

    def only_count(self, source: str) -> None:
        """One that stands nowhere by itself."""
        place = _place(source)
        if place in self._only_counted or len(self._only_counted) < MOST_SOURCES:
            self._only_counted[place] += 1
        else:
            self._others += 1

    def take_counted(self) -> tuple[str, str] | None:
        """What was only counted since the last time: the source that tried most, and all of it in words."""
        counted, others = self._only_counted, self._others
        self._only_counted, self._others = Counter(), 0
        if not counted:
            return None
        ((most, tries),) = counted.most_common(1)
        in_all, sources = counted.total() + others, f"{len(counted)}{' or more' if others else ''}"
        return most, f"tries that were only counted: {in_all}, addresses: {sources}, the most ({tries}) from {most}"


def _current(window: tuple[float, int] | None, now: float) -> tuple[float, int]:
    """The window that now lies in: a new one where there is none, or it is over."""
    return (now, 0) if window is None or now - window[0] >= WINDOW_SECONDS else window


def _place(source: str) -> str:
    """IPv4 clients of a socket for both are themselves, not all of them one network of IPv6."""
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network(f"{address}/64", strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)
