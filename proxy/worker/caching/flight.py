"""Identical calls in flight: one leads and asks the provider, the others follow and get what it gets, as it comes.

Keeps true: at any moment one call leads. What came of its tries is told to all, and nothing else: where it ends for
reasons of its own, the next follower that has nothing yet leads, one at a time.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from proxy.refusal import Refusal, upstream
from proxy.worker.caching.entry import Entry
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.line import is_more_urgent
from proxy.worker.streaming.ceiling import CODE as COST_CEILING


class Follower:
    """One call's place in a flight."""

    __slots__ = ("_failure", "_news", "has_begun", "leads")

    def __init__(self) -> None:
        self.has_begun = False
        """Whether some of the reply has gone out to it."""
        self.leads = False
        """It is its turn to ask the provider."""
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    def check(self) -> None:
        """Raises what it fails with."""
        if self._failure is not None:
            raise self._failure

    async def news(self) -> None:
        """Wait for something new. Raises what it fails with."""
        self.check()
        self._news = asyncio.get_running_loop().create_future()
        await self._news
        self.check()

    def wake(self) -> None:
        """There is something new."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def fail(self, failure: Exception) -> None:
        """Its client has left, its time is over, the gateway stops, or there will be no more of the reply."""
        self._failure = self._failure or failure
        self.wake()


class Subject(NamedTuple):
    """What a reply is of, beside its bytes."""

    tenant: str
    tags: tuple[str, ...]
    labels: frozenset[str]
    """Of whatever it may become."""


class Flight:
    """Of one key."""

    __slots__ = (
        "_followers",
        "_most",
        "_on_end",
        "entry",
        "held",
        "is_kept",
        "key",
        "leader",
        "marks",
        "parts",
        "subject",
    )

    def __init__(
        self, key: bytes, subject: Subject, leader: Inbound, most: int, on_end: "Callable[[Flight], object]"
    ) -> None:
        """`most`: bytes of a reply that may be kept. `on_end`: called when nobody may join any more."""
        self.key = key
        self.subject = subject
        self.leader = leader
        self.parts: list[bytes] = []
        """The reply, as far as it has come."""
        self.held = 0
        """Bytes of it."""
        self.is_kept = True
        """Whether the reply is to be kept when it is whole."""
        self.entry: Entry | None = None
        """The whole reply."""
        self.marks: dict[str, bytes | None] | None = None
        """Of its labels in the shared store, as they were before it was bought; None: it is not kept there."""
        self._most = most
        self._on_end = on_end
        self._followers: dict[Follower, None] = {}

    @property
    def is_followed(self) -> bool:
        """Whether others want the reply."""
        return bool(self._followers)

    def is_too_slow_for(self, priority: str | None) -> bool:
        """Whether a call of that priority would wait behind others with a leader that is less urgent."""
        leader = self.leader
        return not leader.attempts and is_more_urgent(priority, leader.call.priority)

    def join(self) -> Follower:
        """One more."""
        follower = Follower()
        self._followers[follower] = None
        if self.leader.flight is self:
            self.leader.request.connection.look_again()
        return follower

    def leave(self, follower: Follower) -> None:
        """It has its reply, leads, or wants it no more. An exchange that nobody wants is ended."""
        self._followers.pop(follower, None)
        leader = self.leader
        if not self._followers and leader.flight is self and leader.request.gone and self.entry is None:
            leader.stop("client_closed", "the client closed the connection")

    # the leader's side

    def add(self, data: bytes) -> None:
        """More of the reply has come."""
        self.held += len(data)
        if self.held > self._most:
            self.is_kept = False
            self._on_end(self)
            if not self._followers:
                self.parts.clear()  # nobody gets it
                return
        self.parts.append(data)
        if self._followers:
            self._wake()

    def ended(self, last: bytes = b"") -> None:
        """The reply is complete and its cost known; `last`: what stands behind the comment on that."""
        call, subject = self.leader.call, self.subject
        if self.held and not self.parts:
            return  # too large, and nobody wanted it
        if call.degraded is not None:
            self.is_kept = False
        self.whole(
            Entry(
                tenant=subject.tenant,
                team=call.team,
                route=call.route or "",
                requested=call.requested_model or "",
                provider=call.provider or "",
                model=call.model or "",
                tags=subject.tags,
                call_id=call.call_id,
                cost_picos=call.cost_picos,
                served_model=call.served_model,
                dialect=call.dialect,
                finish_reason=call.finish_reason,
                dropped_params=call.dropped_params,
                degraded=call.degraded,
                body=b"".join(self.parts),
                last=last,
                born=time.monotonic(),
            )
        )

    def whole(self, entry: Entry) -> None:
        """There is a whole reply."""
        self.entry = entry
        self._on_end(self)
        self._wake()

    def failed(self, refusal: Refusal) -> None:
        """The provider's doing, the request's, or its ceiling's: all end so."""
        self._on_end(self)
        for follower in self._followers:
            follower.fail(alike(refusal, self.leader.call.call_id))

    def handed_over(self) -> None:
        """The leader ends for reasons of its own: who has some of the reply ends, the next of the others leads."""
        self.parts, self.held = [], 0
        heir: Follower | None = None
        for follower in self._followers:
            if follower.has_begun:
                follower.fail(upstream(502, "upstream_truncated", "The call that bought this reply was broken off."))
            elif heir is None:
                heir = follower
        if heir is None:
            self._on_end(self)
        else:
            heir.leads = True
            heir.wake()

    def _wake(self) -> None:
        for follower in self._followers:
            follower.wake()


def alike(refusal: Refusal, call_id: str) -> Refusal:
    """The same for another call; its row says whose failure it was."""
    reason = f"as the same call {call_id}" + (f": {refusal.reason}" if refusal.reason else "")
    made = Refusal(
        refusal.status,
        refusal.code,
        refusal.message,
        type=refusal.type,
        param=refusal.param,
        headers=refusal.headers,
        reason=reason,
    )
    made.details = refusal.details
    return made


def is_shared(refusal: Refusal, leader: Inbound) -> bool:
    """Whether it came out of a try, so that the same request would be told the same. Everything else (the leader's key,
    limits, budgets, its turn) another call need not share."""
    if not leader.attempts:
        return False
    return refusal.said is not None or refusal.code == COST_CEILING or refusal.code.startswith("upstream_")
