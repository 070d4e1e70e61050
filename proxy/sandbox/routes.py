"""Which endpoint a path is: OpenAI's under /v1, Azure's under /openai, Anthropic's, Gemini's and Bedrock's by model.

An endpoint with a model in its path is a pattern with a group `model`; the rest are looked up.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from proxy.sandbox.answer import Endpoint, Place
from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.azure_manners import AZURE
from proxy.sandbox.bedrock import ConverseAnswer, ConverseTokenCount
from proxy.sandbox.bedrock_request import BedrockEndpoint
from proxy.sandbox.chat import ChatAnswer
from proxy.sandbox.completions import CompletionAnswer
from proxy.sandbox.embeddings import EmbeddingAnswer
from proxy.sandbox.gemini import GeminiAnswer, GeminiTokenCount
from proxy.sandbox.gemini_embeddings import GeminiEmbedding
from proxy.sandbox.gemini_request import GeminiEndpoint
from proxy.sandbox.google_manners import GOOGLE
from proxy.sandbox.known_parameters import CHAT, COMPLETION, EMBEDDING
from proxy.sandbox.messages import CountAnswer, MessageAnswer
from proxy.sandbox.messages_request import CountAsked as CountMessagesAsked
from proxy.sandbox.messages_request import MessagesAsked
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.request_bodies import ChatAsked, CompletionAsked, EmbeddingAsked
from proxy.sandbox.responses import ResponseAnswer, TokenCountAnswer
from proxy.sandbox.responses_manners import AZURE_RESPONSES, RESPONSES
from proxy.sandbox.responses_request import CountAsked, ResponseAsked
from proxy.sandbox.vertex_manners import VERTEX
from proxy.sandbox.vertex_predict import VertexPrediction

OF_OPENAI: dict[str, Endpoint[Any]] = {
    "chat/completions": Endpoint(ChatAsked, ChatAnswer, OPENAI, CHAT),
    "completions": Endpoint(CompletionAsked, CompletionAnswer, OPENAI, COMPLETION),
    "embeddings": Endpoint(EmbeddingAsked, EmbeddingAnswer, OPENAI, EMBEDDING),
}
"""Under /v1/, and under Azure's two prefixes with Azure's manners."""

EXACT: dict[str, Endpoint[Any]] = {f"/v1/{name}": endpoint for name, endpoint in OF_OPENAI.items()} | {
    f"/openai/v1/{name}": endpoint.with_manners(AZURE) for name, endpoint in OF_OPENAI.items()
}

EXACT |= {
    "/v1/messages": Endpoint(MessagesAsked, MessageAnswer, ANTHROPIC),
    "/v1/messages/count_tokens": Endpoint(CountMessagesAsked, CountAnswer, ANTHROPIC),
}

_RESPONSES: Endpoint[Any] = Endpoint(
    ResponseAsked, ResponseAnswer, RESPONSES, frozenset(ResponseAsked.__struct_fields__)
)
_INPUT_TOKENS: Endpoint[Any] = Endpoint(
    CountAsked, TokenCountAnswer, RESPONSES, frozenset(CountAsked.__struct_fields__)
)
EXACT |= {
    "/v1/responses": _RESPONSES,
    "/v1/responses/input_tokens": _INPUT_TOKENS,
    "/openai/v1/responses": _RESPONSES.with_manners(AZURE_RESPONSES),
    "/openai/v1/responses/input_tokens": _INPUT_TOKENS.with_manners(AZURE_RESPONSES),
}

PATTERNS: list[tuple[re.Pattern[str], Endpoint[Any]]] = [
    (re.compile(rf"/openai/deployments/(?P<model>[^/]+)/{name}"), endpoint.with_manners(AZURE))
    for name, endpoint in OF_OPENAI.items()
]

_VERTEX_MODEL = r"/v1(?:beta1)?/projects/[^/]+/locations/[^/]+/publishers/google/models/(?P<model>[^/:]+)"
for _prefix, _manners, _vertex in (
    (r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+)", GOOGLE, False),
    (_VERTEX_MODEL, VERTEX, True),
):
    _methods = {
        "generateContent": GeminiEndpoint(GeminiAnswer, _manners, vertex=_vertex),
        "streamGenerateContent": GeminiEndpoint(GeminiAnswer, _manners, vertex=_vertex, streams=True),
        "countTokens": GeminiEndpoint(GeminiTokenCount, _manners, "CountTokensRequest", vertex=_vertex),
        "embedContent": GeminiEndpoint(GeminiEmbedding, _manners, "EmbedContentRequest", vertex=_vertex),
        "batchEmbedContents": GeminiEndpoint(GeminiEmbedding, _manners, "BatchEmbedContentsRequest", vertex=_vertex),
    }
    if _vertex:
        _methods["predict"] = GeminiEndpoint(VertexPrediction, _manners, "PredictRequest", vertex=True)
    PATTERNS += [(re.compile(f"{_prefix}:{name}"), endpoint) for name, endpoint in _methods.items()]

PATTERNS += [
    (re.compile(f"/model/(?P<model>[^/]+)/{operation}"), endpoint)
    for operation, endpoint in {
        "converse": BedrockEndpoint(ConverseAnswer),
        "converse-stream": BedrockEndpoint(ConverseAnswer, streams=True),
        "count-tokens": BedrockEndpoint(ConverseTokenCount, "CountTokensRequest"),
    }.items()
]

Route = tuple[Endpoint[Any], Place]


@lru_cache(maxsize=1024)
def find(target: bytes) -> Route | None:
    """The endpoint, and what its address says."""
    path, _, query = target.decode("latin-1").partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if (endpoint := EXACT.get(path)) is not None:
        return endpoint, Place(None, asked, path)
    for pattern, endpoint in PATTERNS:
        if found := pattern.fullmatch(path):
            return endpoint, Place(unquote(found["model"]), asked, path)
    return None
