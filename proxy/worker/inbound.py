"""One call on its way through the worker: what the stages learn of it."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatewatch.call import Attempt, Call
from gatewatch.control.allowance import Amount
from gatewatch.control.key_table import Known
from gatewatch.control.key_table import Refusal as NotServed
from gatewatch.ids import new_call_id
from gatewatch.limits.counters import Position
from proxy.canonical.ask import Ask
from proxy.dialects.dialect import CallerDialect
from proxy.http_server.request import Request
from proxy.settings import Route
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import Kind, UpstreamFailed
from proxy.worker.further_models import names_models

if TYPE_CHECKING:
    from proxy.worker.admission.reserved import Reserved
    from proxy.worker.bodies.kept import KeptReply
    from proxy.worker.caching.flight import Flight, Follower
    from proxy.worker.channel import Channel
    from proxy.worker.deferred.deferral import Deferral
    from proxy.worker.pacing.line import Waiting
    from proxy.worker.passage import Passage
    from proxy.worker.relay_stream import StreamTap
    from proxy.worker.shaping.prefixes import Repeated
    from proxy.worker.streaming.ceiling import Ceiling


class Inbound:
    """Holds the client's request, the call's record, its attempts and the exchange under way.

    When the client goes away, the exchange is aborted in the same tick.
    """

    __slots__ = (
        "ask",
        "attempts",
        "beside",
        "body",
        "body_bytes",
        "call",
        "caller",
        "ceiling",
        "channel",
        "content_started",
        "cut_off",
        "deferred",
        "due",
        "epoch",
        "exchange",
        "flight",
        "headers",
        "heard_ns",
        "held",
        "is_settled",
        "journalled",
        "kept",
        "known",
        "lost_picos",
        "lost_tries",
        "passage",
        "position",
        "repeated",
        "request",
        "reserved",
        "route",
        "started_ns",
        "tap",
        "task",
        "turns",
        "upstream_ns",
        "waiting",
        "was_opened",
    )

    def __init__(self, request: Request, endpoint: str, caller: CallerDialect, source: str | None = None) -> None:
        self.started_ns = time.perf_counter_ns()
        self.request = request
        self.headers = request.headers
        self.caller = caller
        """The dialect that the client speaks, errors included."""
        self.known: Known | None = None
        """The key that it came with, once that is known."""
        self.task: asyncio.Task[object] | None = None
        """What serves it, if that may be cut short."""
        self.cut_off: NotServed | None = None
        """Why it is cut short."""
        self.deferred: Deferral | None = None
        """Of a call that may wait."""
        self.body: dict[str, Any] = {}
        self.body_bytes = 0
        """As it came."""
        self.kept: KeptReply | None = None
        """What is held of its reply, where its bodies are to be kept."""
        self.ask: Ask | None = None
        """The body in the canonical form, once a target needed it."""
        self.repeated: Repeated | None = None
        """What of its beginning has come before, where cache markers are set for it."""
        self.call = Call(
            call_id=new_call_id(), started_at=time.time_ns() // 1000, endpoint=endpoint, source=source or request.source
        )
        self.turns: list[Callable[[], None]] | None = None
        """What it took of its route's shares; called, they are given back."""
        self.attempts: list[Attempt] = []
        self.exchange: Exchange | None = None
        self.due: float | None = None
        """Loop time of its end, once that is known."""
        self.beside: Exchange | None = None
        """Another one that runs at the same time."""
        self.tap: StreamTap | None = None
        self.channel: Channel | None = None
        """Where the call goes, or went last."""
        self.passage: Passage | None = None
        """How it passes there."""
        self.content_started = False
        """Whether any of a reply has gone out. Headers and comments alone are none: another target may still answer."""
        self.heard_ns = self.started_ns
        """When something was last written to the client (`time.perf_counter_ns`)."""
        self.ceiling: Ceiling | None = None
        """What it may cost."""
        self.upstream_ns = 0
        self.epoch: int | None = None
        """Of the settings that its way was chosen under; None: none was yet."""
        self.lost_picos = 0
        """What tries that were sent and lost may have cost, beside the one that was answered."""
        self.lost_tries = 0
        self.held: Amount | None = None
        """What of its key's allowance is held for it."""
        self.journalled = False
        """Whether an `open` record stands in the journal and no `close` yet."""
        self.was_opened = False
        """Whether an `open` record of it was written: from then on it counts, however it ends."""
        self.position: Position | None = None
        """Where its last record stands."""
        self.route: Route | None = None
        self.is_settled = False
        """Whether its limits and budgets are."""
        self.reserved: Reserved | None = None
        """What is held for it of limits and budgets."""
        self.waiting: Waiting | Follower | None = None
        """Its place in the line, while it waits for a turn; or in the flight of another call, whose reply it gets."""
        self.flight: Flight | None = None
        """Calls that get the reply which this one buys, and whether it is kept."""
        request.on_disconnect = self._client_left

    def _client_left(self) -> None:
        if self.is_left:
            self.stop("client_closed", "the client closed the connection")

    def stop(self, kind: Kind, message: str) -> None:
        """End what it waits for, a turn or a provider."""
        if self.waiting:
            self.waiting.fail(UpstreamFailed(kind, message, sent=False))
        if self.exchange:
            self.exchange.abort(kind, message)
        if self.beside:
            self.beside.abort(kind, message)

    def is_followed(self) -> bool:
        """Whether other calls get its reply, too."""
        return self.flight is not None and self.flight.is_followed

    @property
    def is_left(self) -> bool:
        """Whether its client has gone, and nobody else wants its reply."""
        return self.request.gone and not self.is_followed()

    @property
    def names_models(self) -> bool:
        """Whether its body may name other models than the one that it is for."""
        return names_models(self.body)

    @property
    def went_out(self) -> bool:
        """Whether any request of it has gone to a provider."""
        sent = self.exchange is not None and self.exchange.sent
        return sent or self.lost_tries > 0 or any(attempt.http_status for attempt in self.attempts)

    def give_back_turns(self) -> None:
        """It asks nobody: the next call of its route has them."""
        for give_back in self.turns or ():
            give_back()
        self.turns = None

    def elapsed_us(self) -> int:
        return (time.perf_counter_ns() - self.started_ns) // 1000
