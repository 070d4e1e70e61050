"""Attempt: one try at one upstream, from the request to a reply that is worth relaying."""

import time

from gatewatch.call import Attempt
from gatewatch.known_secret import bytes_without_known
from gatewatch.redact import redact
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.settings import Deadlines, Route, Target
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.key_fault import KeyFault, key_fault
from proxy.worker.signers import CannotSign
from proxy.worker.upstream_error import refusal_for, refusal_for_failure, told, wait_of

ERROR_BODY_BYTES = 64 * 1024
ERROR_BODY_SECONDS = 2.0
_REQUEST_IDS = (
    b"x-request-id",  # OpenAI and most of its kin
    b"request-id",  # Anthropic
    b"x-amzn-requestid",  # AWS
    b"apim-request-id",  # Azure
    b"x-generation-id",  # OpenRouter
    b"mistral-correlation-id",
    b"x-ds-trace-id",  # DeepSeek
    b"x-debug-trace-id",  # Cohere
)
"""What providers call a request in their replies, so that their support finds it."""
_OF_THE_REQUEST = frozenset({400, 404, 413, 422})
_NEXT_TARGET = frozenset({408, 429, 500, 502, 503, 504, 529, 401, 402, 403})
_SAY_WHEN = frozenset({429, 503, 529})
OF_THE_PROVIDER = frozenset(
    {
        *("upstream_unreachable", "upstream_tls", "upstream_timeout", "upstream_truncated", "upstream_invalid"),
        *("upstream_error", "upstream_overloaded"),
    }
)
"""Codes of failures that are the provider's own: neither the request's, nor a key's, nor a rate's."""


