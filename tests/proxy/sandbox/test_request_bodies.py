from typing import Any

import msgspec
import pytest

from proxy.sandbox.answer import Endpoint, Place
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.chat import ChatAnswer
from proxy.sandbox.embeddings import EmbeddingAnswer
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.request_bodies import ChatAsked, EmbeddingAsked, each_text

CHAT = Endpoint(ChatAsked, ChatAnswer, OPENAI)
EMBEDDING = Endpoint(EmbeddingAsked, EmbeddingAnswer, OPENAI)
HERE = Place(None, {}, "/v1/anything")


def chat(**fields: Any) -> ChatAsked:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]} | fields
    return CHAT.read(msgspec.json.encode(body), HERE)


def refused(**fields: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        chat(**fields)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "boss", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
    ],
)
def test_what_does_not_fit_is_named(fields: dict[str, Any], param: str) -> None:
    assert refused(**fields).param == param


@pytest.mark.parametrize("model", ["", None])
def test_a_model_must_be_named(model: str | None) -> None:
    assert "model" in str(refused(model=model))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"model": NaN}'])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        CHAT.read(body, HERE)
    assert caught.value.status == 400


def test_fields_nobody_knows_and_nulls_are_let_pass() -> None:
    asked = chat(top_k=40, stream=None, stop=None, n=None, tools=None, messages=[{"role": "user", "name": "Ada"}])
    assert asked.stops == []
    assert not asked.wants_usage_chunk


def test_the_reply_does_not_follow_from_how_it_is_delivered() -> None:
    plain, streamed = chat(), chat(stream=True, stream_options={"include_usage": True}, user="ada", max_tokens=5)
    assert plain.basis() == streamed.basis()
    assert plain.basis() != chat(seed=1).basis()


def test_inputs_come_as_text_texts_or_token_ids() -> None:
    assert each_text("a") == ["a"]
    assert each_text(["a", "b"]) == ["a", "b"]
    assert each_text([1, 2, 3]) == [[1, 2, 3]]
    assert each_text([[1], [2, 3]]) == [[1], [2, 3]]
    with pytest.raises(ApiError):
        each_text(["a", [1]])
    with pytest.raises(ApiError):
        EMBEDDING.read(b'{"model":"m","input":[]}', HERE)
