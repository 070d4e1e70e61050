"""How a call ends: what it cost is settled, its last word is written, and only then does the client see its end.

Keeps true: every call that has an `open` record gets one `close`; what may have been bought is never 0; a reply whose
record could not be written does not look complete.
"""

from collections.abc import Callable

from gatewatch.journal.writer import Journal
from gatewatch.redact import redact
from proxy.canonical.seen import Seen
from proxy.http_server.request import Headers
from proxy.refusal import Refusal, ledger_full
from proxy.settings import Provider
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.answer_headers import JSON, id_headers, limit_headers, tried_headers
from proxy.worker.bodies.keeper import BodyKeeper
from proxy.worker.bodies.shape import shape_of
from proxy.worker.inbound import Inbound
from proxy.worker.live import Live
from proxy.worker.quoted import without_quotes
from proxy.worker.refused_rows import RefusedRows
from proxy.worker.settle import Meter
from proxy.worker.upstream_error import refusal_for_failure

_TIER_HEADER = b"x-gemini-service-tier"
"""How the Gemini API says how it served a call (ai.google.dev/gemini-api/docs/priority-inference)."""
_PERHAPS_BILLED = frozenset(
    {"upstream_timeout", "upstream_truncated", "upstream_invalid", "gateway_stopping", "key_revoked"}
)
"""Ways to fail behind which a provider may well have done its work."""


def was_begun(inbound: Inbound) -> bool:
    """Whether the last try was sent, and the provider has not said that it failed: it may charge for it."""
    return inbound.exchange is not None and inbound.exchange.sent and inbound.exchange.status in (0, 200)


def lost(inbound: Inbound) -> bool:
    """Whether the last try was sent and never answered."""
    return inbound.exchange is not None and inbound.exchange.sent and not inbound.exchange.status


def _status(inbound: Inbound, refusal: Refusal) -> int:
    """What the client's dialect says where the refusal has a status."""
    return inbound.caller.statuses.get(refusal.status, refusal.status)


def _told(refusal: Refusal) -> str:
    """What the row says."""
    return f"{refusal.message} ({refusal.reason})" if refusal.reason else refusal.message


