"""Histograms give percentiles within two percent, over any range of times and any number of calls."""

import random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewatch.ledger.percentiles import bin_of, middle_us, milliseconds, percentiles_sql
from tests.kit.exact import percentile

SHARES = (0.0, 0.5, 0.9, 0.95, 0.99, 1.0)


def of(times: list[int]) -> list[float]:
    """Percentiles by our SQL, in microseconds."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT unnest(?::BIGINT[]) AS time_us", [times])
    facts = f"SELECT histogram({bin_of('time_us')})::MAP(SMALLINT, BIGINT) AS time_bins FROM t GROUP BY time_us % 3"
    (row,) = connection.execute(percentiles_sql(facts, ("time",), SHARES)).fetchall()
    connection.close()
    return [milliseconds(*row[at : at + 3]) * 1000 for at in range(1, len(row), 3)]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 3_600_000_000), min_size=1, max_size=60))
def test_any_times_are_at_most_two_percent_off(times: list[int]) -> None:
    for share, found in zip(SHARES, of(times), strict=True):
        assert found == pytest.approx(percentile(times, share), rel=0.02, abs=0.5)


@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_many_times_are_at_most_two_percent_off(spread: float) -> None:
    chance = random.Random(3)
    times = [int(chance.lognormvariate(13, spread)) for _ in range(20_000)]
    for share, found in zip(SHARES, of(times), strict=True):
        assert found == pytest.approx(percentile(times, share), rel=0.02)


def test_less_than_a_microsecond_is_nothing() -> None:
    assert of([0, 0, 0]) == [0.0] * len(SHARES)
    assert middle_us(-1) == 0.0


def test_no_times_have_no_percentile() -> None:
    connection = duckdb.connect()
    facts = "SELECT NULL::MAP(SMALLINT, BIGINT) AS time_bins"
    assert connection.execute(percentiles_sql(facts, ("time",), SHARES)).fetchall() == []
    connection.close()


def test_groups_have_their_own() -> None:
    connection = duckdb.connect()
    facts = """
        SELECT g, MAP {b: n}::MAP(SMALLINT, BIGINT) AS time_bins
        FROM (VALUES ('a', 100, 3), ('a', 200, 1), ('b', 300, 1), (NULL, 400, 1)) AS v(g, b, n)"""
    rows = connection.execute(percentiles_sql(facts, ("time",), (0.5,), ("g",))).fetchall()
    assert {row[0]: (row[2], row[3]) for row in rows} == {"a": (100, 100), "b": (300, 300), None: (400, 400)}
    connection.close()
