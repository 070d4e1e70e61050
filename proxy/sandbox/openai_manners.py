"""OpenAI's manners: Bearer keys, `{"error":{message,type,param,code}}`, `x-ratelimit-*` with Go durations.

The words are those of api.openai.com; Azure's own manners are beside.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from proxy.sandbox.api_error import ApiError, misfit
from proxy.sandbox.manners import Manners, Refusal

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request

_REQUESTS_LIMIT = 10_000
_TOKENS_LIMIT = 2_000_000

_LIMIT_TEXT = (
    "Rate limit reached for {model} in organization org-sandbox on requests per min (RPM): Limit 3, Used 3, "
    "Requested 1. Please try again in 1s. Visit https://platform.openai.com/account/rate-limits to learn more."
)
_CONTEXT_TEXT = (
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. Please "
    "reduce the length of the messages."
)
_COUNTRY_TEXT = "Country, region, or territory not supported"
_FAILED_TEXT = "The server had an error while processing your request. Sorry about that!"
_BUSY_TEXT = "The engine is currently overloaded, please try again later."
_QUOTA_TEXT = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_NO_KEY_TEXT = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
_NOT_JSON_TEXT = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
)
_OPEN_ROUTER_ERROR = msgspec.json.encode(
    {"error": {"message": "Provider returned error", "code": 502, "metadata": {"provider_name": "sandbox"}}}
)


class OpenAiManners(Manners):
    """Those of Chat Completions, Completions and Embeddings."""

    refusals: ClassVar[Mapping[str, Refusal]] = {
        "400": Refusal(400, _CONTEXT_TEXT, "invalid_request_error", "context_length_exceeded", "messages"),
        "402": Refusal(
            402, "Insufficient credits. Add more and try again.", "insufficient_quota", "insufficient_quota"
        ),
        "403": Refusal(403, _COUNTRY_TEXT, "request_forbidden", "unsupported_country_region_territory"),
        "409": Refusal(409, "The resource was changed by another request.", "invalid_request_error", "conflict"),
        "413": Refusal(413, "The request is too large.", "invalid_request_error", "request_too_large"),
        "422": Refusal(422, "The request could not be processed.", "invalid_request_error", "unprocessable_entity"),
        "429": Refusal(429, _LIMIT_TEXT, "requests", "rate_limit_exceeded", retry_after="1"),
        "429-quota": Refusal(429, _QUOTA_TEXT, "insufficient_quota", "insufficient_quota"),
        "500": Refusal(500, _FAILED_TEXT, "server_error"),
        "503": Refusal(503, _BUSY_TEXT, "server_error", retry_after="1"),
        "504": Refusal(504, "The upstream did not answer in time.", "server_error", "timeout"),
        "529": Refusal(529, "Overloaded", "overloaded_error", "overloaded"),
    }
    bad_usage = (
        '{"prompt_tokens":-7,"completion_tokens":"many","total_tokens":1.5,'
        '"prompt_tokens_details":{"cached_tokens":1000000}}'
    )

    def check_key(self, request: "Request") -> None:
        scheme, key = _authorization(request)
        if scheme.lower() != "bearer" or not key.strip():
            raise ApiError(401, _NO_KEY_TEXT)
        if key.startswith("bad-"):
            raise self.wrong_key(request)

    def wrong_key(self, request: "Request") -> ApiError:
        """Shows the ends of the key, as OpenAI does: a gateway that passes this on gives away whose key it is."""
        _, key = _authorization(request)
        shown = f"{key[:8]}{'*' * 12}{key[-4:]}" if len(key) > 16 else "*" * len(key)
        found = "You can find your API key at https://platform.openai.com/api-keys."
        return ApiError(401, f"Incorrect API key provided: {shown}. {found}", code="invalid_api_key")

    def error_body(self, error: ApiError, _request_id: str) -> bytes:
        return msgspec.json.encode({"error": self.error_object(error)})

    def error_object(self, error: ApiError) -> dict[str, Any]:
        """The four fields."""
        type = error.type or ("server_error" if error.status >= 500 else "invalid_request_error")
        return {"message": error.message, "type": type, "param": error.param, "code": error.code}

    def error_event(self, error: ApiError, request_id: str) -> bytes:
        return b"data: " + self.error_body(error, request_id) + b"\n\n"

    def error_in_a_good_reply(self, _request_id: str) -> bytes:
        """As OpenRouter has them."""
        return _OPEN_ROUTER_ERROR

    def not_json(self) -> ApiError:
        return ApiError(400, _NOT_JSON_TEXT)

    def does_not_fit(self, error: msgspec.ValidationError, _body: bytes) -> ApiError:
        found = misfit(error)
        param = found.dotted or None
        if found.kind == "unknown":
            return self.unknown_parameter(found.dotted)
        if found.kind == "missing":
            if param == "model":
                return ApiError(400, "you must provide a model parameter")
            return ApiError(
                400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
            )
        message = f"Invalid {found.kind} for '{param or 'body'}': {found.complaint.replace('`', '')}."
        return ApiError(400, message, param=param, code=f"invalid_{found.kind}")

    def unknown_parameter(self, name: str) -> ApiError:
        return ApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")

    def unknown_model(self, model: str) -> ApiError:
        message = f"The model `{model}` does not exist or you do not have access to it."
        return ApiError(404, message, code="model_not_found")

    def unknown_path(self, method: str, path: str) -> ApiError:
        return ApiError(404, f"Invalid URL ({method} {path})")

    def wrong_method(self, method: str, path: str, allowed: str) -> ApiError:
        message = f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
        return ApiError(405, message, headers=f"Allow: {allowed}\r\n")

    def headers(self, request_id: str, processing_ms: int) -> str:
        return (
            f"openai-organization: sandbox\r\n"
            f"openai-processing-ms: {processing_ms}\r\n"
            f"openai-version: 2020-10-01\r\n"
            f"x-request-id: req_{request_id}\r\n"
        )

    def limits(self, prompt_tokens: int) -> str:
        return (
            f"x-ratelimit-limit-requests: {_REQUESTS_LIMIT}\r\n"
            f"x-ratelimit-limit-tokens: {_TOKENS_LIMIT}\r\n"
            f"x-ratelimit-remaining-requests: {_REQUESTS_LIMIT - 1}\r\n"
            f"x-ratelimit-remaining-tokens: {max(0, _TOKENS_LIMIT - prompt_tokens)}\r\n"
            f"x-ratelimit-reset-requests: 6ms\r\n"
            f"x-ratelimit-reset-tokens: {prompt_tokens * 60_000 // _TOKENS_LIMIT}ms\r\n"
        )

    def come_back_at_reset(self, error: ApiError, reset: str | None) -> None:
        reset = reset or "1s"
        error.headers += (
            f"x-ratelimit-limit-requests: {_REQUESTS_LIMIT}\r\n"
            f"x-ratelimit-limit-tokens: {_TOKENS_LIMIT}\r\n"
            f"x-ratelimit-remaining-requests: 0\r\n"
            f"x-ratelimit-remaining-tokens: 0\r\n"
            f"x-ratelimit-reset-requests: {reset}\r\n"
            f"x-ratelimit-reset-tokens: {reset}\r\n"
        )


def _authorization(request: "Request") -> tuple[str, str]:
    scheme, _, key = (request.header(b"authorization") or b"").decode("latin-1").partition(" ")
    return scheme, key


OPENAI = OpenAiManners()
