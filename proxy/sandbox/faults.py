"""Every fault by its name. A model called like one misbehaves so; `x-sandbox-fault` does it for any model."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from proxy.sandbox import broken_replies as broken
from proxy.sandbox.answer import Answer
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.exchange import Exchange, Reply
from proxy.sandbox.manners import REFUSALS, Manners
from proxy.sandbox.wire import HTML, http_date

PREFIX = "fault-"

_SECONDS_TO_THE_DATE = 2


def _refusal(name: str) -> "Fault":
    def refuse(exchange: Exchange, _answer: Answer, demands: Demands) -> Reply:
        found = exchange.manners.refusals[name]
        error = found.error(exchange.model or "")
        retry_after = found.retry_after if demands.retry_after is None else demands.retry_after
        if retry_after:
            exchange.manners.come_back_after(error, retry_after)
        raise error

    return refuse


_limited = _refusal("429")


def _refuse_key(exchange: Exchange, _answer: Answer, _demands: Demands) -> Reply:
    raise exchange.manners.wrong_key(exchange.request)


def _refuse_model(exchange: Exchange, _answer: Answer, _demands: Demands) -> Reply:
    raise exchange.manners.unknown_model(exchange.model or "")


def _limit_until_a_date(exchange: Exchange, answer: Answer, demands: Demands) -> Reply:
    date = demands.retry_after or http_date(time.time() + _SECONDS_TO_THE_DATE)
    return _limited(exchange, answer, replace(demands, retry_after=date))


def _limit_with_resets_only(exchange: Exchange, answer: Answer, demands: Demands) -> Reply:
    try:
        return _limited(exchange, answer, replace(demands, retry_after=""))
    except ApiError as error:
        exchange.manners.come_back_at_reset(error, demands.reset)
        raise


def _bad_gateway_page(exchange: Exchange, _answer: Answer, _demands: Demands) -> Reply:
    return exchange.plain(broken.BAD_GATEWAY_PAGE, 502, HTML)


def _redirect(exchange: Exchange, _answer: Answer, demands: Demands) -> Reply:
    host = (exchange.request.header(b"host") or b"localhost").decode("latin-1")
    location = demands.location or f"http://{host}/__sandbox/redirected"
    return exchange.plain(b"Found.\n", 302, HTML, extra=f"Location: {location}\r\n")


Fault = Callable[[Exchange, Answer, Demands], Reply]

FAULTS: dict[str, Fault] = {
    **{name: _refusal(name) for name in REFUSALS},
    "401": _refuse_key,
    "404": _refuse_model,
    "429-date": _limit_until_a_date,
    "429-reset": _limit_with_resets_only,
    "502-html": _bad_gateway_page,
    "redirect": _redirect,
    "html": broken.page,
    "200-error": broken.error_in_a_good_reply,
    "empty": broken.nothing,
    "truncated-json": broken.half_the_json,
    "gzip": broken.compressed,
    "short-body": broken.shorter_than_said,
    "stall": broken.stall,
    "close": broken.close_without_a_word,
    "reset": broken.reset_without_a_word,
    "reset-body": broken.reset_in_the_middle,
    "cut-stream": broken.end_in_the_middle,
    "no-done": broken.clean_end_too_soon,
    "half-frame": broken.half_a_frame,
    "bad-json": broken.malformed_frame,
    "bad-crc": broken.wrong_checksum,
    "error-event": broken.error_event,
    "huge": broken.huge,
    "huge-chunked": broken.huge_chunked,
    "gzip-bomb": broken.gzip_bomb,
    "long-line": broken.long_line,
    "crlf": broken.carriage_returns,
    "drip": broken.drip,
    "close-after": broken.close_after,
}
"""Faults that take the place of the good reply: error replies, and good ones harmed on the wire."""

TWISTS: dict[str, Callable[[Demands, Manners], Demands]] = {
    "no-usage": lambda demands, _: replace(demands, without_usage=True),
    "bad-usage": lambda demands, manners: replace(demands, usage=demands.usage or manners.bad_usage),
    "other-model": lambda demands, _: replace(demands, model=demands.model or "some-other-model"),
    "tiny-events": lambda demands, _: replace(demands, chunks=demands.chunks or 10_000),
    "slow-first-byte": lambda demands, _: replace(
        demands, latency_ms=120_000 if demands.latency_ms is None else demands.latency_ms
    ),
}
"""Faults that change what the good reply says, or when."""

NAMES: tuple[str, ...] = tuple(sorted(PREFIX + name for name in (*FAULTS, *TWISTS)))
