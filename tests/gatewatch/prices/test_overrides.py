"""An operator's prices are added to the control store, never changed there, and reach whoever opens it."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.prices import overrides
from gatewatch.prices.row import Match, PriceRow, Prices, price_row

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(price: int, model: str = "gpt-4o", **terms: object) -> PriceRow:
    return price_row(
        provider="openai",
        model=model,
        match=Match(equals=model.lower()),
        prices=Prices(input=price),
        source="operator",
        recorded_at=terms.pop("recorded_at", NOW),  # type: ignore[arg-type]
        **terms,  # type: ignore[arg-type]
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


def test_rows_come_back_in_the_order_in_which_they_were_added(path: Path) -> None:
    rows = [row(1), row(2, valid_from=NOW, recorded_at=NOW + timedelta(seconds=1))]
    with ControlStore.open(path) as store:
        assert store.prices() == []
        for each in rows:
            store.add_price(each)
        assert store.prices() == rows
    assert overrides.load_file(path) == rows


@pytest.mark.parametrize("same", [row(1), row(2), row(2, model="GPT-4O")])
def test_a_row_is_not_overwritten(path: Path, same: PriceRow) -> None:
    with ControlStore.open(path) as store:
        store.add_price(row(1))
        with pytest.raises(UsageError, match="not overwritten"):
            store.add_price(same)
        assert store.prices() == [row(1)]


@pytest.mark.parametrize("other", [row(2, valid_from=NOW), row(2, tier="batch"), row(2, above=9), row(2, model="o3")])
def test_another_beginning_or_condition_is_another_row(path: Path, other: PriceRow) -> None:
    with ControlStore.open(path) as store:
        store.add_price(row(1))
        store.add_price(other)
        assert len(store.prices()) == 2


def test_a_price_is_in_the_audit_trail_with_its_figures(path: Path) -> None:
    with ControlStore.open(path, actor="cli:tess") as store:
        store.add_price(row(1))
        (entry,) = store.audit_entries()
    assert (entry.actor, entry.action, entry.target) == ("cli:tess", "price.set", "openai/gpt-4o")
    assert entry.after is not None
    assert entry.after["prices"] == {"input": 1}


def test_where_there_is_no_store_or_no_price_yet_there_are_no_rows(path: Path) -> None:
    assert overrides.load_file(path) == []
    assert not path.exists()
    ControlStore.open(path).close()
    assert overrides.load_file(path) == []


def test_a_damaged_row_is_a_damaged_store(path: Path) -> None:
    with ControlStore.open(path) as store:
        store.add_price(row(1))
    connection = sqlite3.connect(path)
    connection.execute("""UPDATE price_rows SET row = '{"id":1}'""")
    connection.commit()
    connection.close()
    with pytest.raises(sqlite3.DatabaseError, match="damaged"):
        overrides.load_file(path)


def test_a_hostile_name_is_text_and_nothing_else(path: Path) -> None:
    hostile = row(1, model="'); DROP TABLE price_rows; --")
    with ControlStore.open(path) as store:
        store.add_price(hostile)
    assert overrides.load_file(path) == [hostile]
