"""Names with `*`, held against what callers say."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.worker.routing.globs import Glob

PIECES = st.text(alphabet="ab*", max_size=8)


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("gpt-4o", ["gpt-4o"], ["gpt-4o-mini", "", "GPT-4o"]),
        ("gpt-*", ["gpt-", "gpt-4o"], ["my-gpt-4o"]),
        ("*-mini", ["gpt-4o-mini", "-mini"], ["mini", "gpt-4o-mini-2"]),
        ("*", ["", "anything"], []),
        ("a*b*c", ["abc", "a--b--c", "abbc"], ["acb", "ab", "abcx"]),
        ("aa*aa", ["aaaa", "aaxaa"], ["aaa"]),
        ("doc?.[x]", ["doc?.[x]"], ["docs.x"]),
    ],
)
def test_what_fits(pattern: str, fitting: list[str], others: list[str]) -> None:
    glob = Glob(pattern)
    assert [text for text in fitting if not glob.fits(text)] == []
    assert [text for text in others if glob.fits(text)] == []


def test_what_was_not_said_fits_nothing() -> None:
    assert not Glob("*").fits(None)


@given(PIECES, st.text(alphabet="ab", max_size=12))
def test_it_means_what_a_regular_expression_would(pattern: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, re.split(r"\*+", pattern))), text) is not None
    assert Glob(pattern).fits(text) is expected


def test_no_text_makes_it_slow() -> None:
    """A regular expression would take longer than anybody waits."""
    began = time.perf_counter()
    assert not Glob("*a" * 60 + "*b").fits("a" * 2000)
    assert time.perf_counter() - began < 1.0
