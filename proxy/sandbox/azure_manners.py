"""Azure OpenAI's manners: the key in `api-key` (or Bearer), codes that are numbers in quotes, its own headers.

Shapes: learn.microsoft.com/azure/ai-services/openai/reference and the error replies in the issues of openai-dotnet.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.manners import Refusal
from proxy.sandbox.openai_manners import OpenAiManners

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request

_WRONG_KEY_TEXT = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
    "active subscription and use a correct regional API endpoint for your resource."
)
_DEPLOYMENTS = b"/openai/deployments/"
_LIMIT_TEXT = (
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded call "
    "rate limit of your current OpenAI S0 pricing tier. Please retry after 1 second. Please go here: "
    "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
)


class AzureManners(OpenAiManners):
    """OpenAI's, but for keys, some errors and headers."""

    refusals: ClassVar[Mapping[str, Refusal]] = {
        **OpenAiManners.refusals,
        "429": Refusal(429, _LIMIT_TEXT, code="429", retry_after="1"),
        "500": Refusal(500, "The server had an error while processing your request. Sorry about that!", code="500"),
    }

    def check_key(self, request: "Request") -> None:
        key = _key(request)
        if not key or key.startswith(b"bad-"):
            raise self.wrong_key(request)
        if request.target.startswith(_DEPLOYMENTS) and b"api-version=" not in request.target.partition(b"?")[2]:
            raise self.unknown_path(request.method, request.path)  # there is nothing without a version

    def wrong_key(self, _request: "Request") -> ApiError:
        return ApiError(401, _WRONG_KEY_TEXT, code="401")

    def error_body(self, error: ApiError, request_id: str) -> bytes:
        """Errors of Azure itself have a code and a message only; those of the models behind it have OpenAI's fields."""
        if isinstance(error.code, str) and error.code.isdecimal():
            return msgspec.json.encode({"error": {"code": error.code, "message": error.message}})
        return super().error_body(error, request_id)

    def unknown_model(self, _model: str) -> ApiError:
        message = (
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 "
            "minutes, please wait a moment and try again."
        )
        return ApiError(404, message, type="invalid_request_error", code="DeploymentNotFound")

    def unknown_path(self, _method: str, _path: str) -> ApiError:
        return ApiError(404, "Resource not found", code="404")

    def headers(self, request_id: str, _processing_ms: int) -> str:
        return f"apim-request-id: {request_id}\r\nx-ms-region: Sandbox\r\nx-request-id: {request_id}\r\n"


def _key(request: "Request") -> bytes:
    if key := request.header(b"api-key"):
        return key
    scheme, _, key = (request.header(b"authorization") or b"").partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" else b""


AZURE = AzureManners()
