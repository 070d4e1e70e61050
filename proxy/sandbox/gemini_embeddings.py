"""`embedContent` and `batchEmbedContents`: unit vectors that follow from each content alone."""

from typing import Any

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.embeddings import vector
from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.gemini_tokens import content_tokens
from proxy.sandbox.prose import key_of
from proxy.sandbox.usage import reported

_DIMENSIONS = 3072
_OLD_DIMENSIONS = 768


class GeminiEmbedding:
    """One vector, or one for each request of a batch."""

    stream = False
    length = 1

    def __init__(self, asked: GeminiAsked, _key: bytes, demands: Demands) -> None:
        self._batch = "requests" in asked.body or "content" not in asked.body
        requests = asked.body.get("requests", []) if self._batch else [asked.body]
        if not requests:
            raise ApiError(400, "* BatchEmbedContentsRequest.requests: requests is not specified\n")
        self.prompt_tokens = 0
        self._vectors = []
        for index, each in enumerate(requests):
            if self._batch and not asked.vertex and each.get("model") != f"models/{asked.model}":
                place = f"BatchEmbedContentsRequest.requests[{index}].model"
                raise ApiError(400, f"* {place}: model must be 'models/{asked.model}', as in the address\n")
            if not (content := each.get("content", {})).get("parts"):
                raise ApiError(400, "* EmbedContentRequest.content: contents is not specified\n")
            wanted = {**each, **each.get("embedContentConfig", {})}  # Vertex's place for it
            usual = _OLD_DIMENSIONS if asked.model.startswith("text-embedding") else _DIMENSIONS
            dimensions = wanted.get("outputDimensionality", usual)
            if not 1 <= dimensions <= _DIMENSIONS:
                raise ApiError(400, f"output_dimensionality must be from 1 to {_DIMENSIONS}.")
            self.prompt_tokens += content_tokens(content)
            self._vectors.append(vector(key_of(asked.model, content, wanted.get("taskType")), dimensions).tolist())
        self.usage = reported({"promptTokenCount": self.prompt_tokens}, demands)

    def body(self) -> bytes:
        values = [{"values": each} for each in self._vectors]
        reply: dict[str, Any] = {"embeddings": values} if self._batch else {"embedding": values[0]}
        if self.usage is not None:
            reply["usageMetadata"] = self.usage
        return msgspec.json.encode(reply)

    def frames(self) -> list[bytes]:
        raise TypeError("embeddings are never streamed")
