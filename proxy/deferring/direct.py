"""A deferred call runs as any other call does, with the lowest priority: every stage is asked again.

Keeps true: before anything is sent it is written down that the call runs, so that a try which a kill cut off is known,
and counts as one that may have been bought.
"""

import asyncio
import logging

from gatewatch.call import Attempt
from gatewatch.deferred.entry import Entry, Text, Way
from proxy.deferring.finishing import Finishing, now_us, numbered
from proxy.deferring.holds import Holds
from proxy.deferring.patience import again_at
from proxy.http_server.request import Headers
from proxy.refusal import Refusal, internal_error, upstream
from proxy.worker.answer_headers import JSON, id_headers
from proxy.worker.deferred.again import again
from proxy.worker.deferred.later_request import LaterRequest
from proxy.worker.gateway import Gateway
from proxy.worker.inbound import Inbound

log = logging.getLogger("gatewatch.worker")


class Direct:
    """Runs calls of one worker."""

    def __init__(self, gateway: Gateway, finishing: Finishing, holds: Holds) -> None:
        self._gateway = gateway
        self._finishing = finishing
        self._holds = holds
        self._kept = gateway.deferred.kept
        self.running: dict[str, Inbound] = {}

    async def run(self, entry: Entry, way: Way) -> None:
        """To its end, or to its next try, as its state says then. Raises sqlite3.Error, OSError."""
        text = await self._kept.do(lambda store: store.text(entry.id))
        entry.way, entry.state, entry.began_at, entry.tries = way, "running", now_us(), entry.tries + 1
        await self._kept.do(lambda store: store.put(entry))
        inbound, request = again(entry, text, "running", way)
        self._holds.begin(entry.id)
        self.running[entry.id] = inbound
        if entry.cancelled_at:
            inbound.request.client_left()
        try:
            await self._serve(inbound)
        finally:
            del self.running[entry.id]
        await self.after(entry, text, inbound, request)

    async def _serve(self, inbound: Inbound) -> None:
        gateway = self._gateway
        gateway.in_flight.add(inbound)
        try:
            await gateway.serve_call(inbound)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("deferred: the call %s failed by a defect of ours", inbound.call.call_id)
            self._finishing.refuse(inbound, internal_error())
        finally:
            gateway.in_flight.discard(inbound)

    async def after(self, entry: Entry, text: Text, inbound: Inbound, request: LaterRequest) -> None:
        """It has run: it is over, or comes again."""
        call = inbound.call
        if call.status == "client_closed" or entry.cancelled_at:
            if not request.status:
                reply_cancelled(inbound, request)
            await self._finishing.finish(entry, inbound, request, text.earlier)
            return
        if request.was_cut:  # nobody has seen the beginning of it
            broken = upstream(502, call.error_kind or "upstream_truncated", "The provider's reply broke off.")
            request.reply(502, [JSON, *id_headers(inbound)], inbound.caller.error(broken, call.call_id))
        at: int | None = now_us()
        if call.status:  # where it is not, the disk was full, and nothing was done
            at = again_at(entry, call, request.status, dict(request.reply_headers), now_us())
        if at is None:
            await self._finishing.finish(entry, inbound, request, text.earlier)
            return
        if inbound.kept is not None:
            inbound.kept.let_go()
        if inbound.held is not None:
            entry.held_tokens, entry.held_picos = inbound.held
        await self.put_back(entry, [*text.earlier, *inbound.attempts], call.cost_picos, at)
        self._holds.keep(inbound)

    def refuse(self, inbound: Inbound, refusal: Refusal) -> None:
        """It was not let through this time."""
        inbound.call.blocked_by = refusal.rule
        self._finishing.refuse(inbound, refusal, "blocked")

    async def put_back(self, entry: Entry, attempts: list[Attempt], lost_picos: int | None, at: int) -> None:
        """It waits for its next try; `lost_picos` may have been spent by all before."""
        entry.state, entry.next_at, entry.batch = "queued", at, None
        entry.lost_picos = max(entry.lost_picos, lost_picos or 0)
        earlier = numbered(attempts)
        await self._kept.do(lambda store: store.put(entry, earlier=earlier))


def cancelled() -> Refusal:
    """What is fetched of such a call; its row says 499, as that of any call whose client has gone."""
    return Refusal(410, "client_closed", "The call was cancelled.")


def reply_cancelled(inbound: Inbound, request: LaterRequest) -> None:
    refusal = cancelled()
    headers: Headers = [JSON, *id_headers(inbound)]
    request.reply(refusal.status, headers, inbound.caller.error(refusal, inbound.call.call_id))
