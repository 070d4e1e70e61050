import pytest

from benchmarks.spread import Spread, added, paired, percentile, spread


def test_a_spread_is_the_median_with_the_lowest_and_the_highest() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert spread([4.0, 1.0]) == Spread(2.5, 1.0, 4.0)


def test_nothing_has_no_spread_and_no_percentile() -> None:
    with pytest.raises(ValueError):
        spread([])
    with pytest.raises(ValueError):
        percentile([], 0.5)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (0.991, 100), (1.0, 100)])
def test_percentiles_are_by_nearest_rank(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.99) == 7.0


def test_ratios_are_of_the_same_round() -> None:
    assert paired({1: 10.0, 2: 30.0}, {2: 60.0, 1: 40.0}) == [0.25, 0.5]


def test_a_round_that_only_one_of_them_has_says_nothing() -> None:
    assert paired({1: 10.0, 2: 30.0}, {2: 60.0, 3: 1.0}) == [0.5]
    assert added({1: 10.0, 2: 30.0}, {2: 25.0}) == [5.0]


def test_nothing_is_divided_by_zero() -> None:
    assert paired({1: 10.0}, {1: 0.0}) == []


def test_what_is_added_may_be_less_than_nothing() -> None:
    assert added({1: 1.0}, {1: 1.5}) == [-0.5]
