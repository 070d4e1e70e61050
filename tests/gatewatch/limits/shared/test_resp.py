"""The store's language: whatever pieces it comes in."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.limits.shared.resp import Answers, NotTheStore, StoreError, encoded

SAID = b"+OK\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*3\r\n:1\r\n*1\r\n$0\r\n\r\n*-1\r\n*0\r\n"
MEANT = [b"OK", -7, b"a\r\n", None, [1, [b""], None], []]


def test_a_command_is_its_parts_by_their_bytes() -> None:
    assert encoded(["SET", "ü", 5, b"\r\n"]) == b"*4\r\n$3\r\nSET\r\n$2\r\n\xc3\xbc\r\n$1\r\n5\r\n$2\r\n\r\n\r\n"


@given(st.lists(st.integers(0, len(SAID)), max_size=6))
def test_answers_are_the_same_in_whatever_pieces_they_come(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(SAID)]
    answers = Answers()
    found = [each for a, b in pairwise(places) for each in answers.feed(SAID[a:b])]
    assert found == MEANT


def test_an_error_says_its_kind() -> None:
    (error,) = Answers().feed(b"-NOSCRIPT No matching script\r\n")
    assert isinstance(error, StoreError)
    assert (error.kind, str(error)) == ("NOSCRIPT", "NOSCRIPT No matching script")


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n", b"$x\r\n", b"\r\n"])
def test_what_speaks_another_language_is_no_store(said: bytes) -> None:
    with pytest.raises(NotTheStore):
        Answers().feed(said)
