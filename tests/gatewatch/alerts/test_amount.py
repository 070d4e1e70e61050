"""Amounts as they are typed and as they are read."""

import pytest

from gatewatch.alerts.amount import Amount, Unit, amount_text, read_amount


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("2s", "time", 2_000_000),
        ("500ms", "time", 500_000),
        ("365d", "time", 365 * 86_400_000_000),
        ("5%", "share", 50_000),
        ("120%", "share", 1_200_000),
        ("0.25%", "share", 2_500),
        ("20", "count", 20),
        ("5x", "times", 5_000_000),
        ("1.5x", "times", 1_500_000),
    ],
)
def test_an_amount_is_read_exactly_and_written_as_it_was(text: str, unit: Unit, value: int) -> None:
    amount = read_amount(text)
    assert (amount.unit, amount.value) == (unit, value)
    assert str(amount) == text


@pytest.mark.parametrize("text", ["", "5 %", "-3", "1.2.3x", "x", "%", "five", "1e3", "5s5", "٣"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2s, 5%, 20 or 5x"):
        read_amount(text)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("time", 1_440_000, "1.4 s"),
        ("time", 300_000, "300 ms"),
        ("time", 150_000_000, "2.5 min"),
        ("time", 400 * 86_400_000_000, "400 d"),
        ("share", 125_000, "12.5 %"),
        ("share", 999_999, "99.9 %"),
        ("share", 1_000_000, "100 %"),
        ("count", 7, "7"),
        ("times", 8_249_999, "8.2 ×"),
    ],
)
def test_people_read_it_cut_never_rounded_up(unit: Unit, value: int, text: str) -> None:
    assert amount_text(unit, value) == text


def test_amounts_of_one_unit_are_equal_where_they_say_the_same() -> None:
    assert read_amount("60s") == read_amount("1m") == Amount("time", 60_000_000)
