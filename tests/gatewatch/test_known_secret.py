"""A secret that we know is taken out of what a provider says, in whatever form it comes back."""

import json
from urllib.parse import quote

import pytest

from gatewatch.known_secret import bytes_without_known, without_known

SECRET = 'no shape="at all"&/+%41\\x'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps({"message": f"you sent {json.dumps({'key': SECRET})}"}),
        f"https://x.example/?key={quote(SECRET, safe='')}",
        f"https://x.example/{quote(SECRET)}",
    ],
)
def test_it_is_found_in_every_form(form: str) -> None:
    for left in (without_known(f"a {form} b {form}", SECRET), bytes_without_known(form.encode(), SECRET).decode()):
        assert "[secret]" in left
        assert "shape" not in left


def test_the_parts_of_a_key_of_aws_are_found_alone() -> None:
    secret = "AKIACANARY0123456789:the-secret/part+of-it:session"
    left = without_known("AKIACANARY0123456789 may not sign with the-secret/part+of-it in session", secret)
    assert left == "[secret] may not sign with [secret] in [secret]"


def test_a_short_part_or_none_at_all_changes_nothing() -> None:
    text = "the model is none of ours"
    assert without_known(text, "model") == text
    assert without_known(text, None) == text
    assert without_known(text, "") == text
    assert bytes_without_known(b"text", None) == b"text"
