"""A series adds up to the overview of its window, step by step, without gaps."""

from decimal import Decimal
from typing import Any

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.exact import percentile, usd
from tests.kit.journals import MINUTE, T0


def test_every_minute_has_its_row_and_its_own_figures(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    rows = loaded.ask("series", step="1m", **HOUR_WINDOW).rows
    assert len(rows) == 60
    for n, row in enumerate(rows):
        begin = T0 + n * MINUTE
        mine = [call for call in closes if begin <= call["started_at"] < begin + MINUTE]
        assert row["bucket"] == f"2026-11-20T10:{n:02}:00.000000Z"
        assert row["calls"] == len(mine) + (57 if n == 1 else 0)
        assert row["errors"] == sum(call["status"] in ("error", "truncated", "interrupted") for call in mine)
        assert row["cache_read_tokens"] == sum(call.get("input_cache_read_tokens", 0) for call in mine)
        if row["cost_usd"] == "unpriced":
            assert usd(mine) == 0
        else:
            assert Decimal(row["cost_usd"]) == usd(mine)
        timed = [c["latency_us"] / 1000 for c in mine if c["status"] not in ("blocked", "interrupted")]
        if timed:
            assert row["p95_ms"] == pytest.approx(percentile(timed, 0.95), rel=0.02)
        else:
            assert row["p95_ms"] is None


@pytest.mark.parametrize("step", ["1m", "5m", "7m", "1h", "1d"])
def test_steps_add_up_to_the_overview(loaded: LedgerService, step: str) -> None:
    answer = loaded.ask("series", step=step, **HOUR_WINDOW)
    overview = loaded.ask("overview", since=answer.window["since"], until=answer.window["until"]).rows[0]
    for name in ("calls", "errors", "blocked", "input_tokens", "output_tokens"):
        assert sum(row[name] for row in answer.rows) == overview[name]
    costs = [Decimal(row["cost_usd"]) for row in answer.rows if row["cost_usd"] != "unpriced"]
    assert sum(costs) == Decimal(overview["cost_usd"])


def test_the_window_is_widened_to_whole_steps(loaded: LedgerService) -> None:
    answer = loaded.ask("series", step="7m", since="2026-11-20T10:01:00Z", until="2026-11-20T10:20:00Z")
    assert answer.window == {"since": "2026-11-20T09:57:00.000000Z", "until": "2026-11-20T10:25:00.000000Z"}
    assert [row["bucket"][11:16] for row in answer.rows] == ["09:57", "10:04", "10:11", "10:18"]


def test_no_step_lies_in_the_future(loaded: LedgerService) -> None:
    rows = loaded.ask("series", step="1m", since="2026-11-20T10:58:00Z", until="2026-11-20T12:00:00Z").rows
    assert [row["bucket"][11:16] for row in rows] == ["10:58", "10:59", "11:00"]


@pytest.mark.parametrize(("seconds", "minutes"), [(1, 1), (60, 1), (61, 2), (1440, 30), (10_080, 180)])
def test_a_step_in_seconds_is_a_wish_for_the_next_longer_one(loaded: LedgerService, seconds: int, minutes: int) -> None:
    rows = loaded.ask("series", step=seconds, since="1d").rows
    first, second = (row["bucket"] for row in rows[:2])
    hours = int(second[11:13]) - int(first[11:13])
    assert (hours * 60 + int(second[14:16]) - int(first[14:16])) % 1440 == minutes


def test_left_out_a_step_is_chosen_for_the_window(loaded: LedgerService) -> None:
    assert len(loaded.ask("series", **HOUR_WINDOW).rows) == 60
    assert 60 <= len(loaded.ask("series", since="30d").rows) <= 180


@pytest.mark.parametrize(
    ("step", "said"), [("90s", "minutes"), ("0m", "minutes"), ("soon", "duration"), ("1m", "2000")]
)
def test_a_step_that_cannot_be_is_a_usage_error(loaded: LedgerService, step: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        loaded.ask("series", step=step, since="30d")


def test_rollups_and_calls_give_the_same_series(loaded: LedgerService) -> None:
    rollups = loaded.ask("series", step="5m", where="provider=openai", **HOUR_WINDOW)
    calls = loaded.ask("series", step="5m", where="provider=openai client_retry=0", **HOUR_WINDOW)
    assert (rollups.source, calls.source) == ("rollups", "calls")
    assert rollups.rows == calls.rows
