"""Vertex's `predict`: the embeddings of models that are not Gemini's.

cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api.
"""

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.embeddings import vector
from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.prose import count_tokens, key_of

_DIMENSIONS = 768
_MOST_INSTANCES = 250


class VertexPrediction:
    """A unit vector for each instance, which follows from it alone."""

    stream = False
    length = 1

    def __init__(self, asked: GeminiAsked, _key: bytes, demands: Demands) -> None:
        instances = asked.body.get("instances", [])
        if "gemini" in asked.model:
            raise ApiError(400, f"{asked.model} is not supported by predict: use embedContent.")
        if not 1 <= len(instances) <= _MOST_INSTANCES:
            raise ApiError(400, f"1 to {_MOST_INSTANCES} instance(s) are allowed per prediction, not {len(instances)}.")
        dimensions = asked.body.get("parameters", {}).get("outputDimensionality", _DIMENSIONS)
        if not 1 <= dimensions <= _DIMENSIONS:
            raise ApiError(400, f"outputDimensionality must be from 1 to {_DIMENSIONS}.")
        self._without_usage = demands.without_usage
        self._predictions = []
        self._characters = self.prompt_tokens = 0
        for each in instances:
            if not (text := each.get("content")):
                raise ApiError(400, "The text content is empty.")
            tokens = count_tokens(text)
            values = vector(key_of(asked.model, text, each.get("taskType")), dimensions).tolist()
            self._predictions.append({"values": values, "statistics": {"truncated": False, "token_count": tokens}})
            self._characters += len(text)
            self.prompt_tokens += tokens

    def body(self) -> bytes:
        kept = ("values",) if self._without_usage else ("values", "statistics")
        predictions = [{"embeddings": {name: each[name] for name in kept}} for each in self._predictions]
        reply = {"predictions": predictions, "metadata": {"billableCharacterCount": self._characters}}
        return msgspec.json.encode(reply)

    def frames(self) -> list[bytes]:
        raise TypeError("embeddings are never streamed")
