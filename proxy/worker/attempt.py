"""Attempt: one try at one upstream, from the request to a reply that is worth relaying."""

import time

from gatewatch.call import Attempt
from gatewatch.redact import redact
from proxy.dialects.openai_chat import tap as openai_chat
from proxy.refusal import Refusal
from proxy.settings import Deadlines, Provider, Target
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.upstream.pool import Pool
from proxy.worker.inbound import Inbound
from proxy.worker.upstream_error import refusal_for_failure, refusal_for_status

ERROR_BODY_BYTES = 64 * 1024
ERROR_BODY_SECONDS = 2.0
_NEXT_TARGET = frozenset({429, 500, 502, 503, 504, 529, 401, 402, 403})


class Upstream:
    """One provider as the worker reaches it: its sockets and the request heads that never change."""

    def __init__(self, provider: Provider, agent: str) -> None:
        self.provider = provider
        self.pool = Pool(provider)
        self.key = provider.keys[0] if provider.keys else None
        origin = self.pool.origin
        fields = {
            "host": origin.authority,
            "user-agent": agent,
            "accept": "application/json, text/event-stream",
            "accept-encoding": "identity",
            "content-type": "application/json",
            **provider.headers,
        }
        if self.key and self.key.secret:
            fields["authorization"] = f"Bearer {self.key.secret}"
        rest = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._heads = {
            endpoint: f"POST {origin.path}{path} HTTP/1.1\r\n{rest}content-length: ".encode("latin-1")
            for endpoint, path in openai_chat.PATHS.items()
        }
        self.models_head = f"GET {origin.path}/models HTTP/1.1\r\n{rest}\r\n".encode("latin-1")

    def head(self, endpoint: str, length: int, passed: bytes) -> bytes:
        return b"%s%d\r\n%s\r\n" % (self._heads[endpoint], length, passed)


class AttemptFailed(Exception):
    """This try is over without a reply to relay; `refusal` is what the client gets if there is no other."""

    def __init__(self, refusal: Refusal, *, may_go_elsewhere: bool) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.may_go_elsewhere = may_go_elsewhere


async def attempt(
    inbound: Inbound, upstream: Upstream, target: Target, body: bytes, deadlines: Deadlines, total_due: float
) -> tuple[Exchange, Attempt]:
    """Send the request and wait for a reply with status 200. Raises AttemptFailed, UpstreamFailed (client_closed)."""
    record = Attempt(
        call_id=inbound.call.call_id,
        started_at=time.time_ns() // 1000,
        n=len(inbound.attempts) + 1,
        provider=target.provider,
        model=target.model,
        provider_key=upstream.key.id if upstream.key else None,
    )
    inbound.attempts.append(record)
    exchange = Exchange(deadlines, total_due)
    inbound.exchange = exchange
    started = time.perf_counter_ns()
    try:
        if inbound.request.gone:
            exchange.abort("client_closed", "the client closed the connection")
        await upstream.pool.send(
            exchange,
            upstream.head(inbound.call.endpoint, len(body), _passed_headers(inbound, upstream)),
            body,
            deadlines,
        )
        await exchange.reply_started()
        record.connect_us = exchange.connect_us
        record.http_status = exchange.status
        record.upstream_request_id = _request_id(exchange)
        if exchange.status != 200:
            error_body = await read_some(exchange, ERROR_BODY_BYTES)
            refusal = refusal_for_status(exchange.status, error_body, exchange.headers)
            end_attempt(record, started, "error", refusal.code, refusal.message)
            raise AttemptFailed(refusal, may_go_elsewhere=exchange.status in _NEXT_TARGET)
    except UpstreamFailed as failure:
        if failure.kind == "client_closed":
            end_attempt(record, started, "client_closed", failure.kind, failure.message)
            raise
        refusal = refusal_for_failure(failure)
        end_attempt(record, started, "error", failure.kind, failure.message)
        raise AttemptFailed(refusal, may_go_elsewhere=failure.kind != "gateway_stopping") from failure
    finally:
        inbound.upstream_ns += time.perf_counter_ns() - started
    record.first_byte_us = (time.perf_counter_ns() - started) // 1000
    record.latency_us = record.first_byte_us
    return exchange, record


def end_attempt(record: Attempt, started_ns: int, status: str, kind: str | None, message: str | None) -> None:
    record.status = status
    record.error_kind = kind
    record.error_message = redact(message)[:500] if message else None
    record.latency_us = (time.perf_counter_ns() - started_ns) // 1000


async def read_some(exchange: Exchange, limit: int) -> bytes:
    """The beginning of an error's body; the rest of it, or its failure, does not matter."""
    exchange.hurry(ERROR_BODY_SECONDS)
    parts, size = [], 0
    try:
        while size < limit and (data := await exchange.read()):
            parts.append(data)
            size += len(data)
    except UpstreamFailed as failure:
        if failure.kind == "client_closed":
            raise
    if not exchange.complete:
        exchange.abort("upstream_invalid", "the error's body is too long")
    return b"".join(parts)[:limit]


def _passed_headers(inbound: Inbound, upstream: Upstream) -> bytes:
    """The few request headers of a client that an upstream gets; those of the sandbox provider stay on this machine."""
    passed = b""
    if (key := inbound.headers.get(b"idempotency-key")) and len(key) <= 256 and key.isascii():
        passed = b"idempotency-key: %s\r\n" % key
    if upstream.provider.allow_private:
        for name, value in inbound.headers.items():
            if name.startswith(b"x-sandbox-"):
                passed += b"%s: %s\r\n" % (name, value)
    return passed


def _request_id(exchange: Exchange) -> str | None:
    value = exchange.headers.get(b"x-request-id") or exchange.headers.get(b"request-id")
    return value[:100].decode("latin-1") if value else None
