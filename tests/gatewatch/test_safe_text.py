"""Text from a call cannot move the cursor, write the clipboard or turn a line around."""

import sys
import unicodedata

import pytest

from gatewatch.safe_text import safe


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("two\nlines\tand a tab\r", "two␊lines␉and a tab␍"),
        ("nul\x00 del\x7f", "nul␀ del␡"),
        ("c1 \x9b2J", "c1 �2J"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("a\u2028b\u2029c", "a�b�c"),
        ("zero\u200bwidth \ufeff", "zero�width �"),
        ("lone \ud800 surrogate", "lone � surrogate"),
        ("private \ue000", "private �"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


@pytest.mark.parametrize("text", ["gpt-4o-mini", "Grüße, 東京 🙂 – ½ ×", "[bold]not markup[/bold]", "=1+1", ""])
def test_text_that_is_only_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_no_character_at_all_comes_through_that_a_terminal_would_obey() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    left = {unicodedata.category(character) for character in safe(everything, len(everything))}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_a_long_text_is_cut_where_it_can_be_seen() -> None:
    assert safe("x" * 50, 10) == "x" * 9 + "…"
    assert safe("x" * 10, 10) == "x" * 10


def test_what_is_not_text_is_shown_as_its_text() -> None:
    assert safe(12) == "12"
    assert safe(None) == "None"
