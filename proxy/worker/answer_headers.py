"""The response headers of ARCHITECTURE's wire contract, and the comment that closes a stream.

A header whose mechanism does not exist is absent, never filled. Names that a header cannot carry have `?` in them.
"""

from functools import lru_cache

from gatewatch.call import Call
from gatewatch.money import usd_text
from proxy.http_server.request import Headers
from proxy.worker.admission.told import rate_limit_headers
from proxy.worker.inbound import Inbound

JSON = (b"content-type", b"application/json")


def id_headers(inbound: Inbound) -> Headers:
    """What every answer carries. Anthropic's SDKs look for `request-id`."""
    call_id = inbound.call.call_id.encode()
    headers = [(b"x-request-id", call_id), (b"x-gatewatch-call-id", call_id)]
    if inbound.caller.name == "anthropic-messages":
        headers.append((b"request-id", call_id))
    return headers


def plain_headers(inbound: Inbound, *, priced: bool) -> Headers:
    """Of a plain reply; `priced` where the whole reply is known before its first byte goes out."""
    headers = [JSON, *_route_headers(inbound)]
    if priced:
        headers.append((b"x-gatewatch-cost-usd", cost_text(inbound)))
    return headers


_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


def stream_headers(inbound: Inbound) -> Headers:
    return [*_STREAM, *_route_headers(inbound)]


def opening_headers(inbound: Inbound) -> Headers:
    """Of a stream of which nobody knows yet who will answer it."""
    return [*_STREAM, *id_headers(inbound), *limit_headers(inbound)]


def late_comment(inbound: Inbound) -> bytes:
    """What such a stream could not say in its headers: each as a line of a comment before the first frame."""
    said = {name for name, _ in opening_headers(inbound)}
    late = [b": %s: %s\n" % header for header in _route_headers(inbound) if header[0] not in said]
    return b"".join(late) + b"\n"


def tried_headers(inbound: Inbound) -> Headers:
    """Of an error: whose words it may repeat. Nothing where no provider was asked."""
    if not inbound.attempts:
        return []
    return [
        (b"x-gatewatch-provider", _header_text(inbound.attempts[-1].provider)),
        (b"x-gatewatch-model", _header_text(inbound.attempts[-1].model)),
        (b"x-gatewatch-attempts", b"%d" % len(inbound.attempts)),
    ]


def limit_headers(inbound: Inbound) -> Headers:
    """What is left of its limits; nothing where it met none."""
    return rate_limit_headers(inbound.reserved.met, inbound.call.started_at) if inbound.reserved else []


def closing_comment(inbound: Inbound) -> bytes:
    """Stands before a stream's last event: the cost is known only then."""
    return b": gatewatch call_id=%s cost_usd=%s\n\n" % (inbound.call.call_id.encode(), cost_text(inbound))


def cost_text(inbound: Inbound) -> bytes:
    cost = inbound.call.cost_picos
    return b"unpriced" if cost is None else usd_text(cost).encode()


def _route_headers(inbound: Inbound) -> Headers:
    call = inbound.call
    overhead_us = inbound.elapsed_us() - inbound.upstream_ns // 1000 - call.queued_us
    dropped = inbound.passage.dropped if inbound.passage else call.dropped_params
    return [
        *id_headers(inbound),
        *([(b"x-gatewatch-dropped-params", _header_text(", ".join(dropped)))] if dropped else []),
        *([(b"x-gatewatch-degraded", call.degraded.encode())] if call.degraded else []),
        *_place_headers(call),
        (b"x-gatewatch-attempts", b"%d" % len(inbound.attempts)),
        (b"x-gatewatch-overhead-ms", b"%.3f" % (max(0, overhead_us) / 1000)),
        *([(b"x-gatewatch-cache", call.cache.encode())] if call.cache else []),
        *limit_headers(inbound),
    ]


def _place_headers(call: Call) -> Headers:
    """Who answered; nothing where the gateway has by itself."""
    if call.provider is None:
        return []
    return [(b"x-gatewatch-provider", _header_text(call.provider)), (b"x-gatewatch-model", _header_text(call.model))]


@lru_cache(maxsize=4096)
def _header_text(value: str | None) -> bytes:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in value or "").encode()
