"""Manners of the Responses API where they are not OpenAI's usual ones: the start of a stream, and an error in it.

The error event: openai.types.responses.response_error_event.
"""

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.azure_manners import AzureManners
from proxy.sandbox.openai_manners import OpenAiManners

BAD_USAGE = (
    '{"input_tokens":-7,"output_tokens":"many","total_tokens":1.5,"input_tokens_details":{"cached_tokens":1000000}}'
)


class _Responses(OpenAiManners):
    bad_usage = BAD_USAGE
    opening = 4
    """Created, in progress, the first item, its first part."""

    def error_event(self, error: ApiError, _request_id: str) -> bytes:
        said = self.error_object(error)
        event = {"type": "error", "sequence_number": self.opening + 2, "code": said["code"] or said["type"]}
        event |= {"message": error.message, "param": error.param}
        return b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"


class _AzureResponses(_Responses, AzureManners):
    pass


RESPONSES = _Responses()
AZURE_RESPONSES = _AzureResponses()
