"""OpenAI's embeddings, asked of Google's models.

The Gemini API and Vertex's Gemini models take `batchEmbedContents`, one request per text; older models of Vertex take
`predict`. Replies carry no usage but where Google counted it: nothing is invented.
"""

import base64
import sys
from array import array
from typing import Any

import msgspec

from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.errors import error_of
from proxy.dialects.gemini.model_generation import bare_name
from proxy.dialects.provider_error import NotThisDialect
from proxy.refusal import bad_request

_KNOWN = frozenset({"model", "input", "dimensions", "encoding_format", "user", "metadata"})
_FORMATS = (None, "float", "base64")


class _Vector(msgspec.Struct, gc=False):
    values: list[float]


class _Statistics(msgspec.Struct, gc=False):
    token_count: float = 0.0


class _Embedded(msgspec.Struct, gc=False):
    values: list[float]
    statistics: _Statistics | None = None


class _Prediction(msgspec.Struct, gc=False):
    embeddings: _Embedded


class _Reply(msgspec.Struct, rename="camel", gc=False):
    embeddings: list[_Vector] | None = None
    predictions: list[_Prediction] | None = None
    usage_metadata: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Reply).decode


def predicts(model: str) -> bool:
    """Whether a model of Vertex takes `predict`: all but the Gemini ones (google-genai, `_transformers.py`)."""
    return "gemini" not in bare_name(model)


def write_embeddings(body: dict[str, Any], to: Destination, losses: Losses, *, vertex: bool = False) -> bytes:
    """OpenAI's request → Google's. Raises Refusal: 400 for an input that is no text, or through `losses`."""
    texts = _texts(body.get("input"))
    if body.get("encoding_format") not in _FORMATS:
        raise bad_request("invalid_value", "'encoding_format' is float or base64.", param="encoding_format")
    dimensions = body.get("dimensions")
    if dimensions is not None and (isinstance(dimensions, bool) or not isinstance(dimensions, int) or dimensions < 1):
        raise bad_request("invalid_type", "'dimensions' is a whole number above 0.", param="dimensions")
    for name, value in body.items():
        if name not in _KNOWN and value is not None:
            losses.lose(name)
    size = {} if dimensions is None else {"outputDimensionality": dimensions}
    if vertex and predicts(to.model):
        instances = [{"content": text} for text in texts]
        return msgspec.json.encode({"instances": instances, **({"parameters": size} if size else {})})
    said = {"embedContentConfig": size} if vertex and size else size
    model = {} if vertex else {"model": f"models/{to.model.removeprefix('models/')}"}
    requests = [{**model, "content": {"parts": [{"text": text}]}, **said} for text in texts]
    return msgspec.json.encode({"requests": requests})


def read_embeddings(reply: bytes, body: dict[str, Any]) -> tuple[bytes, object]:
    """Google's reply → (OpenAI's reply without usage, Google's usage or None). Raises ProviderError, NotThisDialect."""
    try:
        said = _decode(reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None
    if said.error is not None:
        raise error_of(said.error)
    usage: object = said.usage_metadata
    if said.predictions is not None:
        vectors = [each.embeddings.values for each in said.predictions]
        counts = [each.embeddings.statistics for each in said.predictions]
        if counts and all(counts):
            usage = {"promptTokenCount": round(sum(each.token_count for each in counts if each))}
    elif said.embeddings is not None:
        vectors = [each.values for each in said.embeddings]
    else:
        raise NotThisDialect("no embeddings")
    if len(vectors) != len(_texts(body.get("input"))):
        raise NotThisDialect("not one embedding per text")
    as_text = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": at, "embedding": _base64(each) if as_text else each}
        for at, each in enumerate(vectors)
    ]
    return msgspec.json.encode({"object": "list", "data": data, "model": body.get("model")}), usage


def _texts(value: object) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts):
        return texts
    raise bad_request(
        "invalid_type", "'input' is a text or a list of texts: this model takes no token ids.", param="input"
    )


def _base64(numbers: list[float]) -> str:
    """Little-endian 32-bit floats, as OpenAI's clients read them."""
    packed = array("f", numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()
