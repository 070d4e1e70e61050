"""Bedrock's manners: AWS signatures or an API key, errors whose name stands in a header, binary event streams.

Shapes: docs.aws.amazon.com/bedrock, "Troubleshooting API error codes" and the service model; wording is that of error
replies in AWS's forums and in issues of its SDKs.
"""

import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_frames import EVENT_STREAM, exception
from proxy.sandbox.bedrock_signature import ALGORITHM, Refused, Signed, credential, verify
from proxy.sandbox.manners import Manners, Refusal

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request

SECRET_KEY = "sandbox/secret+that/everybody/may/know00"  # noqa: S105 - it opens nothing
"""The secret of every access key that begins with AKIASANDBOX, or with ASIASANDBOX and comes with a token."""

_LASTING, _TEMPORARY = "AKIASANDBOX", "ASIASANDBOX"

TYPES = {
    400: "ValidationException",
    401: "AccessDeniedException",
    402: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    405: "UnknownOperationException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
"""Names by status where nothing else is said."""

_CORAL = ("SerializationException", "UnknownOperationException")
_SIGNING = ("SignatureException", "TokenException", "ClientException")

_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's words
_INVALID_KEY = "Authentication failed: Please make sure your API Key is valid."
_PAYMENT = (
    "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided. Your AWS "
    "Marketplace subscription for this model cannot be completed at this time."
)
_NO_ACCESS = "You don't have access to the model with the specified model ID."


class BedrockManners(Manners):
    """Those of bedrock-runtime."""

    refusals: ClassVar[Mapping[str, Refusal]] = {
        "400": Refusal(400, "Input is too long for requested model."),
        "402": Refusal(403, _PAYMENT),
        "403": Refusal(403, _NO_ACCESS),
        "409": Refusal(400, "The request conflicts with another one.", type="ConflictException"),
        "413": Refusal(413, "Request payload is too large.", type="RequestEntityTooLargeException"),
        "422": Refusal(424, "The model returned the following errors: the request could not be processed."),
        "429": Refusal(429, "Too many requests, please wait before trying again."),
        "429-quota": Refusal(400, "Your account has reached its quota.", type="ServiceQuotaExceededException"),
        "500": Refusal(500, "The system encountered an unexpected error during processing. Try your request again."),
        "503": Refusal(503, "Bedrock is unable to process your request."),
        "504": Refusal(408, "Model has timed out in processing the request. Try your request again."),
        "529": Refusal(
            429, "The model is not ready for inference requests. Try again later.", type="ModelNotReadyException"
        ),
    }
    bad_usage = '{"inputTokens":-7,"outputTokens":"many","totalTokens":1.5}'
    failing = "429"
    framing = EVENT_STREAM

    def check_key(self, request: "Request") -> None:
        given = request.header(b"authorization") or b""
        scheme, _, key = given.partition(b" ")
        if not given:
            raise ApiError(403, "Missing Authentication Token", type="MissingAuthenticationTokenException")
        if scheme == ALGORITHM.encode():
            self._check_signature(request, given)
        elif scheme.lower() != b"bearer" or not key.strip() or key.startswith(b"bad-"):
            raise ApiError(403, _INVALID_KEY)

    def _check_signature(self, request: "Request", authorization: bytes) -> None:
        token = request.header(b"x-amz-security-token")
        try:
            given = credential(authorization)
            temporary = given.access_key.startswith(_TEMPORARY)
            if (not temporary and not given.access_key.startswith(_LASTING)) or temporary != (token is not None):
                raise Refused("UnrecognizedClientException", _INVALID_TOKEN)
            if token and token.startswith(b"expired"):
                raise Refused("ExpiredTokenException", "The security token included in the request is expired")
            signed = Signed(request.method, request.target, request.headers, request.body)
            verify(signed, given, SECRET_KEY, "bedrock", time.time())
        except Refused as refused:
            raise ApiError(403, refused.message, type=refused.name) from None

    def wrong_key(self, request: "Request") -> ApiError:
        if (request.header(b"authorization") or b"").startswith(ALGORITHM.encode()):
            return ApiError(403, _INVALID_TOKEN, type="UnrecognizedClientException")
        return ApiError(403, _INVALID_KEY)

    def error_body(self, error: ApiError, _request_id: str) -> bytes:
        """The door says `Message` where it knows no key, the service `message`."""
        return msgspec.json.encode({"Message" if error.message == _INVALID_KEY else "message": error.message})

    def error_headers(self, error: ApiError) -> str:
        return f"x-amzn-ErrorType: {self._name(error)}:{_namespace(self._name(error))}\r\n"

    def error_event(self, error: ApiError, _request_id: str) -> bytes:
        name = self._name(error)
        return exception(name[0].lower() + name[1:], msgspec.json.encode({"message": error.message}))

    def not_json(self) -> ApiError:
        return ApiError(400, "Unexpected token: the body is not valid JSON.", type="SerializationException")

    def does_not_fit(self, error: msgspec.ValidationError, _body: bytes) -> ApiError:
        return ApiError(400, str(error), type="SerializationException")

    def unknown_parameter(self, name: str) -> ApiError:
        text = f"Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and "
        return ApiError(400, text + "try again.")

    def unknown_model(self, _model: str) -> ApiError:
        return ApiError(400, "The provided model identifier is invalid.")

    def unknown_path(self, _method: str, _path: str) -> ApiError:
        return ApiError(404, "Unable to determine service/operation name to be authorized", type=_CORAL[1])

    def wrong_method(self, method: str, path: str, _allowed: str) -> ApiError:
        return self.unknown_path(method, path)

    def headers(self, request_id: str, processing_ms: int) -> str:
        return (
            f"x-amzn-RequestId: {uuid.UUID(hex=request_id)}\r\nX-Amzn-Bedrock-Invocation-Latency: {processing_ms}\r\n"
        )

    def come_back_at_reset(self, error: ApiError, reset: str | None) -> None:
        """AWS never says when."""

    def _name(self, error: ApiError) -> str:
        return error.type or TYPES.get(error.status, "ValidationException" if error.status < 500 else TYPES[500])


def _namespace(name: str) -> str:
    coral = name in _CORAL or name.endswith(_SIGNING)
    return f"http://internal.amazon.com/coral/com.amazon.{'coral.service' if coral else 'bedrock'}/"


BEDROCK = BedrockManners()
