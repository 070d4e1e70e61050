"""Replies as ai.google.dev/api/generate-content shows them; errors in a list as streams without `alt=sse` send them."""

import msgspec
import pytest

from proxy.dialects.gemini.wire import NOTHING, compact, decode_reply
from proxy.dialects.provider_error import NotThisDialect


def test_what_is_not_known_is_skipped() -> None:
    reply = decode_reply(
        b'{"candidates":[{"content":{"parts":[{"executableCode":{"code":"1"}},{"inlineData":{}}],"role":"model"},'
        b'"safetyRatings":[],"avgLogprobs":-0.1}],"new":{"x":1}}'
    )
    assert reply.candidates
    assert reply.candidates[0].content
    assert len(reply.candidates[0].content.parts or ()) == 2


def test_a_list_of_one_is_that_one() -> None:
    assert decode_reply(b' [{"error":{"code":500}}]').error == {"code": 500}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[{},{}]", b"7", b'{"candidates":7}', b"\xff", b"[" * 100_000])
def test_what_is_no_reply_says_so(data: bytes) -> None:
    with pytest.raises(NotThisDialect):
        decode_reply(data)


def test_arguments_stand_on_one_line_with_their_numbers_as_written() -> None:
    assert compact(msgspec.Raw(b'{\n  "a": 1.50,\n  "b": "x  y"\n}')) == '{"a":1.50,"b":"x  y"}'
    assert compact(NOTHING) == compact(msgspec.Raw(b"null")) == "{}"
