"""What a worker tells the control process every second: counts since its start, and what runs now."""

import resource
import sys

import msgspec

from gatewatch.call import Call
from gatewatch.control.key_hold import KeyHold
from gatewatch.keys.leaks import Leak, ProviderLeak
from gatewatch.limits.counters import Standing
from proxy.worker.caching.invalidation import Invalidation
from proxy.worker.caching.state import CacheState
from proxy.worker.pacing.lane_state import LaneState
from proxy.worker.target_state import TargetState, TargetTries


class LiveState(msgspec.Struct, kw_only=True):
    """One worker, now. Counters rise from the worker's start."""

    pid: int
    config_version: str
    epoch: int = 0
    """Of the settings in force."""
    epochs: dict[int, int] = {}
    """Epoch → calls in flight whose way was chosen under the settings of that epoch."""
    in_flight: int
    streams: int
    connections: int
    started: int
    ended: int
    refused: int
    errors: int
    journal_full: bool
    journal_error: str | None
    keys_stale_since: float | None
    rss_mb: float
    draining: bool
    keys_used: dict[str, int] = {}
    """Public id of a key's secret → when it was last used (µs since the epoch), of keys used since the last report."""
    keys_in_flight: dict[str, int] = {}
    """Id of a key → its calls that run now; keys without any are left out."""
    provider_keys_in_flight: dict[str, dict[str, int]] = {}
    """Provider → key → calls that run there now; keys without any are left out."""
    targets_in_flight: dict[str, dict[str, int]] = {}
    """Route, empty for calls without one → `provider/model` → calls that run there now; what has none is left out."""
    held: dict[str, int] = {}
    """Counter of a limit or budget → what calls that run now hold of it, in the rule's measure."""
    provider_lanes: list[LaneState] = []
    """Keys of providers with a model: what runs, what waits, what is known of their limits; the busiest 64."""
    target_states: list[TargetState] = []
    """Targets: how fast they are, what fails there, which of their breakers are open; the most urgent 64."""
    key_faults: list[KeyHold] = []
    """Keys of providers that failed, or failed again, since the last report."""
    keys_lifted: list[KeyHold] = []
    """Those that were tried again and are good, since the last report."""
    leaks: list[Leak] = []
    """Keys that were seen where no key should be, since the last report."""
    provider_leaks: list[ProviderLeak] = []
    """Secrets of providers that were seen in what callers send, since the last report."""
    unseeded: list[str] = []
    """Ids of rules whose counters do not know yet what was before them."""
    standing: Standing | None = None
    """Of counters, where that was asked."""
    bodies_dropped: int = 0
    """Calls whose bodies were to be kept and are not."""
    bodies_error: str | None = None
    """Why bodies are dropped at the moment."""
    cache: CacheState = msgspec.field(default_factory=CacheState)
    cache_invalidated: list[Invalidation] = []
    """What callers have invalidated here, since the last report."""
    cache_obeyed: int = 0
    """Number of the invalidation that was obeyed last, of those that the control process waits for."""
    cache_obeyed_count: int = 0
    """Replies that there were of it."""
    networks: list[tuple[str, str, int]] = []
    """Key, network and time (µs) of first uses that are in order."""


class Live:
    """Counts calls."""

    def __init__(self) -> None:
        self.begun = 0
        self.finished = 0
        self.blocked = 0
        self.failed = 0
        self.streams = 0
        self.tries = TargetTries()
        self._keys_used: dict[str, int] = {}

    def started(self, call: Call) -> None:
        self.begun += 1
        self.streams += call.stream

    def key_used(self, kid: str, at: int) -> None:
        self._keys_used[kid] = at

    def take_keys_used(self) -> dict[str, int]:
        """The secrets used since the last time this was asked."""
        used, self._keys_used = self._keys_used, {}
        return used

    def ended(self, call: Call) -> None:
        self.finished += 1
        self.streams -= call.stream
        self.failed += call.status not in ("ok", "cached", "client_closed", "blocked")
        self.blocked += call.status == "blocked"

    def refused(self, call: Call) -> None:
        del call
        self.blocked += 1


def rss_mb() -> float:
    """Resident memory of this process; on systems without /proc its peak."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
