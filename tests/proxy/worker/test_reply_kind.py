"""A reply of another kind than was asked for is named as what it is."""

import asyncio

import pytest

from proxy.dialects.openai_chat import PROVIDER
from proxy.refusal import Refusal
from proxy.settings import Deadlines
from proxy.upstream.exchange import Exchange
from proxy.worker.reply_kind import check_encoding, is_json, is_stream, not_a_stream


def answered(headers: dict[bytes, bytes], body: bytes = b"") -> Exchange:
    exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 10)
    exchange.started(200, headers)
    if body:
        exchange.feed(body)
    exchange.finish()
    return exchange


async def test_kinds_are_told_by_their_content_type() -> None:
    assert is_json(answered({b"content-type": b"application/json; charset=utf-8"}))
    assert is_json(answered({}))
    assert not is_json(answered({b"content-type": b"text/html"}))
    assert is_stream(answered({b"content-type": b"text/event-stream"}), PROVIDER)
    assert not is_stream(answered({}), PROVIDER)


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"GZIP", b"identity, gzip"])
async def test_a_compressed_reply_is_refused(encoding: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        check_encoding(answered({b"content-encoding": encoding}))
    assert (refused.value.status, refused.value.code) == (502, "upstream_invalid")


async def test_identity_is_what_was_asked_for() -> None:
    check_encoding(answered({b"content-encoding": b"identity"}))
    check_encoding(answered({}))


async def test_an_error_in_place_of_a_stream_keeps_its_meaning() -> None:
    error = b'{"error":{"message":"slow down","type":"rate_limit_error","code":"429"}}'
    refusal = await not_a_stream(answered({b"content-type": b"application/json"}, error), PROVIDER)
    assert (refusal.status, refusal.code, refusal.message) == (429, "upstream_rate_limited", "slow down")


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"choices":[]}', b"{", b"[1]"])
async def test_anything_else_in_place_of_a_stream_is_invalid(body: bytes) -> None:
    kind = b"text/html" if body.startswith(b"<") else b"application/json"
    refusal = await not_a_stream(answered({b"content-type": kind}, body), PROVIDER)
    assert (refusal.status, refusal.code) == (502, "upstream_invalid")
    assert b"html" not in refusal.openai_body()