class Ending:
    """Settles, closes and refuses the calls of one worker."""

    def __init__(self, journal: Journal, meter: Meter, live: Live, bodies: BodyKeeper | None = None) -> None:
        self._journal = journal
        self._bodies = bodies
        self._meter = meter
        self._live = live
        self._refused_rows = RefusedRows(journal)
        self.closed: Callable[[Inbound], object] = id
        """Told when a call's last record is written, before anything else is."""

    def flush(self) -> None:
        """To be called about once a second."""
        self._refused_rows.flush()

    def close_rows(self) -> None:
        self._refused_rows.close()

    def rejected(self, source: str, kind: str) -> None:
        """A connection was refused before there was a call."""
        self._refused_rows.count(source, kind)

    def settle(self, inbound: Inbound, seen: Seen, *, whole: bool) -> None:
        """Tokens and cost of what was seen of the reply."""
        call = inbound.call
        assert inbound.channel
        if inbound.exchange and (tier := inbound.exchange.headers.get(_TIER_HEADER)):
            seen.name_model(None, tier.decode("latin-1").lower())
        self._meter.settle(call, inbound.channel.provider, call.model or "", inbound.body, seen, whole)
        self._add_lost(inbound)

    def lose(self, inbound: Inbound) -> None:
        """A try was sent and lost, and another one may be next: the provider may charge for it all the same."""
        assert inbound.channel
        call = inbound.call
        self._meter.estimate(call, inbound.channel.provider, call.model or "", inbound.body)
        inbound.lost_picos += call.cost_picos or 0
        inbound.lost_tries += 1
        inbound.exchange = None  # what was lost is counted once

    def lose_beside(self, inbound: Inbound, provider: Provider, model: str) -> None:
        """A try was sent, and another one is taken instead: the provider may charge for it all the same.

        What the row says of tokens and cost is to be filled in afterwards.
        """
        self._meter.estimate(inbound.call, provider, model, inbound.body)
        inbound.lost_picos += inbound.call.cost_picos or 0
        inbound.lost_tries += 1

    def close(
        self, inbound: Inbound, status: str, http_status: int, kind: str | None = None, message: str | None = None
    ) -> None:
        """Write the call's last word. From here on the client may see the end of its reply. Raises JournalFull."""
        call = inbound.call
        call.status, call.http_status, call.error_kind = status, http_status, kind
        call.error_message = redact(without_quotes(message, inbound.body))[:500] if message else None
        for tried in inbound.attempts:
            if tried.error_message:
                tried.error_message = without_quotes(tried.error_message, inbound.body)
        if http_status == 400:
            call.request_shape = shape_of(inbound.body) if inbound.body else {"unread": inbound.body_bytes}
        call.attempts = len(inbound.attempts)
        call.latency_us = inbound.elapsed_us()
        call.upstream_us = inbound.upstream_ns // 1000
        call.overhead_us = max(0, call.latency_us - call.upstream_us - call.queued_us)
        if inbound.attempts and inbound.attempts[-1].status == "ok":
            last = inbound.attempts[-1]
            last.latency_us = call.started_at + call.latency_us - last.started_at
            if status != "ok":
                last.status, last.error_kind, last.error_message = status, kind, call.error_message
        if inbound.journalled:
            self._live.ended(call)
            if len(inbound.attempts) > 1:
                self._live.tries.take(inbound.attempts)
            inbound.journalled = False
        if inbound.deferred is None or not inbound.deferred.is_later:
            self.record(inbound)

    def record(self, inbound: Inbound) -> None:
        """Write the row. Of a deferred call not before its reply is safe. Raises JournalFull."""
        self._journal.close(inbound.call, inbound.attempts)
        inbound.position = self._journal.position
        self.closed(inbound)
        if inbound.kept is not None and self._bodies:
            self._bodies.end(inbound)

    def left_before_the_end(self, inbound: Inbound, status: str = "ok") -> bool:
        """Close a call whose reply is whole but for its last bytes: `status`, unless nobody is there to take them."""
        if inbound.request.gone:
            self.close(inbound, "client_closed", 499, "client_closed")
            return True
        self.close(inbound, status, 200)
        return False

    def refuse(self, inbound: Inbound, refusal: Refusal) -> None:
        """A stage said no, or an upstream's failure became the client's error."""
        inbound.call.blocked_by = refusal.rule
        if inbound.channel:
            refusal.hide(inbound.channel.key.secret)
        if inbound.exchange and not inbound.exchange.complete:
            inbound.exchange.abort("upstream_invalid", refusal.code)
        perhaps_billed = inbound.journalled and (refusal.code in _PERHAPS_BILLED or lost(inbound))
        if inbound.content_started or perhaps_billed:
            self._settle_partial(inbound)
        else:
            self.free(inbound)
        if inbound.request.started:
            self._truncate(inbound, refusal)
            return
        status = _status(inbound, refusal)
        if inbound.journalled:
            refused = refusal.rule is not None and not inbound.attempts
            self.close(inbound, "blocked" if refused else "error", status, refusal.code, _told(refusal))
        else:
            self._live.refused(inbound.call)
            if self._refused_rows.may_write(inbound.call, refusal.code):
                self.close(inbound, "blocked", status, refusal.code, _told(refusal))
        self._send_error(inbound, refusal)

    def broken(self, inbound: Inbound, failure: UpstreamFailed) -> None:
        """The exchange failed while its reply was relayed, or the client went away."""
        if failure.kind == "client_closed":
            self._settle_partial(inbound)
            self.close(inbound, "client_closed", 499, "client_closed", failure.message)
            return
        self.refuse(inbound, refusal_for_failure(failure))

    def unrecorded(self, inbound: Inbound) -> None:
        """The record could not be written: the reply must not look complete."""
        if inbound.request.started:
            inbound.request.cut()
        else:
            self._send_error(inbound, ledger_full())

    def free(self, inbound: Inbound) -> None:
        """Nothing was bought by the last try; what the lost ones before it may have cost stays."""
        self._meter.free(inbound.call)
        self._add_lost(inbound)

    def _add_lost(self, inbound: Inbound) -> None:
        call = inbound.call
        if inbound.lost_picos and call.cost_picos is not None:
            call.cost_picos += inbound.lost_picos
            call.cost_basis, call.lost_picos = "estimated", inbound.lost_picos

    def _truncate(self, inbound: Inbound, refusal: Refusal) -> None:
        """Headers are out: a stream ends in one error event, a plain reply in an unclean end."""
        self.close(inbound, "truncated", 200, refusal.code, _told(refusal))
        if inbound.call.stream:
            inbound.request.finish(inbound.caller.error_event(refusal, inbound.call.call_id))
        else:
            inbound.request.cut()

    def _settle_partial(self, inbound: Inbound) -> None:
        """What a broken call has cost: nothing where it was not sent, or was answered with an error's status."""
        if inbound.exchange is None or not inbound.exchange.sent or inbound.exchange.status not in (0, 200):
            self.free(inbound)
            return
        if inbound.tap is None and not inbound.call.stream:  # nothing was seen of it: what was reckoned with stands
            assert inbound.channel
            call = inbound.call
            self._meter.estimate(call, inbound.channel.provider, call.model or "", inbound.body)
            self._add_lost(inbound)
            return
        self.settle(inbound, inbound.tap or Seen(), whole=False)

    def _send_error(self, inbound: Inbound, refusal: Refusal) -> None:
        call_id = inbound.call.call_id
        body = inbound.caller.error(refusal, call_id)
        headers: Headers = [
            JSON,
            *id_headers(inbound),
            *tried_headers(inbound),
            *limit_headers(inbound),
            *refusal.headers,
        ]
        if refusal.close:
            inbound.request.keep_alive = False
        inbound.request.reply(_status(inbound, refusal), headers, body)
