"""The worker's application. `serve_call` is a call's whole way, stage by stage."""

import asyncio
import logging
import time

import msgspec

from gatewatch.control.key_table import KeyTable
from gatewatch.control.records import KeyRecord
from gatewatch.journal.writer import Journal, JournalFull
from gatewatch.redact import redact
from proxy.canonical.seen import Seen
from proxy.dialects.openai_chat import tap as openai_chat
from proxy.http_server.request import ClientLeft, Headers, Request
from proxy.refusal import DO_NOT_RETRY, Refusal, internal_error, ledger_full, overloaded
from proxy.refusal import upstream as upstream_fault
from proxy.settings import Route, Settings
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker import relay_plain, relay_stream
from proxy.worker.answer_headers import JSON, closing_comment, id_headers, plain_headers, stream_headers
from proxy.worker.attempt import AttemptFailed, Upstream, attempt
from proxy.worker.attribution import attribute, claimed
from proxy.worker.authenticate import authenticate
from proxy.worker.authorise import authorise
from proxy.worker.inbound import Inbound
from proxy.worker.live import Live
from proxy.worker.model_list import ModelList
from proxy.worker.peer import TrustedProxies
from proxy.worker.receive import parse_object, required_model
from proxy.worker.refused_rows import RefusedRows
from proxy.worker.reply_kind import check_encoding, is_json, is_stream, not_a_stream
from proxy.worker.settle import Meter
from proxy.worker.upstream_error import refusal_for_failure

log = logging.getLogger("gatewatch.worker")

ENDPOINTS = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/embeddings": "embeddings",
}
_PERHAPS_BILLED = frozenset({"upstream_timeout", "upstream_truncated", "upstream_invalid", "gateway_stopping"})
"""Ways to fail behind which a provider may well have done its work."""


def _lost(inbound: Inbound) -> bool:
    """Whether the last try was sent and never answered."""
    return inbound.exchange is not None and inbound.exchange.sent and not inbound.exchange.status


