"""`/v1/embeddings`: unit vectors that follow from each text alone. They mean nothing: like texts are not near."""

import base64
import hashlib
import sys
from array import array

import msgspec

from proxy.sandbox.completions import token_count
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import key_of
from proxy.sandbox.request_bodies import EmbeddingAsked, each_text
from proxy.sandbox.usage import reported

_DIMENSIONS = 1536
_LARGE_DIMENSIONS = 3072


class EmbeddingAnswer:
    """One vector per text, as numbers or as base64 of little-endian 32-bit floats."""

    stream = False

    def __init__(self, asked: EmbeddingAsked, _key: bytes, demands: Demands) -> None:
        self.model = demands.model or asked.model
        texts = each_text(asked.input)
        self.length = 1
        self.prompt_tokens = sum(token_count(text) for text in texts)
        dimensions = asked.dimensions or (_LARGE_DIMENSIONS if asked.model.endswith("-large") else _DIMENSIONS)
        vectors = [vector(key_of(asked.model, text), dimensions) for text in texts]
        as_text = asked.encoding_format == "base64"
        self.vectors = [base64_of(each) if as_text else each.tolist() for each in vectors]
        usage: dict[str, object] = {"prompt_tokens": self.prompt_tokens, "total_tokens": self.prompt_tokens}
        self.usage = reported(usage, demands)

    def body(self) -> bytes:
        data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(self.vectors)]
        reply: dict[str, object] = {"object": "list", "data": data, "model": self.model}
        if self.usage is not None:
            reply["usage"] = self.usage
        return msgspec.json.encode(reply)

    def frames(self) -> list[bytes]:
        raise TypeError("embeddings are never streamed")


def vector(key: bytes, dimensions: int) -> "array[float]":
    """Of length 1, in 32-bit floats."""
    raw = array("h", hashlib.shake_128(key).digest(2 * dimensions))
    if sys.byteorder == "big":
        raw.byteswap()
    length = sum(number * number for number in raw) ** 0.5 or 1.0
    return array("f", [number / length for number in raw])


def base64_of(numbers: "array[float]") -> str:
    if sys.byteorder == "big":
        numbers = array("f", numbers)
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
