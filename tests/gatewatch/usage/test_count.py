"""One number of a usage object."""

import pytest

from gatewatch.usage.count import count_of


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (7, 7), (None, 0), (10**12 - 1, 10**12 - 1)])
def test_a_count_is_a_count_and_null_is_nothing(value: object, expected: int) -> None:
    assert count_of(value) == expected


@pytest.mark.parametrize("value", [-1, 1.0, "7", True, [7], {}, 10**12])
def test_what_is_no_count_is_none(value: object) -> None:
    assert count_of(value) is None
