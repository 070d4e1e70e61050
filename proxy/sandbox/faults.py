"""Every fault by its name. A model called like one misbehaves so; `x-sandbox-fault` does it for any model."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from proxy.sandbox import broken_replies as broken
from proxy.sandbox.answer import Answer
from proxy.sandbox.api_error import ApiError, unknown_model, wrong_key
from proxy.sandbox.demands import Demands
from proxy.sandbox.exchange import Exchange, Reply
from proxy.sandbox.wire import HTML, http_date, limits_reached

PREFIX = "fault-"

_LIMIT_TEXT = (
    "Rate limit reached for {model} in organization org-sandbox on requests per min (RPM): Limit 3, Used 3, "
    "Requested 1. Please try again in 1s. Visit https://platform.openai.com/account/rate-limits to learn more."
)
_CONTEXT_TEXT = (
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. Please "
    "reduce the length of the messages."
)
_COUNTRY_TEXT = "Country, region, or territory not supported"
_BAD_USAGE = (
    '{"prompt_tokens":-7,"completion_tokens":"many","total_tokens":1.5,'
    '"prompt_tokens_details":{"cached_tokens":1000000}}'
)
_SECONDS_TO_THE_DATE = 2
_QUOTA_TEXT = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)


class Refusal:
    """One error reply. Its text may name the `{model}`."""

    def __init__(
        self,
        status: int,
        message: str,
        type: str,
        code: str | None = None,
        param: str | None = None,
        retry_after: str = "",
    ) -> None:
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param
        self.retry_after = retry_after

    def __call__(self, exchange: Exchange, _answer: Answer, demands: Demands) -> Reply:
        retry_after = self.retry_after if demands.retry_after is None else demands.retry_after
        raise ApiError(
            self.status,
            self.message.replace("{model}", exchange.model or ""),
            type=self.type,
            param=self.param,
            code=self.code,
            headers=f"Retry-After: {retry_after}\r\n" if retry_after else "",
        )


_limited = Refusal(429, _LIMIT_TEXT, "requests", "rate_limit_exceeded", retry_after="1")


def _refuse_key(exchange: Exchange, _answer: Answer, _demands: Demands) -> Reply:
    authorization = exchange.request.header(b"authorization") or b""
    raise wrong_key(authorization.partition(b" ")[2].decode("latin-1"))


def _refuse_model(exchange: Exchange, _answer: Answer, _demands: Demands) -> Reply:
    raise unknown_model(exchange.model or "")


def _limit_until_a_date(exchange: Exchange, answer: Answer, demands: Demands) -> Reply:
    date = demands.retry_after or http_date(time.time() + _SECONDS_TO_THE_DATE)
    return _limited(exchange, answer, replace(demands, retry_after=date))


def _limit_with_resets_only(exchange: Exchange, answer: Answer, demands: Demands) -> Reply:
    try:
        return _limited(exchange, answer, replace(demands, retry_after=""))
    except ApiError as error:
        error.headers = limits_reached(demands.reset or "1s")
        raise


def _bad_gateway_page(exchange: Exchange, _answer: Answer, _demands: Demands) -> Reply:
    return exchange.plain(broken.BAD_GATEWAY_PAGE, 502, HTML)


def _redirect(exchange: Exchange, _answer: Answer, demands: Demands) -> Reply:
    host = (exchange.request.header(b"host") or b"localhost").decode("latin-1")
    location = demands.location or f"http://{host}/__sandbox/redirected"
    return exchange.plain(b"Found.\n", 302, HTML, extra=f"Location: {location}\r\n")


Fault = Callable[[Exchange, Answer, Demands], Reply]

FAULTS: dict[str, Fault] = {
    "400": Refusal(400, _CONTEXT_TEXT, "invalid_request_error", "context_length_exceeded", "messages"),
    "401": _refuse_key,
    "402": Refusal(402, "Insufficient credits. Add more and try again.", "insufficient_quota", "insufficient_quota"),
    "403": Refusal(403, _COUNTRY_TEXT, "request_forbidden", "unsupported_country_region_territory"),
    "404": _refuse_model,
    "409": Refusal(409, "The resource was changed by another request.", "invalid_request_error", "conflict"),
    "413": Refusal(413, "The request is too large.", "invalid_request_error", "request_too_large"),
    "422": Refusal(422, "The request could not be processed.", "invalid_request_error", "unprocessable_entity"),
    "429": _limited,
    "429-date": _limit_until_a_date,
    "429-quota": Refusal(429, _QUOTA_TEXT, "insufficient_quota", "insufficient_quota"),
    "429-reset": _limit_with_resets_only,
    "500": Refusal(500, "The server had an error while processing your request. Sorry about that!", "server_error"),
    "502-html": _bad_gateway_page,
    "503": Refusal(503, "The engine is currently overloaded, please try again later.", "server_error", retry_after="1"),
    "504": Refusal(504, "The upstream did not answer in time.", "server_error", "timeout"),
    "529": Refusal(529, "Overloaded", "overloaded_error", "overloaded"),
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

TWISTS: dict[str, Callable[[Demands], Demands]] = {
    "no-usage": lambda demands: replace(demands, without_usage=True),
    "bad-usage": lambda demands: replace(demands, usage=demands.usage or _BAD_USAGE),
    "other-model": lambda demands: replace(demands, model=demands.model or "some-other-model"),
    "tiny-events": lambda demands: replace(demands, chunks=demands.chunks or 10_000),
    "slow-first-byte": lambda demands: replace(
        demands, latency_ms=120_000 if demands.latency_ms is None else demands.latency_ms
    ),
}
"""Faults that change what the good reply says, or when."""

NAMES: tuple[str, ...] = tuple(sorted(PREFIX + name for name in (*FAULTS, *TWISTS)))
