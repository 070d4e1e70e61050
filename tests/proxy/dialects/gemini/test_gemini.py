"""Paths of ai.google.dev/api and of Vertex's publisher models."""

import msgspec
import pytest

from proxy.canonical.ask import Ask, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Image, Source, Text
from proxy.dialects.dialect import Destination, Embedder, ProviderDialect, TokenCounter
from proxy.dialects.gemini import PROVIDER, VERTEX
from proxy.refusal import Refusal

TO = Destination(provider="google", model="gemini-3-flash")


@pytest.mark.parametrize(
    ("endpoint", "model", "stream", "path"),
    [
        ("chat", "gemini-3-flash", False, "/v1beta/models/gemini-3-flash:generateContent"),
        ("messages", "models/gemini-3-flash", True, "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse"),
        ("responses", "models%2Fgemini-3-flash", False, "/v1beta/models/gemini-3-flash:generateContent"),
        ("chat", "tunedModels/my-one", False, "/v1beta/tunedModels/my-one:generateContent"),
        ("chat", "../../x?y", False, "/v1beta/models/..%2F..%2Fx%3Fy:generateContent"),
        ("embeddings", "gemini-embedding-001", False, "/v1beta/models/gemini-embedding-001:batchEmbedContents"),
        ("embeddings", "text-embedding-004", False, "/v1beta/models/text-embedding-004:batchEmbedContents"),
        ("count_tokens", "gemini-3-flash", False, "/v1beta/models/gemini-3-flash:countTokens"),
    ],
)
def test_every_call_has_its_path(endpoint: str, model: str, stream: bool, path: str) -> None:
    assert PROVIDER.path(endpoint, model, stream) == path


def test_vertexs_base_url_says_the_version_itself() -> None:
    assert VERTEX.path("chat", "gemini-2.0-flash@001", False) == "/models/gemini-2.0-flash@001:generateContent"
    assert VERTEX.path("embeddings", "text-embedding-005", False) == "/models/text-embedding-005:predict"
    assert VERTEX.path("embeddings", "gemini-embedding-2", False) == "/models/gemini-embedding-2:batchEmbedContents"


@pytest.mark.parametrize("dialect", [PROVIDER, VERTEX])
def test_it_counts_and_embeds(dialect: ProviderDialect) -> None:
    assert dialect.name == "gemini"
    assert not dialect.endpoints
    assert dialect.key_header == ("authorization" if dialect is VERTEX else "x-goog-api-key")
    assert isinstance(dialect, TokenCounter)
    assert isinstance(dialect, Embedder)


def test_a_request_of_its_own_goes_as_it_is() -> None:
    body = {"contents": [], "new": {"x": 1}}
    assert msgspec.json.decode(PROVIDER.forward(body, TO, True, Losses("google"))) == body


def test_only_vertex_must_be_told_what_a_url_holds() -> None:
    ask = Ask(turns=[Turn(role="user", parts=[Image(source=Source(url="https://x.test/a"))])])
    assert b'"fileUri":"https://x.test/a"' in PROVIDER.write(ask, TO, Losses("google"))
    with pytest.raises(Refusal):
        VERTEX.write(ask, TO, Losses("google"))


def test_each_stream_has_its_own_reader() -> None:
    assert PROVIDER.reader() is not PROVIDER.reader()


def test_what_comes_back_is_read() -> None:
    reply = b'{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}'
    assert PROVIDER.read(reply).choices[0].parts == [Text(text="Hi")]
    assert PROVIDER.read_error(503, b"busy").status == 503
    assert PROVIDER.read_count(b'{"totalTokens":3}') == 3