class AttemptFailed(Exception):
    """This try is over without a reply to relay; `refusal` is what the client gets if there is no other."""

    def __init__(
        self,
        refusal: Refusal,
        *,
        may_go_elsewhere: bool,
        fault: KeyFault | None = None,
        of_the_key: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.may_go_elsewhere = may_go_elsewhere
        self.fault = fault
        """What the provider said of the key."""
        self.of_the_key = of_the_key
        """Whether another key of the same provider may do better."""
        self.wait = wait
        """Seconds that the provider wants this key to wait."""
        self.headers: dict[bytes, bytes] = {}
        """Of the provider's reply."""
        self.answered = False
        """Whether the provider has said so itself, with a status."""
        self.was_lost = False
        """Whether the reply had begun to come: what it cost is to be counted before the next try."""
        self.again: float | None = None
        """Seconds after which the call may come again, whichever target is the first that takes it."""

    def and_not_asked(self, target: Target, because: Refusal) -> "AttemptFailed":
        """This stays the answer, and the row says which other target was not asked and why."""
        why = f"{target.provider}/{target.model} was not asked: {because.reason or because.message}"
        self.refusal.reason = f"{self.refusal.reason}; {why}" if self.refusal.reason else why
        self.refusal.rule = self.refusal.rule or because.rule
        return self

    @property
    def of_the_provider(self) -> bool:
        """Whether the provider itself is unwell."""
        return not self.of_the_key and self.refusal.code in OF_THE_PROVIDER

    @property
    def is_overload(self) -> bool:
        """Whether it says that it is too busy (503, 529): the same may go well in a moment, and nothing was done."""
        return not self.of_the_key and self.refusal.code == "upstream_overloaded" and not self.was_lost

    @property
    def of_the_request(self) -> bool:
        """Whether the provider took the key, and only found fault with what it was asked."""
        return not self.of_the_key and self.refusal.status in _OF_THE_REQUEST


async def attempt(
    inbound: Inbound,
    channel: Channel,
    target: Target,
    body: bytes,
    route: Route,
    deadlines: Deadlines,
    total_due: float,
) -> tuple[Exchange, Attempt]:
    """Send the request and wait for a reply with status 200. Raises AttemptFailed, UpstreamFailed (client_closed)."""
    record = Attempt(
        call_id=inbound.call.call_id,
        started_at=time.time_ns() // 1000,
        n=len(inbound.attempts) + 1,
        provider=target.provider,
        model=target.model,
        provider_key=channel.key.id,
    )
    inbound.attempts.append(record)
    exchange = Exchange(deadlines, total_due)
    inbound.exchange = exchange
    started = time.perf_counter_ns()
    try:
        if inbound.is_left:
            exchange.abort("client_closed", "the client closed the connection")
        call = inbound.call
        passed = _passed_headers(inbound, channel, opt_out=route.opt_out)
        if channel.signer:
            passed += await channel.signed_headers(call.endpoint, target.model, call.stream, body)
        head = channel.head(call.endpoint, target.model, call.stream, len(body), passed)
        await channel.pool.send(exchange, head, body, deadlines)
        await exchange.reply_started()
        record.first_byte_us = (time.perf_counter_ns() - started) // 1000
        record.http_status = exchange.status
        record.upstream_request_id = _request_id(exchange)
        if exchange.status != 200:
            error_body = bytes_without_known(await read_some(exchange, ERROR_BODY_BYTES), channel.key.secret)
            error = channel.dialect.read_error(exchange.status, error_body)
            refusal = refusal_for(error, exchange.headers)
            end_attempt(record, started, "error", refusal.code, told(error))
            wait = wait_of(error, exchange.headers) if exchange.status in _SAY_WHEN else None
            failed = failed_by(error, refusal, wait)
            failed.answered, failed.headers = True, exchange.headers
            raise failed
    except CannotSign as error:
        refusal = upstream(502, "upstream_auth", "The gateway has no credentials for the provider.", DO_NOT_RETRY)
        end_attempt(record, started, "error", refusal.code, str(error))
        raise AttemptFailed(refusal, may_go_elsewhere=True, of_the_key=True) from None
    except UpstreamFailed as failure:
        if failure.kind == "client_closed":
            end_attempt(record, started, "client_closed", failure.kind, failure.message)
            raise
        refusal = refusal_for_failure(failure)
        end_attempt(record, started, "error", failure.kind, failure.message)
        raise AttemptFailed(refusal, may_go_elsewhere=failure.kind != "gateway_stopping") from failure
    finally:
        record.connect_us = exchange.connect_us
        inbound.upstream_ns += time.perf_counter_ns() - started
    record.latency_us = record.first_byte_us
    return exchange, record


def failed_by(error: ProviderError, refusal: Refusal, wait: float | None = None) -> AttemptFailed:
    """What a provider said went wrong, and what may be done about it."""
    fault = key_fault(error)
    of_the_key = fault is not None or error.of_key is not None or error.status == 429
    elsewhere = of_the_key or error.status in _NEXT_TARGET or refusal.code == "upstream_error"
    return AttemptFailed(refusal, may_go_elsewhere=elsewhere, fault=fault, of_the_key=of_the_key, wait=wait)


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


def _passed_headers(inbound: Inbound, channel: Channel, *, opt_out: bool) -> bytes:
    """The few request headers of a client that an upstream gets; those of the sandbox provider stay on this machine."""
    own_dialect = inbound.call.endpoint in channel.dialect.endpoints
    passed = channel.varying_headers(inbound.headers, own_dialect=own_dialect)
    if (key := inbound.headers.get(b"idempotency-key")) and len(key) <= 256 and key.isascii():
        passed += b"idempotency-key: %s\r\n" % key
    if opt_out:
        for own, said in channel.provider.quirks.opt_out_headers.items():
            passed += b"%s: %s\r\n" % (own.encode("latin-1"), said.encode("latin-1"))
    if channel.provider.allow_private:
        for name, value in inbound.headers.items():
            if name.startswith(b"x-sandbox-"):
                passed += b"%s: %s\r\n" % (name, value)
    return passed


def _request_id(exchange: Exchange) -> str | None:
    for name in _REQUEST_IDS:
        if value := exchange.headers.get(name):
            return value[:100].decode("latin-1")
    return None
