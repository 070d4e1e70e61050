"""Families of rollups: their tables, and merging that changes no sum."""

import pytest

from gatewatch.ledger.connect import connect
from gatewatch.ledger.families import CAPPED, FAMILIES, SPEND, TOKENS, TRAFFIC, UNITS, Family
from gatewatch.ledger.schema import migrate
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import mixed_traffic
from tests.kit.journals import segment


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_tables_have_the_columns_of_their_family(family: Family, home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    columns = ["bucket", "batch", *family.dims, *(measure.name for measure in family.measures)]
    columns += [f"{time}_bins" for time in family.histograms]
    for unit in UNITS:
        found = connection.execute(f"DESCRIBE {family.table(unit)}").fetchall()
        assert sorted(row[0] for row in found) == sorted(columns), "in the order in which migrations made them"
    connection.close()


def test_every_class_of_tokens_is_counted() -> None:
    assert set(TOKENS) <= {measure.name for measure in SPEND.measures}


def test_names_from_outside_are_bounded_in_every_family() -> None:
    ours = {"status", "http_status", "cache", "stream", "cost_basis", "dialect"}
    assert {*TRAFFIC.dims, *SPEND.dims} == {*CAPPED, *ours}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_merging_hours_gives_the_day(family: Family, home: Home, service: LedgerService) -> None:
    """Hours and days are made from the calls apart from each other; merged hours must be the days."""
    segment(home, *mixed_traffic(150))
    service.load_once()
    assert service._connection is not None
    connection = service._connection
    names = ", ".join(f'"{name}"' for name in (*family.dims, *(m.name for m in family.measures)))
    bins = "".join(f", list_sort(map_entries({time}_bins))" for time in family.histograms)
    hours = f"(SELECT * REPLACE (date_trunc('day', bucket) AS bucket) FROM {family.table('minute')})"
    merged = connection.execute(f"SELECT {names}{bins} FROM ({family.merged(hours)}) ORDER BY ALL").fetchall()
    of_days = connection.execute(f"SELECT {names}{bins} FROM {family.table('day')} ORDER BY ALL").fetchall()
    assert merged == of_days
    assert len(merged) > 3
