"""A request's body means one thing to every reader, or it is refused; what is sent on is what was understood."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.openai_chat.tap import upstream_body
from proxy.refusal import Refusal
from proxy.worker.receive import parse_object, required_model


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"model":"a","model":"b"}', id="the same key twice"),
        pytest.param(b'{"model":"a","\\u006dodel":"b"}', id="the same key twice, once escaped"),
        pytest.param(b'{"a":[{"b":1,"b":2}]}', id="the same key twice, deep inside"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":Infinity}', id="Infinity"),
        pytest.param(b'{"a":-Infinity}', id="minus Infinity"),
        pytest.param(b'{"a":1e999}', id="a number out of range"),
        pytest.param(b'{"a":-1e999}', id="a negative number out of range"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="an integer of 5000 digits"),
        pytest.param(b"[" * 100_000, id="nesting without end"),
        pytest.param(b'{"a":' * 100_000, id="objects without end"),
        pytest.param(b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", id="300 levels"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="a byte order mark"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a":1}'.encode("utf-32"), id="UTF-32"),
        pytest.param(b'{"a":"\\ud800"}', id="a lone high surrogate"),
        pytest.param(b'{"a":"\\udc00x"}', id="a lone low surrogate"),
        pytest.param(b'{"\\ud800":1}', id="a lone surrogate as key"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(b'{"a":"\xff"}', id="invalid UTF-8"),
        pytest.param(b'{"a":"\xc0\xaf"}', id="overlong UTF-8"),
        pytest.param(b'{"a":"\n"}', id="a control character in a text"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b'{"a":1,}', id="a trailing comma"),
        pytest.param(b'{"a":1} {}', id="two values"),
        pytest.param(b'{"a":01}', id="a leading zero"),
        pytest.param(b'{"a":1}//', id="a comment"),
        pytest.param(b'{"a":1}\x00', id="NUL behind it"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x1f\x8b\x08\x00", id="gzip"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"x"', id="a text"),
        pytest.param(b"null", id="null"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parse_object(raw)
    assert (refused.value.status, refused.value.code) == (400, "invalid_json")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":18446744073709551616,"b":-9223372036854775809}',
        b'{"a":123456789012345678901234567890}',
        b'{"a":0.1,"b":1e-320,"c":-0.0,"d":1.7976931348623157e308}',
        b'{"a":"\\ud83d\\ude00","b":"\\u0000\\u202e","c":""}',
        b' {"a" : [ 1 , 2 ] }\r\n',
        b'{"a":' + b"[" * 150 + b"]" * 150 + b"}",
    ],
)
def test_what_is_sent_on_means_what_came_in(raw: bytes) -> None:
    sent = json.loads(upstream_body(parse_object(raw), "m", stream=False))
    assert sent == json.loads(raw) | {"model": "m"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


NO_UPSTREAM = st.text().filter(lambda name: "base" not in name and "api_key" not in name and "endpoint" not in name)


@given(st.dictionaries(NO_UPSTREAM.filter(lambda name: name != "custom_host"), JSON, max_size=5), st.booleans())
def test_any_object_is_sent_on_unchanged(body: dict[str, object], ascii_only: bool) -> None:
    raw = json.dumps(body, ensure_ascii=ascii_only).encode()
    sent = json.loads(upstream_body(parse_object(raw), "m", stream=False))
    kept = {name: value for name, value in body.items() if name != "metadata" or body.get("store")}
    assert sent == kept | {"model": "m"}


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with suppress(Refusal):
        assert parse_object(raw) == json.loads(raw)


def test_a_refusal_does_not_repeat_a_key_of_a_megabyte_nor_a_secret() -> None:
    name = b"x" * (1 << 20)
    with pytest.raises(Refusal) as refused:
        parse_object(b'{"%s":1,"%s":2}' % (name, name))
    assert len(refused.value.message) < 300
    with pytest.raises(Refusal) as refused:
        parse_object(b'{"sk-proj-abcdefghijklmnop":1,"sk-proj-abcdefghijklmnop":2}')
    assert "abcdefghijklmnop" not in refused.value.message


@pytest.mark.parametrize("model", ["gpt-4o", "openai/gpt-4o", "m" * 256, "模型"])
def test_a_model_is_a_name(model: str) -> None:
    assert required_model({"model": model}) == model


@pytest.mark.parametrize("model", [None, "", 5, ["gpt-4o"], "m" * 257, "a\nb", "a\x1b[2J", "a\u202eb", "a\x00", True])
def test_anything_else_is_no_model(model: object) -> None:
    with pytest.raises(Refusal) as refused:
        required_model({"model": model})
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, "invalid_model", "model")


def test_a_model_is_required() -> None:
    with pytest.raises(Refusal):
        required_model({})


@pytest.mark.parametrize("name", ["api_base", "base_url", "api_key", "azure_endpoint"])
def test_a_request_may_not_say_where_it_goes(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_object(b'{"model":"m","%s":"http://169.254.169.254/"}' % name.encode())
    assert (refused.value.status, refused.value.code) == (400, "upstream_override")
    assert "169.254" not in refused.value.message
