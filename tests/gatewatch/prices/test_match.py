"""A model name is met by what a list says of it, in any case of its letters, with either way to write a date."""

import pytest

from gatewatch.prices.match import matches, with_dashes
from gatewatch.prices.row import Match


@pytest.mark.parametrize(
    ("match", "name", "met"),
    [
        (Match(equals="gpt-4o"), "gpt-4o", True),
        (Match(equals="gpt-4o"), "gpt-4o-mini", False),
        (Match(starts_with="gpt-4o"), "gpt-4o-mini", True),
        (Match(starts_with="gpt-4o"), "my-gpt-4o", False),
        (Match(ends_with=":free"), "qwq:free", True),
        (Match(ends_with=":free"), "qwq:freed", False),
        (Match(contains="sonnet"), "claude-sonnet-4", True),
        (Match(contains="sonnet"), "claude-opus-4", False),
        (Match(regex=r"^jev-\d{2}$"), "jev-12", True),
        (Match(regex=r"^jev-\d{2}$"), "jev-1", False),
        (Match(regex="12"), "jev-12", True),
        (Match(any_of=(Match(equals="a"), Match(equals="b"))), "b", True),
        (Match(any_of=(Match(equals="a"), Match(equals="b"))), "c", False),
        (Match(all_of=(Match(contains="a"), Match(contains="b"))), "ab", True),
        (Match(all_of=(Match(contains="a"), Match(contains="b"))), "a", False),
        (Match(), "anything", False),
    ],
)
def test_each_clause_means_what_it_says(match: Match, name: str, met: bool) -> None:
    assert matches(match, name) is met


@pytest.mark.parametrize(
    ("name", "dashed"),
    [
        ("gpt-5.2-20251211", "gpt-5.2-2025-12-11"),
        ("gpt-5.2-20251211:beta", "gpt-5.2-2025-12-11:beta"),
        ("gpt-5.2-20251211-hd", "gpt-5.2-2025-12-11-hd"),
        ("gpt-5.2-20251311", "gpt-5.2-20251311"),  # no such month
        ("gpt-5.2-20250229", "gpt-5.2-20250229"),  # no such day
        ("gpt-5.2-202512111", "gpt-5.2-202512111"),
        ("gpt-5.2-19991231", "gpt-5.2-19991231"),
    ],
)
def test_a_compact_date_gets_its_dashes(name: str, dashed: str) -> None:
    assert with_dashes(name) == dashed
