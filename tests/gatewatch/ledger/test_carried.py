"""What an old ledger alone knows goes over to the new one; `test_retiring.py` tells the whole story."""

from pathlib import Path

import duckdb
import pytest

from gatewatch.ledger.carried import carry_in, carry_out, remove
from gatewatch.ledger.connect import connect
from gatewatch.ledger.schema import migrate
from gatewatch.timespan import iso
from tests.kit.journals import DAY, T0


def ledger(folder: Path, name: str) -> duckdb.DuckDBPyConnection:
    made = connect(folder / name, folder / "scratch")
    migrate(made)
    return made


def add(connection: duckdb.DuckDBPyConnection, day: int, calls: int) -> None:
    at = iso(T0 + day * DAY)[:19]
    connection.execute(f"INSERT INTO traffic_day (bucket, batch, calls) VALUES ('{at}'::TIMESTAMP, 1, {calls})")


@pytest.mark.parametrize(("deleted_day", "calls"), [(None, [1, 2, 3]), (1, [10, 2, 3]), (2, [10, 20, 3])])
def test_days_are_wholly_the_olds_or_wholly_the_news(tmp_path: Path, deleted_day: int | None, calls: list[int]) -> None:
    old, new = ledger(tmp_path, "old"), ledger(tmp_path, "new")
    if deleted_day is not None:
        before = iso((T0 // DAY + deleted_day) * DAY)[:19]
        old.execute(f"INSERT INTO retention VALUES ('calls', 1, '{before}'::TIMESTAMP, 7, NULL)")
    for day in range(3):
        add(old, day, 10 * (day + 1))
        add(new, day, day + 1)
    file = tmp_path / "scratch" / "carried.duckdb"
    carry_out(old, file, [])
    carry_in(new, file)
    assert [row[0] for row in new.execute("SELECT calls FROM traffic_day ORDER BY bucket").fetchall()] == calls
    assert new.execute("SELECT sum(deleted) FROM retention").fetchall() == [(7 if deleted_day else None,)]
    remove(file)
    assert not file.exists()
    old.close()
    new.close()
