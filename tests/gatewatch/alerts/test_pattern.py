"""A pattern means what it says; only * stands for more."""

import pytest

from gatewatch.alerts.pattern import matches, means


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("slow", "slow"),
        ("*", ""),
        ("*", "anything|at/all"),
        ("slow|team/*", "slow|team/search"),
        ("*|team/search", "slow|team/search"),
        ("*team*", "slow|team/search"),
        ("a*a", "aa"),
        ("usererr|user/[x]*", "usererr|user/[x]*"),
        ("usererr|user/[x]*", "usererr|user/[x]yz"),
        ("what?", "what?"),
    ],
)
def test_these_are_meant(pattern: str, text: str) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", "slow"),
        ("slow", "slower"),
        ("a*a", "a"),
        ("*b*", "aca"),
        ("ab*ba", "aba"),
        ("what?", "whats"),
        ("user/[x]", "user/x"),
    ],
)
def test_these_are_not(pattern: str, text: str) -> None:
    assert not matches(pattern, text)


def test_an_alert_is_meant_by_its_name_too() -> None:
    assert means("slow", "slow|team/search")
    assert means("sl*", "slow|team/search")
    assert not means("slow|", "slow|team/search")


def test_a_pattern_of_many_stars_is_no_trouble() -> None:
    assert not matches("*a" * 150 + "b", "a" * 300)
