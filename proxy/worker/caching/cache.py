"""The stage: a call whose answer is here gets it; one whose answer is being bought shares it; any other buys it.

Keeps true: a hit is held to all that a call is held to before anything is bought; identical calls in flight reach the
provider once; what was invalidated while it was bought is not kept.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from gatewatch.control.key_table import KeyTable
from proxy.refusal import Refusal, upstream
from proxy.routing import CacheRule
from proxy.settings import Route, Settings
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.admission.admission import Admission
from proxy.worker.allowance import KeyAllowances
from proxy.worker.caching.cache_key import cache_key
from proxy.worker.caching.caller_tags import caller_tags
from proxy.worker.caching.entries import Entries
from proxy.worker.caching.entry import Entry
from proxy.worker.caching.flight import Flight, Subject, is_shared
from proxy.worker.caching.invalidation import Invalidation, entry_labels, labels_of
from proxy.worker.caching.repeatable import is_repeatable
from proxy.worker.caching.replay import follow_plain, follow_stream, give
from proxy.worker.caching.state import CacheState
from proxy.worker.caching.wish import Wish, wish_of
from proxy.worker.cutting import check_not_cut_off
from proxy.worker.ending import Ending
from proxy.worker.inbound import Inbound
from proxy.worker.upstream_error import refusal_for_failure

if TYPE_CHECKING:
    from proxy.worker.caching.shared import SharedReplies

Buy = Callable[[], Awaitable[None]]
Begin = Callable[[Inbound], None]


class Cache:
    """Of one worker."""

    def __init__(
        self,
        settings: Settings,
        keys: KeyTable,
        admission: Admission,
        allowances: KeyAllowances,
        ending: Ending,
        *,
        begin: Begin,
        open: Begin,
    ) -> None:
        """`begin`: a call is let in. `open`: the same of one that may still buy something."""
        self._keys = keys
        self._admission = admission
        self._allowances = allowances
        self._ending = ending
        self._begin = begin
        self._open = open
        self._entries = Entries(settings.cache)
        self._flights: dict[bytes, Flight] = {}
        self._counts = CacheState()
        self._told: list[Invalidation] = []
        self._shared: SharedReplies | None = None
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Another configuration is in force."""
        self._bounds = settings.cache
        self._entries.configure(settings.cache)
        kept = {route.name: (route, route.cache) for route in settings.routes.values() if route.cache}
        self._places = {name: _places(route, settings) for name, (route, _) in kept.items()}
        self._share(settings, max((rule.ttl for _, rule in kept.values()), default=0.0))

    async def serve(self, inbound: Inbound, route: Route, rule: CacheRule, buy: Buy) -> None:
        """Answer the call, by `buy` where nothing else does. Raises as that does."""
        call, wish = inbound.call, wish_of(inbound.headers)
        if not wish.keeps or not is_repeatable(call.endpoint, inbound.headers, inbound.body):
            call.cache = "bypass"
            self._counts.bypassed += 1
            await buy()
            return
        tags = rule.tags + caller_tags(inbound.headers)
        tenant = f"key:{call.key_id}" if rule.by_key or call.team is None else f"team:{call.team}"
        key = cache_key(inbound, route, tenant, self._places.get(route.name, ""))
        flight = None
        if wish.reads:
            found = self._entries.get(key, rule.ttl, wish.younger)
            if found is not None:
                await self._hit(inbound, *found)
                return
            if wish.younger != 0:
                flight = self._flights.get(key)
                if flight is not None and flight.is_too_slow_for(call.priority):
                    flight = None
        if flight is not None:
            if await self._followed(inbound, route, flight):
                return
        else:
            models = (call.requested_model or "", *[target.name for target in route.targets])
            labels = labels_of(tenant, call.team, route.name, models, tags)
            subject = Subject(tenant, tags, labels)
            flight = Flight(key, subject, inbound, self._bounds.entry, lambda ended: self._ended(ended, rule.ttl))
            self._flights[key] = flight
        if self._shared is not None and await self._found(self._shared, inbound, flight, rule, wish):
            return
        await self._lead(inbound, flight, buy)

    def invalidate(self, which: Invalidation) -> int:
        """How many replies are not given any more; those that are being bought are not kept."""
        labels = which.labels()
        if self._shared is not None:
            self._shared.invalidate(labels)
        for flight in [each for each in self._flights.values() if not each.subject.labels.isdisjoint(labels)]:
            flight.is_kept = False
            del self._flights[flight.key]
        invalidated = self._entries.invalidate(which)
        self._counts.invalidated += invalidated
        return invalidated

    def invalidate_for(self, which: Invalidation) -> int:
        """As `invalidate`, for a caller: other workers are to hear of it."""
        self._told.append(which)
        return self.invalidate(which)

    def take_invalidated(self) -> list[Invalidation]:
        """What callers have invalidated since the last time this was asked."""
        told, self._told = self._told, []
        return told

    def tick(self) -> None:
        """To be called about once a second."""
        self._entries.forget()

    @property
    def state(self) -> CacheState:
        """For reports."""
        entries = self._entries
        return msgspec.structs.replace(
            self._counts,
            entries=len(entries),
            bytes=entries.bytes,
            in_flight=len(self._flights),
            evicted=entries.evicted,
            expired=entries.expired,
            shared_away=None if self._shared is None else self._shared.away,
        )

    def close(self) -> None:
        """Let go of the shared store."""
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    def _share(self, settings: Settings, longest: float) -> None:
        if settings.limits_url is None or not settings.cache.shared:
            self.close()
            return
        if self._shared is None:
            from gatewatch.limits.shared.address import read_url
            from gatewatch.limits.shared.names import gateway_id
            from proxy.worker.caching.shared import SharedReplies

            self._shared = SharedReplies(read_url(settings.limits_url), gateway_id(settings.pepper))
        self._shared.longest = max(self._shared.longest, longest)

    async def _found(
        self, shared: "SharedReplies", inbound: Inbound, flight: Flight, rule: CacheRule, wish: Wish
    ) -> bool:
        """Whether the shared store had the reply, and the call has it now."""
        flight.leader, inbound.flight = inbound, flight
        try:
            labels, tenant = sorted(flight.subject.labels), flight.subject.tenant
            entry, flight.marks = await shared.look(flight.key, labels, tenant, reads=wish.reads)
        except BaseException:
            flight.handed_over()
            raise
        finally:
            inbound.flight = None
        if entry is None:
            return False
        age = time.monotonic() - entry.born
        if age >= rule.ttl or (wish.younger is not None and age >= wish.younger):
            return False
        flight.marks = None  # it stands there
        flight.whole(entry)
        self._counts.shared_hits += 1
        await self._hit(inbound, entry, age)
        return True

    async def _hit(self, inbound: Inbound, entry: Entry, age: float) -> None:
        inbound.call.provider, inbound.call.model = entry.provider, entry.model
        await self._let_in(inbound)
        self._begin(inbound)
        self._counts.hits += 1
        await give(self._ending, inbound, entry, age)

    async def _followed(self, inbound: Inbound, route: Route, flight: Flight) -> bool:
        """Whether it got the reply that another call buys; else it leads from here on. Raises what it ends with."""
        first = route.targets[0]
        inbound.call.provider, inbound.call.model = first.provider, first.model
        follower = inbound.waiting = flight.join()
        loop = asyncio.get_running_loop()
        inbound.due = loop.time() + route.deadlines.total
        late = loop.call_at(inbound.due, follower.fail, _too_late())
        try:
            await self._let_in(inbound)
            self._open(inbound)
            follow = follow_stream if inbound.call.stream else follow_plain
            await follow(self._ending, inbound, flight, follower)
        except BaseException:
            flight.leave(follower)
            if follower.leads:
                flight.handed_over()
            raise
        finally:
            late.cancel()
            inbound.waiting = None
            flight.leave(follower)
        if follower.leads:
            self._admission.release(inbound)
            return False
        self._counts.hits += 1
        self._counts.joined += 1
        return True

    async def _lead(self, inbound: Inbound, flight: Flight, buy: Buy) -> None:
        flight.leader, inbound.flight = inbound, flight
        self._counts.misses += 1
        try:
            await buy()
        except BaseException as error:
            if flight.entry is None:
                self._failed(flight, error)
            raise
        finally:
            inbound.flight = None
        if flight.entry is None:  # too large to be held, or answered by nobody's reply
            flight.handed_over()

    @staticmethod
    def _failed(flight: Flight, error: BaseException) -> None:
        if isinstance(error, UpstreamFailed):
            error = refusal_for_failure(error)
        if isinstance(error, Refusal) and is_shared(error, flight.leader):
            flight.failed(error)
        else:
            flight.handed_over()

    async def _let_in(self, inbound: Inbound) -> None:
        """As before anything is bought. Raises Refusal."""
        assert inbound.known
        if not self._admission.is_idle:
            await self._admission.admit_kept(inbound)
        if inbound.known.key.is_capped:
            await self._allowances.take_use(inbound)
        check_not_cut_off(inbound, self._keys)

    def _ended(self, flight: Flight, ttl: float) -> None:
        """Nobody may join it any more."""
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
            if flight.entry is None or not flight.is_kept:
                return
            entry, labels = flight.entry, flight.subject.labels
            if f"model:{entry.provider}/{entry.model}" not in labels:  # somebody whom the route does not name
                labels |= entry_labels(entry)
            is_kept = self._entries.put(flight.key, entry, ttl, labels)
            if is_kept and self._shared is not None and flight.marks is not None:
                self._shared.keep(flight.key, flight.entry, ttl, flight.marks)


def _too_late() -> Refusal:
    return upstream(504, "upstream_timeout", "The reply did not come in time.")


def _places(route: Route, settings: Settings) -> str:
    """Changes when anything of its providers does but their keys and prices."""
    targets = [*route.targets, *route.context_window, *(each for some in route.classes.values() for each in some)]
    names = sorted({target.provider for target in targets})
    declared = [
        msgspec.structs.replace(each, keys=(), price_provider="")
        for name in names
        if (each := settings.providers.get(name))
    ]
    return blake2b(msgspec.json.encode(declared, order="deterministic"), digest_size=8).hexdigest()
