"""Deep links: what leads where, and what is said of those that lead nowhere."""

import pytest

from app.console.links import Link, condition
from gatewatch.errors import UsageError
from gatewatch.filters import FilterError, compile_filter
from tests.kit.console_stage import HOSTILE, RETRIED_ID


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (":overview", Link("overview")),
        ("calls", Link("calls")),
        (":calls team=search status>=400", Link("calls", "team=search status>=400")),
        (f" : call  {RETRIED_ID.upper()} ", Link("call", RETRIED_ID)),
    ],
)
def test_a_link_is_read(text: str, link: Link) -> None:
    assert Link.parse(text) == link


@pytest.mark.parametrize("text", [":overview", ":calls", ":calls team=search | !stream=yes", f":call {RETRIED_ID}"])
def test_a_link_is_written_as_it_is_read(text: str) -> None:
    assert str(Link.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (":cals", "did you mean :calls?"),
        (":zzz", "there are :overview, :calls, :call."),
        ("", "there are :overview"),
        (":overview now", "takes nothing after it"),
        (":call 42", "wants the id of a call"),
        (":call 6fa459ea-ee8a-4ca4-894e-db77e160355e", "wants the id of a call"),
    ],
)
def test_a_link_that_leads_nowhere_says_what_would(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        Link.parse(text)


def test_a_mistake_in_the_filter_keeps_its_column() -> None:
    with pytest.raises(FilterError) as caught:
        Link.parse(":calls team=search taem=x")
    assert caught.value.column == 13


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("search", "team=search"),
        ("gpt-4o", "team=gpt-4o"),
        ("two words", 'team="two words"'),
        ('say "hi"', "team='say \"hi\"'"),
        (None, 'team=""'),
        (429, "team=429"),
        ("größer", 'team="größer"'),
        ("a|b", 'team="a|b"'),
    ],
)
def test_a_value_becomes_a_filter_for_exactly_it(value: str | int | None, text: str) -> None:
    assert condition("team", value) == text
    assert compile_filter(text)[1] == ([] if value is None else [str(value)])


@pytest.mark.parametrize("value", ["both ' and \"", HOSTILE, "line\nbreak"])
def test_a_value_that_nobody_could_type_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="no filter can name it"):
        condition("team", value)
