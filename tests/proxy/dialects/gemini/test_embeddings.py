"""`batchEmbedContents` as ai.google.dev/api/embeddings shows it, `predict` as
cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api, routing of google-genai 3.4."""

import base64
import struct
from typing import Any

import msgspec
import pytest

from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.embeddings import predicts, read_embeddings, write_embeddings
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.refusal import Refusal


def written(body: dict[str, Any], model: str = "gemini-embedding-001", *, vertex: bool = False) -> Any:
    to = Destination(provider="google", model=model)
    return msgspec.json.decode(write_embeddings(body, to, Losses("google"), vertex=vertex))


def test_each_text_is_a_request() -> None:
    body = {"model": "e", "input": ["a", "b"], "dimensions": 768, "user": "ann", "encoding_format": "float"}
    assert written(body) == {
        "requests": [
            {
                "model": "models/gemini-embedding-001",
                "content": {"parts": [{"text": text}]},
                "outputDimensionality": 768,
            }
            for text in ("a", "b")
        ]
    }


def test_one_text_is_one_request() -> None:
    assert written({"input": "a"}, "models/gemini-embedding-2") == {
        "requests": [{"model": "models/gemini-embedding-2", "content": {"parts": [{"text": "a"}]}}]
    }


def test_vertex_takes_it_otherwise() -> None:
    body = {"input": ["a"], "dimensions": 8}
    assert written(body, "gemini-embedding-2", vertex=True) == {
        "requests": [{"content": {"parts": [{"text": "a"}]}, "embedContentConfig": {"outputDimensionality": 8}}]
    }
    assert predicts("text-embedding-005")
    assert written(body, "text-embedding-005", vertex=True) == {
        "instances": [{"content": "a"}],
        "parameters": {"outputDimensionality": 8},
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": [1, 2]}, "input"),
        ({"input": [[1, 2]]}, "input"),
        ({"input": []}, "input"),
        ({}, "input"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": "8"}, "dimensions"),
        ({"input": "a", "truncate": True}, "truncate"),
    ],
)
def test_what_google_cannot_be_told_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        written(body)
    assert (refused.value.status, refused.value.param) == (400, param)


def test_the_reply_is_openais_without_invented_usage() -> None:
    reply = b'{"embeddings":[{"values":[0.5,-1]},{"values":[0.25]}]}'
    body, usage = read_embeddings(reply, {"model": "e", "input": ["a", "b"]})
    assert usage is None
    assert msgspec.json.decode(body) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.25]},
        ],
        "model": "e",
    }


def test_base64_is_made_of_32_bit_floats() -> None:
    body, usage = read_embeddings(
        b'{"embeddings":[{"values":[0.5,-1]}],"usageMetadata":{"promptTokenCount":3}}',
        {"input": "a", "encoding_format": "base64"},
    )
    text = msgspec.json.decode(body)["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(text)) == (0.5, -1.0)
    assert usage == {"promptTokenCount": 3}


def test_predictions_say_their_own_counts() -> None:
    prediction = {"embeddings": {"values": [1.0], "statistics": {"truncated": False, "token_count": 6.0}}}
    reply = msgspec.json.encode({"predictions": [prediction, prediction]})
    body, usage = read_embeddings(reply, {"input": ["a", "b"]})
    assert len(msgspec.json.decode(body)["data"]) == 2
    assert usage == {"promptTokenCount": 12}


def test_an_error_is_raised() -> None:
    with pytest.raises(ProviderError, match="no"):
        read_embeddings(b'{"error":{"code":500,"message":"no"}}', {"input": "a"})


@pytest.mark.parametrize("reply", [b"", b"{}", b'{"embeddings":[]}', b'{"embeddings":[{"values":["x"]}]}', b"\xff"])
def test_another_reply_is_none_of_this_dialect(reply: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read_embeddings(reply, {"input": "a"})
