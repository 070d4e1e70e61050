"""Where a JSON object ends that arrives in pieces (RFC 8259 §7: what a string may hold)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.anthropic_messages.braces import Braces


def closed_after(*pieces: str) -> bool:
    braces = Braces()
    for piece in pieces:
        braces.add(piece)
    return braces.closed


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("{}", True),
        ('{"a":{"b":1}', False),
        ('{"code":"if (x) {"}', True),
        ('{"code":"}', False),
        ('{"code":"}"', False),
        ('{"code":"\\"}"}', True),
        ('{"code":"\\"}', False),
        ('{"path":"C:\\\\"}', True),
        ('{"path":"C:\\\\\\"{"}', True),
        ('{"path":"C:\\\\"', False),
    ],
)
def test_braces_in_strings_are_text_however_it_is_cut(text: str, closed: bool) -> None:
    assert closed_after(text) is closed
    assert closed_after(*text) is closed


WORDS = st.text(st.sampled_from('{}"\\a\n'), max_size=8)


@given(st.dictionaries(WORDS, WORDS | st.dictionaries(WORDS, WORDS, max_size=2), max_size=3), st.data())
def test_an_object_is_closed_at_its_end_and_nowhere_before(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = data.draw(st.integers(1, len(text) - 1))
    assert closed_after(text[:cut], text[cut:])
    assert not closed_after(text[:cut])


def test_long_strings_and_many_of_them_take_no_longer_than_they_are_long() -> None:
    for text in ("\\\\" * 300_000, '\\"' * 300_000, '","' * 200_000):
        assert not closed_after(f'{{"a":"{text}')
