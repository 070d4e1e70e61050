"""The source of a console: a control socket that may or may not be there, and the price rows of the home."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.console.source import Attached
from gatewatch.control.store import ControlStore
from gatewatch.errors import Unreachable
from gatewatch.paths import Home
from gatewatch.prices.row import Match, Prices, price_row


def test_a_console_may_be_there_before_its_gateway(tmp_path: Path) -> None:
    source = Attached(Home(tmp_path / "home"))
    with pytest.raises(Unreachable):
        source.live()
    with pytest.raises(Unreachable):
        source.ask("overview")
    source.close()
    source.close()


def test_a_price_that_is_set_while_the_console_is_open_is_found(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    source = Attached(home)
    row = price_row(
        provider="house",
        model="house-llama-70b",
        match=Match(equals="house-llama-70b"),
        prices=Prices(input=1, output=2),
        source="operator",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    call = {"price_row": row.id, "model": "house-llama-70b"}
    assert source.price_row(call) is None
    with ControlStore.open(home.control) as store:
        store.add_price(row)
    assert source.price_row(call) == row
    source.close()
