"""Turns: how many calls run at once, and who is next.

Keeps true: a turn is counted from the moment on at which it is given, so no wake-up is lost and no two calls get the
same one; it is given back once, however the call ends; a call that leaves the line frees its place at once.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Literal

from gatewatch.call import Call
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.known_limits import Sent
from proxy.worker.pacing.line import Line, NoTurn, Waiting

_MARK = 1.0
"""Seconds."""
_OF_LENGTH = 0.2
"""How much the newest turn counts in the usual length of one."""


class Turn:
    """One call's; to be ended once it has ended."""

    __slots__ = ("_is_over", "began", "lately", "outer", "sent", "turns")

    def __init__(self, turns: "Turns", sent: Sent, lately: Sent, began: float) -> None:
        self.turns = turns
        self._is_over = False
        self.outer: Turn | None = None
        """One that it holds beside this."""
        self.sent = sent
        """What had been sent when it began, itself included."""
        self.lately = lately
        """What had been sent a moment before: what was sent since may arrive in another order."""
        self.began = began

    def end(self) -> None:
        """No-op the second time."""
        if not self._is_over:
            self._is_over = True
            self.turns.ended(self)
            if self.outer is not None:
                self.outer.end()


class Turns:
    """Of whatever takes only so many calls at a time. Belongs to one event loop."""

    def __init__(self, most: int | None, longest: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`longest`: so many may wait."""
        self.most = most
        """As configured; None: any."""
        self.running = 0
        self.sent: Sent = 0, 0, 0
        self.line = Line(longest)
        self._marks: tuple[Sent, Sent] = self.sent, self.sent
        """What had been sent one mark before the last, and at the last."""
        self._marked_at = 0.0
        self._monotonic = monotonic
        self._usual: float | None = None
        """Seconds that a turn lasts while others wait for it."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, call: Call) -> Turn | None:
        """A turn, if one is free and nobody waits for it."""
        if self.line.classes:
            return None
        now = self._monotonic()
        return self._given(call, now) if self._may_begin(now) else None

    async def wait(self, inbound: Inbound, seconds: float) -> Turn | NoTurn:
        """In the line, so long at most. Raises UpstreamFailed where the client leaves, or the gateway stops."""
        if seconds <= 0:
            return "late"
        waiting = Waiting(inbound.call, self._monotonic())
        if not self.line.enter(waiting):
            return "full"
        try:
            self.look()
            return await _outcome(inbound, waiting, seconds, "turn")
        finally:
            self.line.leave(waiting)

    def ended(self, turn: Turn) -> None:
        """One is free again."""
        self.running -= 1
        if self.line.classes:
            lasted = self._monotonic() - turn.began
            self._usual = lasted if self._usual is None else self._usual + _OF_LENGTH * (lasted - self._usual)
            self.look()

    def look(self) -> None:
        """Give out what is free: to be called whenever more may be."""
        now = self._monotonic()
        while self.line and self._may_begin(now):
            waiting = self.line.next()
            if waiting is None:
                break
            if not waiting.future.done():
                waiting.end(self._given(waiting.call, now))
        if self.line and (opens_in := self.opens_in(now)) > 0:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(opens_in, self.look)

    def opens_in(self, now: float) -> float:
        """Seconds until calls may begin at all, however few run; 0: now."""
        del now
        return 0.0

    @property
    def in_force(self) -> int | None:
        """So many may run at once; None: any."""
        return self.most

    def again_in(self) -> float:
        """Seconds after which one more call has a chance, as far as is known."""
        most, usual = self.in_force, self._usual or 1.0
        behind = usual * (len(self.line) + 1) / most if most else 0.0
        return max(1.0, self.opens_in(self._monotonic()), behind)

    @property
    def has_room(self) -> bool:
        """Whether a call would have its turn at once."""
        return not self.line and self._may_begin(self._monotonic())

    @property
    def is_idle(self) -> bool:
        """Whether nobody is here."""
        return not self.running and not self.line

    def _may_begin(self, now: float) -> bool:
        del now
        return self.most is None or self.running < self.most

    def _given(self, call: Call, now: float) -> Turn:
        self.running += 1
        if now - self._marked_at > _MARK:
            self._marks, self._marked_at = (self._marks[1], self.sent), now
        requests, input_tokens, output_tokens = self.sent
        self.sent = sent = (
            requests + 1,
            input_tokens + call.estimated_input_tokens,
            output_tokens + call.estimated_output_tokens,
        )
        return Turn(self, sent, self._marks[0], now)


async def pause(inbound: Inbound, seconds: float, why: Literal["limit", "overload"]) -> None:
    """In no line. `why`: what the provider said. Raises UpstreamFailed as `Turns.wait` does."""
    await _outcome(inbound, Waiting(inbound.call, 0.0), seconds, why)


async def _outcome(inbound: Inbound, waiting: Waiting, seconds: float, why: str) -> Turn | NoTurn:
    """What comes first: a turn, the end of the time, or of the call. A turn that comes too late is given back."""
    if inbound.is_left:
        waiting.fail(UpstreamFailed("client_closed", "the client closed the connection", sent=False))
    timer = asyncio.get_running_loop().call_later(seconds, waiting.end, "late")
    began = time.monotonic()
    inbound.waiting = waiting
    try:
        return await waiting.future
    except asyncio.CancelledError:
        waiting.give_back()  # it may have come in the very tick in which the call was cut off
        raise
    finally:
        inbound.waiting = None
        timer.cancel()
        call = inbound.call
        call.queued_us += round((time.monotonic() - began) * 1e6)
        if call.waited_for is None:
            call.waited_for = why
        elif why not in call.waited_for:
            call.waited_for += f"+{why}"
