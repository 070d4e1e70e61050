"""Vertex's manners: Google's, with an access token in place of a key.

cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference.
"""

from typing import TYPE_CHECKING

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.google_manners import GoogleManners

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request

_TEXT = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class VertexManners(GoogleManners):
    """Those of aiplatform.googleapis.com."""

    def check_key(self, request: "Request") -> None:
        scheme, _, token = (request.header(b"authorization") or b"").partition(b" ")
        if scheme.lower() != b"bearer" or not token.strip() or token.startswith(b"bad-"):
            raise self.wrong_key(request)

    def wrong_key(self, _request: "Request") -> ApiError:
        return ApiError(401, _TEXT)


VERTEX = VertexManners()
