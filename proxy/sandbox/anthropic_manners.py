"""Anthropic's manners: x-api-key (or Bearer) and anthropic-version, typed errors with a request id, RFC 3339 resets.

Shapes: platform.claude.com/docs/en/api/errors, …/rate-limits, …/versioning.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from proxy.sandbox.anthropic_words import complaint
from proxy.sandbox.api_error import ApiError, misfit
from proxy.sandbox.manners import Manners, Refusal

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request

VERSIONS = (b"2023-01-01", b"2023-06-01", b"2026-10-21")

ORGANIZATION = "5a6d6f78-0000-4000-8000-73616e64626f"

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The error types by their status; `api_error` for the rest."""

_LIMITS = {"requests": 4_000, "tokens": 2_400_000, "input-tokens": 2_000_000, "output-tokens": 400_000}

_LIMIT_TEXT = (
    "This request would exceed your organization's rate limit of 4,000 requests per minute (org: sandbox, model: "
    "{model}). For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for "
    "current usage. Please reduce the prompt length or the maximum tokens requested, or try again later."
)
_CREDIT_TEXT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
_SPEND_TEXT = "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."


class AnthropicManners(Manners):
    """Those of every Anthropic endpoint."""

    refusals: ClassVar[Mapping[str, Refusal]] = {
        "400": Refusal(400, "prompt is too long: 208310 tokens > 200000 maximum"),
        "402": Refusal(402, _CREDIT_TEXT),
        "403": Refusal(403, "Your API key does not have permission to use the specified resource."),
        "409": Refusal(409, "The resource was changed by another request."),
        "413": Refusal(413, "Request exceeds the maximum size"),
        "422": Refusal(422, "The request could not be processed."),
        "429": Refusal(429, _LIMIT_TEXT, retry_after="1"),
        "429-quota": Refusal(429, _SPEND_TEXT, details={"error_code": "enforced_spend_limit_reached"}),
        "500": Refusal(500, "Internal server error"),
        "503": Refusal(503, "Service temporarily unavailable", retry_after="1"),
        "504": Refusal(504, "The request timed out while being processed."),
        "529": Refusal(529, "Overloaded"),
    }
    bad_usage = '{"input_tokens":-7,"output_tokens":"many","cache_read_input_tokens":1.5}'
    opening = 3
    """message_start, content_block_start, ping."""
    failing = "529"

    def check_key(self, request: "Request") -> None:
        key = request.header(b"x-api-key") or b""
        scheme, _, token = (request.header(b"authorization") or b"").partition(b" ")
        if not key and not (scheme.lower() == b"bearer" and token.strip()):
            raise ApiError(401, "x-api-key header is required")
        if (key or token).startswith(b"bad-"):
            raise self.wrong_key(request)
        version = request.header(b"anthropic-version")
        if not version:
            raise ApiError(400, "anthropic-version: header is required")
        if version not in VERSIONS:
            raise ApiError(400, f'anthropic-version: "{version.decode("latin-1")}" is not a valid version')

    def wrong_key(self, request: "Request") -> ApiError:
        return ApiError(401, "invalid x-api-key" if request.header(b"x-api-key") else "Invalid bearer token")

    def error_object(self, error: ApiError) -> dict[str, Any]:
        found = {"type": error.type or TYPES.get(error.status, "api_error"), "message": error.message}
        return found if error.details is None else {"details": error.details, **found}

    def error_body(self, error: ApiError, request_id: str) -> bytes:
        return msgspec.json.encode(
            {"type": "error", "error": self.error_object(error), "request_id": f"req_{request_id}"}
        )

    def error_event(self, error: ApiError, request_id: str) -> bytes:
        return b"event: error\ndata: " + self.error_body(error, request_id) + b"\n\n"

    def not_json(self) -> ApiError:
        return ApiError(400, "The request body is not valid JSON: expected value at line 1 column 1")

    def does_not_fit(self, error: msgspec.ValidationError, body: bytes) -> ApiError:
        return ApiError(400, complaint(misfit(error), body))

    def unknown_parameter(self, name: str) -> ApiError:
        return ApiError(400, f"{name}: Extra inputs are not permitted")

    def unknown_model(self, model: str) -> ApiError:
        return ApiError(404, f"model: {model}")

    def unknown_path(self, _method: str, _path: str) -> ApiError:
        return ApiError(404, "Not found")

    def wrong_method(self, _method: str, _path: str, allowed: str) -> ApiError:
        return ApiError(405, "Method Not Allowed", headers=f"Allow: {allowed}\r\n")

    def headers(self, request_id: str, processing_ms: int) -> str:
        return (
            f"request-id: req_{request_id}\r\n"
            f"anthropic-organization-id: {ORGANIZATION}\r\n"
            f"x-envoy-upstream-service-time: {processing_ms}\r\n"
        )

    def limits(self, prompt_tokens: int) -> str:
        used = {"requests": 1, "output-tokens": 0}
        reset = _rfc3339(time.time() + 1)
        return "".join(
            f"anthropic-ratelimit-{name}-limit: {limit}\r\n"
            f"anthropic-ratelimit-{name}-remaining: {max(0, limit - used.get(name, prompt_tokens))}\r\n"
            f"anthropic-ratelimit-{name}-reset: {reset}\r\n"
            for name, limit in _LIMITS.items()
        )

    def come_back_at_reset(self, error: ApiError, reset: str | None) -> None:
        reset = reset or _rfc3339(time.time() + 2)
        error.headers += "".join(
            f"anthropic-ratelimit-{name}-limit: {limit}\r\n"
            f"anthropic-ratelimit-{name}-remaining: 0\r\n"
            f"anthropic-ratelimit-{name}-reset: {reset}\r\n"
            for name, limit in _LIMITS.items()
        )


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


ANTHROPIC = AnthropicManners()
