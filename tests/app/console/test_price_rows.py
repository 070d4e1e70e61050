"""Price rows of a gateway: of this machine's home, and of another machine's, asked for with an admin key."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from app.console.price_rows import PriceRows
from gatewatch.keys import token
from gatewatch.paths import Home
from gatewatch.prices.row import Match, Prices, price_row
from gatewatch.remote_gateway import RemoteGateway
from tests.kit.control_api import control_api

ROW = price_row(
    provider="house",
    model="house-llama-70b",
    match=Match(equals="house-llama-70b"),
    prices=Prices(input=1, output=2),
    source="operator",
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
)
CALL = {"price_row": ROW.id, "model": "house-llama-70b"}


async def test_the_operators_rows_are_the_same_here_and_from_elsewhere(tmp_path: Path) -> None:
    async with control_api(tmp_path) as control:
        host, port = control.remote.removeprefix("https://").split(":")
        key = control.key("lead", kind="admin", role="user", all_teams=False)
        here, there = PriceRows(control.home), PriceRows(RemoteGateway(host, int(port), key, control.chain))
        assert [await asyncio.to_thread(each.of, CALL) for each in (here, there)] == [None, None]
        with control.store() as store:
            store.add_price(ROW)
        assert [await asyncio.to_thread(each.of, CALL) for each in (here, there)] == [ROW, ROW]


def test_where_the_operators_rows_cannot_be_had_the_lists_are_still_known(tmp_path: Path) -> None:
    nobody = RemoteGateway("127.0.0.1", 1, token.mint("admin", "live"))
    assert PriceRows(nobody).of(CALL) is None
    assert PriceRows(Home(tmp_path / "none")).of(CALL) is None