class Gateway:
    """Serves calls until told to drain."""

    def __init__(self, settings: Settings, keys: KeyTable, journal: Journal, meter: Meter, agent: str) -> None:
        self.keys = keys
        self.journal = journal
        self.meter = meter
        self.live = Live()
        self.draining = False
        self.in_flight: set[Inbound] = set()
        self._agent = agent
        self._model_list = ModelList()
        self._refused_rows = RefusedRows(journal)
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take new settings; calls in flight end under the old ones. Raises ValueError, and keeps what it has then."""
        old = getattr(self, "_upstreams", {})
        proxies = TrustedProxies(settings.trusted_proxies)
        upstreams = {
            name: old[name] if name in old and old[name].provider == provider else Upstream(provider, self._agent)
            for name, provider in settings.providers.items()
        }
        self.settings, self._proxies, self._upstreams = settings, proxies, upstreams  # all of them or none
        for name, upstream in old.items():
            if self._upstreams.get(name) is not upstream:
                upstream.pool.close()

    def tick(self) -> None:
        """To be called about once a second."""
        self.journal.look_for_space()
        self.meter.refresh()
        self._refused_rows.flush()
        for upstream in self._upstreams.values():
            upstream.pool.close_idle()

    def rejected(self, source: str, kind: str) -> None:
        """A connection was refused before there was a call."""
        self._refused_rows.count(source, kind)

    def close(self) -> None:
        """Let go of upstream sockets and the key table."""
        for upstream in self._upstreams.values():
            upstream.pool.close()
        self._refused_rows.close()
        self.keys.close()

    def stop_calls(self) -> None:
        """The drain's deadline has passed: end what is still running."""
        for inbound in list(self.in_flight):
            if inbound.exchange:
                inbound.exchange.abort("gateway_stopping", "the gateway is stopping")

    async def __call__(self, request: Request) -> None:
        path = request.path
        if path.startswith("/health/"):
            self._health(request)
            return
        endpoint = ENDPOINTS.get(path) if request.method == "POST" else None
        source = self._proxies.source(request.source, request.headers.get(b"x-forwarded-for"))
        inbound = Inbound(request, endpoint or redact(path[:200])[:100], source)
        self.in_flight.add(inbound)
        try:
            if endpoint:
                await self.serve_call(inbound)
            else:
                await self._serve_other(inbound)
        except ClientLeft:
            pass
        except JournalFull:
            self._unrecorded(inbound)
        except Exception:
            if not inbound.call.status:  # a defect of ours: the call ends all the same, and with it its upstream's part
                self._refuse(inbound, internal_error())
            raise
        finally:
            self.in_flight.discard(inbound)
            request.on_disconnect = None

    async def serve_call(self, inbound: Inbound) -> None:
        """receive → authenticate → authorise → plan → attempt → relay → settle → record"""
        try:
            key = self._admit(inbound)
            inbound.body = parse_object(await inbound.request.body(self.settings.caps.body_bytes))
            attribute(inbound.call, inbound.headers, inbound.body)
            model = required_model(inbound.body)
            inbound.call.requested_model = model if model in self.settings.routes else claimed(model)
            route = authorise(self.settings, key, model)
            self._open(inbound, route)
            await self._relay(inbound, await self._attempt(inbound, route))
        except Refusal as refusal:
            self._refuse(inbound, refusal)
        except UpstreamFailed as failure:
            self._broken(inbound, failure)

    # stages

    def _admit(self, inbound: Inbound) -> KeyRecord:
        if inbound.request.refusal:
            raise inbound.request.refusal
        if self.draining:
            raise overloaded("The gateway is shutting down.")
        key = authenticate(inbound, self.keys)
        call = inbound.call
        call.key_id, call.key_name = key.kid, key.name
        call.team, call.project, call.environment = key.team, key.project, key.environment
        call.config_version = self.settings.config_version
        if self.journal.full:
            raise ledger_full()
        return key

    def _open(self, inbound: Inbound, route: Route) -> None:
        """Write what this call will probably cost before anything is bought."""
        call = inbound.call
        first = route.targets[0]
        call.route = route.name
        call.route_version = route.version or None
        call.stream = inbound.body.get("stream") is True and call.endpoint != "embeddings"
        call.provider, call.model, call.dialect = first.provider, first.model, "openai-chat"
        self.meter.estimate(call, self.settings.providers[first.provider], first.model, inbound.body)
        try:
            self.journal.open(call)
        except JournalFull:
            raise ledger_full() from None
        inbound.journalled = True
        self.live.started(call)
        self.live.key_used(call)

    async def _attempt(self, inbound: Inbound, route: Route) -> Exchange:
        """The first target that answers with a reply worth relaying; one deadline over all tries."""
        total_due = asyncio.get_running_loop().time() + route.deadlines.total
        upstreams = self._upstreams  # a reload replaces the table, it does not change it
        for target in route.targets:
            last = target is route.targets[-1]
            body = openai_chat.upstream_body(inbound.body, target.model, inbound.call.stream)
            call = inbound.call
            call.provider, call.model = target.provider, target.model
            upstream = inbound.upstream = upstreams[target.provider]
            call.provider_key = upstream.key.id if upstream.key else None
            try:
                exchange, _ = await attempt(inbound, upstream, target, body, route.deadlines, total_due)
            except AttemptFailed as failed:
                if _lost(inbound) and not last:
                    self._lose(inbound)
                if last or not failed.may_go_elsewhere:
                    retried = failed.refusal.status == 502 and len(inbound.attempts) > 1
                    if retried and DO_NOT_RETRY[0] not in failed.refusal.headers:
                        failed.refusal.headers += DO_NOT_RETRY
                    raise failed.refusal from failed
            else:
                return exchange
        raise AssertionError("a route has at least one target")

    async def _relay(self, inbound: Inbound, exchange: Exchange) -> None:
        if inbound.call.stream:
            await self._relay_stream(inbound, exchange)
        else:
            await self._relay_plain(inbound, exchange)

    async def _relay_plain(self, inbound: Inbound, exchange: Exchange) -> None:
        caps = self.settings.caps
        check_encoding(exchange)
        waited = time.perf_counter_ns()
        try:
            held, whole = await relay_plain.hold(exchange, caps)
        finally:
            inbound.upstream_ns += time.perf_counter_ns() - waited
        if not is_json(exchange):
            raise upstream_fault(502, "upstream_invalid", "The provider's reply is not JSON.")
        reply = relay_plain.PlainReply()
        if whole:
            reply.read(held)
            self._settle(inbound, reply, whole=True)
            self._close(inbound, "ok", 200)
            inbound.request.reply(200, plain_headers(inbound, priced=True), held)
            return
        length = exchange.headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > caps.reply_bytes:
            exchange.abort("upstream_invalid", "the reply is too long")
            raise upstream_fault(502, "upstream_invalid", "The provider's reply is too long.")
        known = [(b"content-length", length)] if length.isdigit() else []
        await inbound.request.start(200, plain_headers(inbound, priced=False) + known)
        try:
            body, unsent = await relay_plain.stream_rest(inbound, exchange, held, caps.reply_bytes)
            reply.read(body)
        except relay_plain.ReplyTooLong:
            exchange.abort("upstream_invalid", "the reply is too long")
            raise upstream_fault(502, "upstream_invalid", "The provider's reply is too long.") from None
        self._settle(inbound, reply, whole=True)
        if self._left_before_the_end(inbound):
            return
        inbound.request.finish(unsent)

    async def _relay_stream(self, inbound: Inbound, exchange: Exchange) -> None:
        check_encoding(exchange)
        if not is_stream(exchange):
            raise await not_a_stream(exchange)
        tap = relay_stream.StreamTap(exchange, openai_chat.wants_usage(inbound.body), self.settings.caps)
        inbound.tap = tap
        waited = time.perf_counter_ns()
        try:
            first = await tap.next()
        finally:
            inbound.upstream_ns += time.perf_counter_ns() - waited
        await inbound.request.start(200, stream_headers(inbound))
        await relay_stream.relay_frames(inbound, tap, first)
        exchange.linger()
        self._settle(inbound, tap, whole=True)
        if self._left_before_the_end(inbound):
            return
        inbound.request.finish(closing_comment(inbound) + b"data: [DONE]\n\n")

    # how a call ends

    def _left_before_the_end(self, inbound: Inbound) -> bool:
        """Close a call whose reply is whole but for its last bytes: `ok`, unless nobody is there to take them."""
        if inbound.request.gone:
            self._close(inbound, "client_closed", 499, "client_closed")
            return True
        self._close(inbound, "ok", 200)
        return False

    def _settle(self, inbound: Inbound, seen: Seen, whole: bool) -> None:
        call = inbound.call
        assert inbound.upstream
        self.meter.settle(call, inbound.upstream.provider, call.model or "", inbound.body, seen, whole)
        self._add_lost(inbound)

    def _lose(self, inbound: Inbound) -> None:
        """A try was sent and lost, and another target is next: the provider may charge for it all the same."""
        assert inbound.upstream
        call = inbound.call
        self.meter.estimate(call, inbound.upstream.provider, call.model or "", inbound.body)
        inbound.lost_picos += call.cost_picos or 0

    def _free(self, inbound: Inbound) -> None:
        """Nothing was bought by the last try; what the lost ones before it may have cost stays."""
        self.meter.free(inbound.call)
        self._add_lost(inbound)

    def _add_lost(self, inbound: Inbound) -> None:
        call = inbound.call
        if inbound.lost_picos and call.cost_picos is not None:
            call.cost_picos += inbound.lost_picos
            call.cost_basis = "estimated"

    def _close(
        self, inbound: Inbound, status: str, http_status: int, kind: str | None = None, message: str | None = None
    ) -> None:
        """Write the call's last word. From here on the client may see the end of its reply."""
        call = inbound.call
        call.status, call.http_status, call.error_kind = status, http_status, kind
        call.error_message = redact(message)[:500] if message else None
        call.attempts = len(inbound.attempts)
        call.latency_us = inbound.elapsed_us()
        call.upstream_us = inbound.upstream_ns // 1000
        call.overhead_us = max(0, call.latency_us - call.upstream_us)
        if inbound.attempts and inbound.attempts[-1].status == "ok":
            last = inbound.attempts[-1]
            last.latency_us = call.started_at + call.latency_us - last.started_at
            if status != "ok":
                last.status, last.error_kind, last.error_message = status, kind, call.error_message
        if inbound.journalled:
            self.live.ended(call)
            inbound.journalled = False
        self.journal.close(call, inbound.attempts)

    def _refuse(self, inbound: Inbound, refusal: Refusal) -> None:
        """A stage said no, or an upstream's failure became the client's error."""
        if inbound.exchange and not inbound.exchange.complete:
            inbound.exchange.abort("upstream_invalid", refusal.code)
        if inbound.request.started:
            self._truncate(inbound, refusal)
            return
        if inbound.journalled and (refusal.code in _PERHAPS_BILLED or _lost(inbound)):
            self._settle_partial(inbound)
        else:
            self._free(inbound)
        if inbound.journalled:
            self._close(inbound, "error", refusal.status, refusal.code, refusal.message)
        else:
            self.live.refused(inbound.call)
            if self._refused_rows.may_write(inbound.call, refusal.code):
                self._close(inbound, "blocked", refusal.status, refusal.code, refusal.message)
        self._send_error(inbound, refusal)

    def _broken(self, inbound: Inbound, failure: UpstreamFailed) -> None:
        """The exchange failed while its reply was relayed, or the client went away."""
        if failure.kind == "client_closed":
            self._settle_partial(inbound)
            self._close(inbound, "client_closed", 499, "client_closed", failure.message)
            return
        self._refuse(inbound, refusal_for_failure(failure))

    def _truncate(self, inbound: Inbound, refusal: Refusal) -> None:
        """Headers are out: a stream ends in one error event, a plain reply in an unclean end."""
        self._settle_partial(inbound)
        self._close(inbound, "truncated", 200, refusal.code, refusal.message)
        if inbound.call.stream:
            inbound.request.finish(relay_stream.error_event(refusal))
        else:
            inbound.request.cut()

    def _settle_partial(self, inbound: Inbound) -> None:
        """What a broken call has cost: nothing where it was not sent, or was answered with an error's status."""
        if inbound.exchange is None or not inbound.exchange.sent or inbound.exchange.status not in (0, 200):
            self._free(inbound)
            return
        if inbound.tap is None and not inbound.call.stream:  # nothing was seen of it: what was reckoned with stands
            assert inbound.upstream
            call = inbound.call
            self.meter.estimate(call, inbound.upstream.provider, call.model or "", inbound.body)
            self._add_lost(inbound)
            return
        self._settle(inbound, inbound.tap or Seen(), whole=False)

    def _unrecorded(self, inbound: Inbound) -> None:
        """The record could not be written: the reply must not look complete."""
        if inbound.request.started:
            inbound.request.cut()
        else:
            self._send_error(inbound, ledger_full())

    def _send_error(self, inbound: Inbound, refusal: Refusal) -> None:
        body = refusal.openai_body()
        headers: Headers = [
            JSON,
            *id_headers(inbound),
            *refusal.headers,
        ]
        if inbound.attempts:
            headers.append((b"x-gatewatch-attempts", b"%d" % len(inbound.attempts)))
        if refusal.close:
            inbound.request.keep_alive = False
        inbound.request.reply(refusal.status, headers, body)

    # everything that is not a call

    async def _serve_other(self, inbound: Inbound) -> None:
        method, path = inbound.request.method, inbound.request.path
        try:
            key = self._admit(inbound)
            if method == "GET" and (path == "/v1/models" or path.startswith("/v1/models/")):
                await self._models(inbound, key, path.removeprefix("/v1/models").removeprefix("/"))
                return
            known = path in ENDPOINTS or path.startswith("/v1/models")
            raise Refusal(
                405 if known else 404,
                "method_not_allowed" if known else "unknown_url",
                f"{method} is not served here." if known else "There is nothing at this URL.",
                headers=((b"allow", b"POST" if path in ENDPOINTS else b"GET"),) if known else (),
            )
        except Refusal as refusal:
            self._refuse(inbound, refusal)

    async def _models(self, inbound: Inbound, key: KeyRecord, wanted: str) -> None:
        entries = await self._model_list.entries(self.settings, self._upstreams, key)
        if wanted:
            found = [entry for entry in entries if entry["id"] == wanted]
            if not found:
                raise Refusal(404, "model_not_found", "This model does not exist here.", param="model")
            body = msgspec.json.encode(found[0])
        else:
            body = msgspec.json.encode({"object": "list", "data": entries})
        inbound.request.reply(200, [JSON, *id_headers(inbound)], body)

    def _health(self, request: Request) -> None:
        """`live`: the process answers. `ready`: it takes calls. Nothing else is told."""
        ready = not self.draining and not self.journal.full
        if request.refusal:
            status, body = request.refusal.status, b"refused\n"
            request.keep_alive = False
        elif request.method not in ("GET", "HEAD") or request.path not in ("/health/live", "/health/ready"):
            status, body = 404, b"not found\n"
        elif request.path == "/health/live" or ready:
            status, body = 200, b"ok\n"
        else:
            status, body = 503, b"not ready\n"
        request.reply(status, [(b"content-type", b"text/plain")], body)
