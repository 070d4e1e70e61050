import pytest

from proxy.sandbox.answer import Choice, cut

WORDS = ["One", " two", " three", " four"]


def test_without_stops_or_limit_a_text_ends_by_itself() -> None:
    assert cut(WORDS, [], None) == (WORDS, "stop")


def test_a_limit_counts_tokens() -> None:
    assert cut(WORDS, [], 2) == (["One", " two"], "length")
    assert cut(WORDS, [], 4) == (WORDS, "stop")
    assert cut(WORDS, [], 0) == ([], "length")


@pytest.mark.parametrize(
    ("stops", "kept"),
    [
        (["thr"], ["One", " two", " "]),
        ([" three"], ["One", " two"]),
        (["four", "two"], ["One", " "]),
        (["One"], []),
        (["five"], WORDS),
    ],
)
def test_the_text_ends_before_the_stop_that_comes_first(stops: list[str], kept: list[str]) -> None:
    assert cut(WORDS, stops, None) == (kept, "stop")


def test_a_stop_before_the_limit_is_a_stop() -> None:
    assert cut(WORDS, [" three"], 3) == (["One", " two"], "stop")


def test_the_name_of_a_function_is_output_too() -> None:
    assert Choice(["{}"], "tool_calls", "get_weather").tokens == 1 + 3  # 11 characters, four to a token
    assert Choice(WORDS, "stop").tokens == 4
