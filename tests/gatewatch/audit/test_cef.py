"""CEF: hostile text ends neither a field nor the line."""

import re

import pytest

from gatewatch import __version__
from gatewatch.audit.cef import cef, in_extension, in_header
from gatewatch.audit.record import record_of_row


def test_an_entry_is_one_line_of_the_format() -> None:
    row = (
        7,
        1_700_000_000_123_456,
        "alice",
        "key.revoke",
        "kid1",
        None,
        '{"a":"b=c"}',
        "denied",
        "admin",
        "10.0.0.9",
        "r1",
    )
    assert cef(record_of_row(row), "h", None) == (
        f"CEF:0|Gatewatch|Gatewatch|{__version__}|key.revoke|key revoke denied|7|"
        "rt=1700000000123 externalId=7 act=key.revoke outcome=denied suser=alice spriv=admin src=10.0.0.9 duser=kid1"
        ' cs2Label=after cs2={"a":"b\\=c"} cs3Label=request cs3=r1 cs4Label=hash cs4=h'
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a=b", "a\\=b"),
        ("a\\b", "a\\\\b"),
        ("a\nb\rc", "a\\nb\\rc"),
        ("a|b", "a|b"),
        ("a\x1b[2J", "a␛[2J"),
        ("\\\n=", "\\\\\\n\\="),
    ],
)
def test_values_are_escaped_as_the_format_says(text: str, escaped: str) -> None:
    assert in_extension(text) == escaped


@pytest.mark.parametrize(("text", "escaped"), [("a|b", "a\\|b"), ("a\\b", "a\\\\b"), ("a\nb", "a b"), ("a=b", "a=b")])
def test_headers_are_escaped_as_the_format_says(text: str, escaped: str) -> None:
    assert in_header(text) == escaped


def test_hostile_text_adds_no_field_and_no_line() -> None:
    evil = "x|9|\nact=forged\r\n\x1b]0;t\x07\u202e suser=root\\"
    line = cef(record_of_row((1, 1, evil, evil, evil, None, None, evil, evil, evil, evil)), "h", "s")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line)
    header = re.match(r"(?:(?:[^|\\]|\\.)*\|){7}", line)
    assert header is not None
    assert line[header.end() :].startswith("rt=0 ")
    names = re.findall(r"(\w+)=", line[header.end() :])
    assert (names.count("act"), names.count("suser"), names.count("rt")) == (1, 1, 1)
