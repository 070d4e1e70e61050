"""The stage of deferred calls in one worker: which way one goes, that it is taken, and what is told of it.

Keeps true: a call that is not deferred pays one look at its priority.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from gatewatch.control.records import KeyRecord
from gatewatch.deferred.entry import Entry
from proxy.refusal import Refusal
from proxy.settings import Route, Settings
from proxy.worker.channel import Upstream
from proxy.worker.deferred.deferral import Deferral
from proxy.worker.deferred.fetching import Fetching
from proxy.worker.deferred.kept import Kept
from proxy.worker.deferred.taking import acknowledge, keep
from proxy.worker.deferred.told import PATH
from proxy.worker.deferred.ways import way_of
from proxy.worker.deferred.wish import deadline_wished
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter

Upstreams = dict[str, Upstream]


class Deferred:
    """Of one worker."""

    def __init__(self, path: Path, meter: Meter) -> None:
        """`path`: of the store."""
        self.kept = Kept(path)
        self.on_taken: Callable[[Inbound, Entry], bool] = _nobody
        """Told of each call that was taken here. Whether what it holds is looked after from here on."""
        self._meter = meter
        self._fetching = Fetching(self.kept)

    def on_cancelled(self, tell: Callable[[], object]) -> None:
        """`tell` is called when a caller has cancelled a call."""
        self._fetching.cancelled = tell

    def weigh(self, inbound: Inbound, route: Route, settings: Settings, upstreams: Upstreams) -> Route:
        """Choose its way, where that is not done yet; the route as it is for a call that can wait. Raises Refusal."""
        deferral = inbound.deferred
        if deferral is None:
            deadline = deadline_wished(inbound, route)
            first = route.targets[0]
            upstream = upstreams[first.provider]
            dialect = upstream.channel(inbound.call.endpoint).dialect.name
            chosen = way_of(inbound.call, route, upstream.provider, dialect, self._meter, settings.deferring, deadline)
            deferral = inbound.deferred = Deferral("taking", chosen.way, deadline)
            deferral.next_at = chosen.next_at
        inbound.call.deferred = deferral.way
        return msgspec.structs.replace(
            route, cache=None, hedge_after=None, next_after=None, short_answer=None, stored_reply=None
        )

    async def divert(self, inbound: Inbound, deferral: Deferral, route: Route, settings: Settings) -> bool:
        """A call that was let in: whether it ends here for now. Raises Refusal."""
        if deferral.purpose == "running":
            return False
        if deferral.purpose == "passing":
            deferral.route = route
            return True
        entry = await keep(self.kept, inbound, deferral, settings.deferring)
        inbound.held = None
        if self.on_taken(inbound, entry):
            inbound.is_settled = True  # what it holds of limits and budgets stays held
        acknowledge(inbound, entry)
        return True

    async def serve(self, inbound: Inbound, key: KeyRecord) -> None:
        """`/v1/deferred/ID`. Raises Refusal."""
        method, id = inbound.request.method, inbound.request.path.removeprefix(PATH)
        if method == "GET":
            await self._fetching.answer(inbound, key, id)
        elif method == "DELETE":
            await self._fetching.cancel(inbound, key, id)
        else:
            raise _not_that_method(method)

    def close(self) -> None:
        self.kept.close()


def _nobody(inbound: Inbound, entry: Entry) -> bool:
    """As long as nobody runs deferred calls here."""
    del inbound, entry
    return False


def _not_that_method(method: str) -> Refusal:
    return Refusal(405, "method_not_allowed", f"{method} is not served here.", headers=((b"allow", b"GET, DELETE"),))
