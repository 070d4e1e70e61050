"""How numbers read. Expected texts are written by hand."""

import pytest

from app.console import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0.0 ms"),
        (0.42, "0.4 ms"),
        (9.94, "9.9 ms"),
        (9.96, "10 ms"),
        (420.4, "420 ms"),
        (999.6, "1.00 s"),
        (1840, "1.84 s"),
        (12_400, "12.4 s"),
        (125_000, "2m 05s"),
        (3_600_000, "60m 00s"),
    ],
)
def test_a_duration(value: float | None, text: str) -> None:
    assert figures.milliseconds(value) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "–"),
        ("unpriced", "unpriced"),
        ("0", "$0"),
        ("12.4", "$12.40"),
        ("1234567.891", "$1,234,567.89"),
        ("0.005615", "$0.0056"),
        ("0.0000123", "$0.000012"),
        ("0.000001", "$0.0000010"),
        ("0.000000000001", "<$0.000001"),
        ("0.125", "$0.12"),
        ("-3.5", "-$3.50"),
    ],
)
def test_money_is_rounded_to_be_shown_and_never_to_zero(usd: str | None, text: str) -> None:
    assert figures.dollars(usd) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"calls": 3, "cost_usd": "1.2", "unpriced_calls": 0}, "$1.20"),
        ({"calls": 3, "cost_usd": "1.2", "unpriced_calls": 1}, "≥$1.20"),
        ({"calls": 3, "cost_usd": "unpriced", "unpriced_calls": 3}, "unpriced"),
        ({"calls": 3, "cost_usd": "0", "unpriced_calls": 3}, "unpriced"),
    ],
)
def test_a_sum_says_what_it_lacks(row: dict[str, object], text: str) -> None:
    assert figures.spent(row) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (987, "987"),
        (1_000, "1.00k"),
        (12_345, "12.3k"),
        (999_600, "1.00M"),
        (4_560_000, "4.56M"),
    ],
)
def test_a_big_number_keeps_three_figures(value: int | None, text: str) -> None:
    assert figures.compact(value) == text


def test_a_count_keeps_every_figure() -> None:
    assert figures.count(1_234_567) == "1,234,567"
    assert figures.count(None) == "–"


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.42, "0.42"), (12.44, "12.4"), (1234.0, "1,234")])
def test_a_rate(value: float | None, text: str) -> None:
    assert figures.per_second(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0.0%"), (0.0001, "<0.1%"), (0.0213, "2.1%"), (0.9999, "100.0%"), (1.0, "100%")],
)
def test_a_share(value: float | None, text: str) -> None:
    assert figures.share(value) == text


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (-5, "0.0 s"),
        (800_000, "0.8 s"),
        (42_000_000, "42 s"),
        (119_000_000, "119 s"),
        (180_000_000, "3 min"),
        (2 * 3_600_000_000, "2 h"),
        (4 * 86_400_000_000, "4 d"),
    ],
)
def test_an_age(us: int, text: str) -> None:
    assert figures.age(us) == text


def test_a_stopwatch() -> None:
    assert figures.stopwatch(42_000_000) == "00:42"
    assert figures.stopwatch(3_723_000_000) == "1:02:03"


def test_the_time_of_day_is_utc_whatever_the_clock_of_the_machine_says() -> None:
    assert figures.clock("2026-11-20T10:00:01.500000Z") == "10:00:01"
    assert figures.clock("2026-11-20T10:00:01+02:00") == "08:00:01"
    assert figures.clock(1_795_168_800_000_000, "%Y-%m-%d %H:%M") == "2026-11-20 10:00"
    assert figures.clock(None) == "–"


def test_what_was_read_from_the_cache_is_a_share_of_the_input() -> None:
    series = [{"input_tokens": 100, "cache_read_tokens": 25}, {"input_tokens": 300, "cache_read_tokens": 75}]
    assert figures.cache_read_share(series) == 0.25
    assert figures.cache_read_share([{"input_tokens": 0, "cache_read_tokens": 0}]) is None


def test_all_tokens_are_those_in_and_those_out() -> None:
    assert figures.tokens_in({"input_tokens": 7, "output_tokens": None}) == 7


def test_what_is_unpriced_is_not_drawn() -> None:
    assert figures.quantity("unpriced") is None
    assert figures.quantity(None) is None
    assert figures.quantity("0.25") == 0.25
