"""Events are numbered one after the other, whatever was joined or parted before them."""

import json

import pytest

from proxy.worker.streaming.numbered import Numbering


def numbered(number: object, said: str = "x") -> bytes:
    return b'{"type":"t","said":%s,"sequence_number":%s,"cost":1.50}' % (
        json.dumps(said).encode(),
        json.dumps(number).encode(),
    )


@pytest.mark.parametrize(
    ("came", "went"),
    [([0, 1, 2], [0, 1, 2]), ([0, 1, 5, 6], [0, 1, 2, 3]), ([1, 2, 2, 3], [1, 2, 3, 4]), ([7], [7])],
)
def test_numbers_have_no_gaps_and_begin_as_they_came(came: list[int], went: list[int]) -> None:
    numbering = Numbering()
    out = [numbering.give(b"event: t\ndata: " + data + b"\n\n", data) for data in map(numbered, came)]
    assert out == [b"event: t\ndata: " + data + b"\n\n" for data in map(numbered, went)], "byte for byte, but for them"


def test_what_says_the_same_word_in_its_text_is_not_touched() -> None:
    numbering, said = Numbering(), '"sequence_number":9'
    numbering.give(b"", numbered(0))
    out = numbering.give(b"data: " + numbered(9, said) + b"\n\n", numbered(9, said))
    assert out == b"data: " + numbered(1, said) + b"\n\n"


@pytest.mark.parametrize("data", [None, b"[DONE]", b"{}", numbered("7"), b'{"sequence_number":'])
def test_what_has_no_number_stays_without(data: bytes | None) -> None:
    frame = b"data: %s\n\n" % (data or b"")
    assert Numbering().give(frame, data) == frame
