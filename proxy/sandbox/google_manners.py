"""Google's manners: x-goog-api-key, `{"error":{code,message,status,details}}`, waits in the details, no headers.

Shapes: ai.google.dev/gemini-api/docs/troubleshooting and cloud.google.com/apis/design/errors.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs

import msgspec

from proxy.sandbox.api_error import ApiError, Misfit, misfit
from proxy.sandbox.manners import Manners, Refusal

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}

_RPC = "type.googleapis.com/google.rpc."
_SERVICE = "generativelanguage.googleapis.com"
_KEY_TEXT = "API key not valid. Please pass a valid API key."
_UNREGISTERED_TEXT = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
_QUOTA_TEXT = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_FAILED_TEXT = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)


def _violation(period: str) -> dict[str, Any]:
    return {
        "@type": f"{_RPC}QuotaFailure",
        "violations": [
            {
                "quotaMetric": f"{_SERVICE}/generate_content_requests",
                "quotaId": f"GenerateRequestsPer{period}PerProjectPerModel",
                "quotaDimensions": {"location": "global", "model": "sandbox"},
                "quotaValue": "3",
            }
        ],
    }


class GoogleManners(Manners):
    """Those of the Gemini API."""

    refusals: ClassVar[Mapping[str, Refusal]] = {
        "400": Refusal(400, "The input token count (1200001) exceeds the maximum number of tokens allowed (1048576)."),
        "402": Refusal(402, "Billing is not enabled for this project."),
        "403": Refusal(403, "Permission denied: the project has no access to this model."),
        "409": Refusal(409, "The operation was aborted."),
        "413": Refusal(413, "Request payload size exceeds the limit: 20971520 bytes."),
        "422": Refusal(422, "The request could not be processed."),
        "429": Refusal(429, _QUOTA_TEXT, retry_after="1", details=[_violation("Minute")]),
        "429-quota": Refusal(429, _QUOTA_TEXT, details=[_violation("Day")]),
        "500": Refusal(500, _FAILED_TEXT),
        "503": Refusal(503, "The model is overloaded. Please try again later."),
        "504": Refusal(504, "Deadline expired before operation could complete."),
        "529": Refusal(529, "The model is overloaded. Please try again later."),
    }
    bad_usage = '{"promptTokenCount":-7,"candidatesTokenCount":"many","totalTokenCount":1.5}'
    opening = 0

    def check_key(self, request: "Request") -> None:
        if "key" in parse_qs(request.target.partition(b"?")[2].decode("latin-1"), keep_blank_values=True):
            raise ApiError(400, "The sandbox refuses ?key=: a key in an address ends up in logs. Use x-goog-api-key.")
        key = request.header(b"x-goog-api-key")
        if not key:
            raise ApiError(403, _UNREGISTERED_TEXT)
        if key.startswith(b"bad-"):
            raise self.wrong_key(request)

    def wrong_key(self, _request: "Request") -> ApiError:
        reason = {
            "@type": f"{_RPC}ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": _SERVICE},
        }
        words = {"@type": f"{_RPC}LocalizedMessage", "locale": "en-US", "message": _KEY_TEXT}
        return ApiError(400, _KEY_TEXT, details=[reason, words])

    def error_body(self, error: ApiError, _request_id: str) -> bytes:
        found: dict[str, Any] = {"code": error.status, "message": error.message}
        found["status"] = error.type or STATUSES.get(error.status, "UNKNOWN")
        if error.details:
            found["details"] = error.details
        return msgspec.json.encode({"error": found})

    def error_event(self, error: ApiError, request_id: str) -> bytes:
        return b"data: " + self.error_body(error, request_id) + b"\r\n\r\n"

    def not_json(self) -> ApiError:
        return ApiError(400, "Invalid JSON payload received. Unexpected end of string. Expected a value.")

    def does_not_fit(self, error: msgspec.ValidationError, _body: bytes) -> ApiError:
        """In the words of Google's JSON transcoder."""
        found = misfit(error)
        if found.kind == "missing":
            return ApiError(400, f"* {_field(found)}: {found.place[-1]} is not specified")
        if found.kind == "unknown":
            at = _field(found._replace(place=found.place[:-1]))
            where = f" at '{at}'" if at else ""
            return _bad_request(
                at, f'Invalid JSON payload received. Unknown name "{found.place[-1]}"{where}: Cannot find field.'
            )
        at = _field(found)
        return _bad_request(at, f"Invalid value at '{at}': {found.complaint.replace('`', '')}")

    def unknown_parameter(self, name: str) -> ApiError:
        return _bad_request("", f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')

    def unknown_model(self, model: str) -> ApiError:
        message = (
            f"models/{model} is not found for API version v1beta, or is not supported for generateContent. Call "
            "ListModels to see the list of available models and their supported methods."
        )
        return ApiError(404, message)

    def headers(self, _request_id: str, processing_ms: int) -> str:
        return f"Server: scaffolding on HTTPServer2\r\nServer-Timing: gfet4t7; dur={processing_ms}\r\n"

    def come_back_after(self, error: ApiError, retry_after: str) -> None:
        """In the details, where it is a number of seconds; otherwise it was dictated as a header."""
        if retry_after.replace(".", "", 1).isdecimal():
            self.come_back_at_reset(error, f"{retry_after}s")
        else:
            super().come_back_after(error, retry_after)

    def come_back_at_reset(self, error: ApiError, reset: str | None) -> None:
        error.details = [*(error.details or ()), {"@type": f"{_RPC}RetryInfo", "retryDelay": reset or "1s"}]


def _field(found: Misfit) -> str:
    """`generation_config.top_k`: the names that protocol buffers use."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda capital: f"_{capital[0].lower()}", found.dotted)


def _bad_request(field: str, description: str) -> ApiError:
    violation = {"field": field, "description": description} if field else {"description": description}
    return ApiError(400, description, details=[{"@type": f"{_RPC}BadRequest", "fieldViolations": [violation]}])


GOOGLE = GoogleManners()
