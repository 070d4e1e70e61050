"""Google's generateContent, of the Gemini API and of Vertex: what providers speak; no endpoint of ours speaks it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination, Framing
from proxy.dialects.gemini import embeddings, errors, reply_read, request_write, token_count
from proxy.dialects.gemini.stream_read import Reader
from proxy.dialects.provider_error import ProviderError

_COLLECTIONS = ("models/", "tunedModels/")


class Gemini:
    """`version`: what stands before a model's path; empty for Vertex, whose base URL says it, down to the publisher.

    A project on Vertex takes access tokens, the Gemini API keys.
    """

    name = "gemini"
    endpoints: frozenset[str] = frozenset()
    headers: Mapping[str, str] = {}
    framing: Framing = "sse"
    passed_headers: tuple[bytes, ...] = ()

    def __init__(self, version: str = "/v1beta") -> None:
        self._version = version
        self._vertex = not version
        self.key_header = "authorization" if self._vertex else "x-goog-api-key"

    def path(self, endpoint: str, model: str, stream: bool) -> str:
        collection, name = "models/", unquote(model)
        for prefix in _COLLECTIONS:
            if name.startswith(prefix):
                collection, name = prefix, name.removeprefix(prefix)
        return f"{self._version}/{collection}{quote(name, safe='@')}:{self._method(endpoint, name, stream)}"

    def _method(self, endpoint: str, model: str, stream: bool) -> str:
        if endpoint == "embeddings":
            return "predict" if self._vertex and embeddings.predicts(model) else "batchEmbedContents"
        if endpoint == "count_tokens":
            return "countTokens"
        return "streamGenerateContent?alt=sse" if stream else "generateContent"

    def forward(self, body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
        """As it is: the path names the model and says whether it streams."""
        del to, stream, losses
        return msgspec.json.encode(body)

    def write(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return request_write.write(ask, to, losses, typed=self._vertex)

    def read(self, body: bytes) -> Answer:
        return reply_read.read(body)

    def reader(self) -> Reader:
        return Reader()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)

    def write_count(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return token_count.write_count(ask, to, losses, vertex=self._vertex)

    def read_count(self, reply: bytes) -> int:
        return token_count.read_count(reply)

    def write_embeddings(self, body: dict[str, Any], to: Destination, losses: Losses) -> bytes:
        return embeddings.write_embeddings(body, to, losses, vertex=self._vertex)

    def read_embeddings(self, reply: bytes, body: dict[str, Any]) -> tuple[bytes, object]:
        return embeddings.read_embeddings(reply, body)


PROVIDER = Gemini()
VERTEX = Gemini(version="")
