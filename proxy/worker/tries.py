"""What the tries of one call have in common: its way, one deadline over all of them, and how many there may be."""

import asyncio

from proxy.settings import Caps, Route, Target
from proxy.worker.channel import Upstream
from proxy.worker.inbound import Inbound


class Tries:
    """Of one call."""

    __slots__ = ("asked", "beside", "caps", "inbound", "left", "patience", "route", "total_due", "upstreams")

    def __init__(self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream], caps: Caps, most: int) -> None:
        self.inbound = inbound
        self.route = route
        self.upstreams = upstreams
        """Those of the configuration that the call began under."""
        self.caps = caps
        if inbound.due is None:
            inbound.due = asyncio.get_running_loop().time() + route.deadlines.total
        self.total_due = inbound.due
        """Loop time of the call's end."""
        self.left = most
        self.patience = route.patience
        """Seconds that it may still wait at targets that limit it."""
        self.beside: Target | None = None
        """The one that was asked beside another."""
        self.asked: list[Target] = []
        """One for each try."""

    def begin(self, target: Target) -> bool:
        """One more try. Whether it is the first at that target."""
        self.left -= 1
        is_first = target not in self.asked
        self.asked.append(target)
        self.inbound.call.retries += not is_first
        return is_first

    def seconds_left(self) -> float:
        """Of the whole call."""
        return self.total_due - asyncio.get_running_loop().time()

    def not_asked(self, target: Target, why: str) -> None:
        """None of its keys could be used: for the row, where none was in an earlier round either."""
        if target not in self.asked:
            self.pass_over(target, why)

    def pass_over(self, target: Target, why: str) -> None:
        """It is not asked: for the row."""
        call = self.inbound.call
        noted = [target.name, why]
        if call.passed_over is None:
            call.passed_over = [noted]
        elif noted not in call.passed_over:
            call.passed_over.append(noted)
