"""Spend adds up to the picodollar, whatever it is grouped by."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.exact import input_tokens, usd


@pytest.mark.parametrize(
    ("by", "source"), [("team", "rollups"), ("user", "rollups"), ("model", "rollups"), ("served_model", "calls")]
)
def test_each_group_has_the_sums_of_its_raw_lines(
    loaded: LedgerService, closes: list[dict[str, Any]], by: str, source: str
) -> None:
    answer = loaded.ask("spend", by=by, **HOUR_WINDOW)
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for call in closes:
        groups[call.get(by)].append(call)
    assert answer.source == source
    assert {row["group"] for row in answer.rows} == groups.keys()
    for row in answer.rows:
        mine = groups[row["group"]]
        assert row["calls"] == len(mine)
        assert row["input_tokens"] == input_tokens(mine)
        assert row["output_tokens"] == sum(call.get("output_tokens", 0) for call in mine)
        assert row["unpriced_calls"] == sum(call.get("cost_basis") == "unpriced" for call in mine)
        assert (Decimal(0) if row["cost_usd"] == "unpriced" else Decimal(row["cost_usd"])) == usd(mine)


def test_all_groups_together_are_the_overview(loaded: LedgerService) -> None:
    overview = loaded.ask("overview", **HOUR_WINDOW).rows[0]
    for by in ("team", "provider", "key", "environment"):
        rows = loaded.ask("spend", by=by, **HOUR_WINDOW).rows
        assert sum(Decimal(r["cost_usd"]) for r in rows if r["cost_usd"] != "unpriced") == Decimal(overview["cost_usd"])


def test_a_group_without_any_known_price_is_unpriced(loaded: LedgerService) -> None:
    (row,) = loaded.ask("spend", by="model", where="model=llama cost=unpriced", **HOUR_WINDOW).rows
    assert (row["group"], row["cost_usd"]) == ("llama", "unpriced")


def test_the_dearest_come_first_and_a_limit_cuts(loaded: LedgerService) -> None:
    rows = loaded.ask("spend", by="user", limit=5, **HOUR_WINDOW).rows
    costs = [Decimal(row["cost_usd"]) for row in rows]
    assert len(rows) == 5
    assert costs == sorted(costs, reverse=True)
    assert rows[0]["budget_usd"] is rows[0]["budget_used"] is None


@pytest.mark.parametrize("by", ["colour", "cost", "'; DROP TABLE calls; --", "tags"])
def test_nothing_else_can_be_grouped_by(loaded: LedgerService, by: str) -> None:
    with pytest.raises(UsageError, match="by"):
        loaded.ask("spend", by=by)
