"""How a deferred call ends: its reply is made safe, then its row is written, and only then it counts as over.

Keeps true: each call gets one row, whatever is killed when: a reply that is safe and has no row gets it from the next
that runs deferred calls, and that one looks into the journal first.
"""

import logging
import time
from collections.abc import Sequence

from gatewatch.call import Attempt
from gatewatch.deferred.entry import Ended, Entry
from gatewatch.journal.writer import JournalFull
from proxy.http_server.request import Headers
from proxy.refusal import Refusal
from proxy.worker.answer_headers import JSON, id_headers
from proxy.worker.deferred.later_request import LaterRequest
from proxy.worker.gateway import Gateway
from proxy.worker.inbound import Inbound

MOST_ATTEMPTS = 50
"""That a row keeps: the last ones."""
_OF_A_CONNECTION = frozenset({b"retry-after", b"x-should-retry"})
"""Reply headers that say nothing to somebody who fetches it later."""

log = logging.getLogger("gatewatch.worker")


class Finishing:
    """Of the worker that runs deferred calls."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._kept = gateway.deferred.kept

    async def finish(self, entry: Entry, inbound: Inbound, request: LaterRequest, earlier: Sequence[Attempt]) -> None:
        """`earlier`: tries of runs before this one. Raises sqlite3.Error, OSError: then it has not ended."""
        call = inbound.call
        waited = max(0, now_us() - inbound.elapsed_us() - entry.accepted_at)
        call.latency_us += waited
        call.queued_us += waited
        if inbound.attempts and inbound.attempts[-1].status == "ok":  # it was reckoned from the call's beginning
            last = inbound.attempts[-1]
            last.latency_us = max(0, last.latency_us + waited)
        if call.status == "blocked" and (earlier or inbound.attempts or call.cost_picos):
            call.status = "error"
            inbound.was_opened = True
        inbound.attempts = numbered([*earlier, *inbound.attempts])
        call.attempts = len(inbound.attempts)
        headers = [each for each in request.reply_headers if each[0] not in _OF_A_CONNECTION]
        ended = Ended(
            status=request.status,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            body=request.reply_body,
            call=call,
            attempts=inbound.attempts,
        )
        await self._kept.do(lambda store: store.end(entry, ended))
        await self.record(entry, inbound)

    async def record(self, entry: Entry, inbound: Inbound) -> None:
        """Write the row of one whose reply is safe."""
        try:
            self._gateway.record_later(inbound)
        except JournalFull:  # the journal owes it; should this process end first, the next one writes it
            log.warning("deferred: the row of %s is written when there is space", entry.id)
            return
        await self._kept.do(lambda store: store.recorded(entry.id))
        entry.state = "done"

    def refuse(self, inbound: Inbound, refusal: Refusal, status: str = "error") -> None:
        """End it here, without another try. `status`: of its row."""
        call = inbound.call
        inbound.was_opened = inbound.was_opened or status != "blocked"
        self._gateway.close_later(inbound, status, refusal)
        body = inbound.caller.error(refusal, call.call_id)
        headers: Headers = [JSON, *id_headers(inbound), *refusal.headers]
        inbound.request.reply(inbound.caller.statuses.get(refusal.status, refusal.status), headers, body)


def numbered(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The last of them, counted from 1."""
    kept = list(attempts[-MOST_ATTEMPTS:])
    for number, each in enumerate(kept, 1):
        each.n = number
    return kept


def now_us() -> int:
    return time.time_ns() // 1000
