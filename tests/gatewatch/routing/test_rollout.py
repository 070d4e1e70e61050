"""Shares and steps of a canary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.routing.rollout import checked_steps, parse_share, share_text, taken


@pytest.mark.parametrize(
    ("text", "share"), [("0%", 0), ("0.01%", 1), ("0.5%", 50), ("5%", 500), ("12.34%", 1234), ("100%", 10_000)]
)
def test_a_share_is_hundredths_of_a_percent(text: str, share: int) -> None:
    assert parse_share(text) == share
    assert share_text(share) == text


@pytest.mark.parametrize("text", ["", "5", "-1%", "100.01%", "101%", "0.001%", "five%", "%", "1e1%", "٥%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no share"):
        parse_share(text)


@given(st.integers(0, 10_000))
def test_every_share_is_read_back(share: int) -> None:
    assert parse_share(share_text(share)) == share


def test_steps_are_shares_that_rise_and_teams() -> None:
    assert checked_steps(["search", " 5% ", "team b", "25.0%", "100%"]) == ("search", "5%", "team b", "25%", "100%")


@pytest.mark.parametrize("steps", [["25%", "5%"], ["5%", "5%"], ["search", "search"], ["search", ""], ["150%"]])
def test_steps_that_lead_nowhere_are_refused(steps: list[str]) -> None:
    with pytest.raises(ValueError, match=r"step|behind|share"):
        checked_steps(steps)


def test_a_step_adds_a_team_or_raises_the_share() -> None:
    assert taken(500, ("search",), "25%") == (2500, ("search",))
    assert taken(500, ("search",), "web") == (500, ("search", "web"))
    assert taken(2500, (), "5%") == (2500, ())
