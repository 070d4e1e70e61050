"""What deferred calls hold of limits and budgets while they wait.

Keeps true: what was acknowledged fits into its budgets; a call that waits holds no place among those that run at once
(`concurrent`); what it holds lasts until it has ended, however long that is.
"""

import logging

from gatewatch.deferred.entry import Entry
from proxy.refusal import Refusal
from proxy.worker.deferred.again import again
from proxy.worker.gateway import Gateway
from proxy.worker.inbound import Inbound

log = logging.getLogger("gatewatch.worker")


class Holds:
    """Of the worker that runs deferred calls."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._counters = gateway.counters
        self._known: set[str] = set()

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._known

    def keep(self, inbound: Inbound) -> None:
        """A call that was let in waits from here on."""
        call_id, reserved = inbound.call.call_id, inbound.reserved
        self._known.add(call_id)
        self._counters.lasting.add(call_id)
        if reserved is None:
            return
        if at_once := [each.key for each, _ in reserved.held if each.rule.measure == "concurrent"]:
            self._counters.let_go(call_id, at_once)

    async def hold(self, entry: Entry) -> None:
        """A call that another worker has let in: as much as there is room for. No-op where it is held already.

        Raises sqlite3.Error, OSError.
        """
        if entry.id in self._known:
            return
        text = await self._gateway.deferred.kept.do(lambda store: store.text(entry.id))
        inbound, _ = again(entry, text, "passing", entry.way)
        self.begin(entry.id)
        try:
            await self._gateway.pass_again(inbound)
        except Refusal as refusal:
            log.info("deferred: nothing is held for %s: %s", entry.id, refusal.code)
        inbound.give_back_turns()  # it takes them when it runs
        self.keep(inbound)

    def begin(self, call_id: str) -> None:
        """It is let in anew: what it held is free, and what it takes from here on lasts, however old its id is."""
        self.let_go(call_id)
        self._counters.lasting.add(call_id)

    def let_go(self, call_id: str) -> None:
        """It is over, or let in anew. No-op where nothing is held."""
        if call_id in self._known:
            self._known.discard(call_id)
            self._counters.settle(call_id, (), None)
