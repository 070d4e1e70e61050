"""What went wrong, counted as the journal has it."""

from collections import Counter
from typing import Any

from gatewatch.ledger.service import LedgerService
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW


def test_errors_are_counted_by_status_kind_and_group(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    answer = loaded.ask("errors", **HOUR_WINDOW)
    failed = [call for call in closes if call["status"] in ("error", "truncated", "interrupted")]
    expected = Counter(
        (call.get("http_status"), call.get("error_kind", "interrupted"), call.get("provider")) for call in failed
    )
    assert answer.source == "rollups"
    assert {(row["http_status"], row["error_kind"], row["group"]): row["count"] for row in answer.rows} == expected
    assert sum(row["count"] for row in answer.rows) == loaded.ask("overview", **HOUR_WINDOW).rows[0]["errors"]


def test_a_row_says_how_often_when_and_names_its_latest_call(
    loaded: LedgerService, closes: list[dict[str, Any]]
) -> None:
    for row in loaded.ask("errors", by="model", **HOUR_WINDOW).rows:
        group = [call for call in closes if call.get("model") == row["group"]]
        mine = [
            call
            for call in group
            if call["status"] in ("error", "truncated", "interrupted")
            and (call.get("http_status"), call.get("error_kind", "interrupted"))
            == (row["http_status"], row["error_kind"])
        ]
        # 57 refusals that were only counted have no model either
        total = len(group) + (57 if row["group"] is None else 0)
        assert row["rate"] == round(len(mine) / total, 6)
        latest = max(mine, key=lambda call: int(call["started_at"]))
        assert row["example"] == latest["call_id"]
        assert row["first_seen"] < row["last_seen"] or len(mine) == 1


def test_refusals_are_shown_when_they_are_asked_for(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    rows = loaded.ask("errors", where="status=blocked", **HOUR_WINDOW).rows
    blocked = sum(call["status"] == "blocked" for call in closes)
    assert {(row["http_status"], row["error_kind"]): row["count"] for row in rows} == {
        (429, "rate_limited"): blocked,
        (None, "invalid_key"): 57,
    }


def test_errors_of_a_team_come_from_the_calls(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    answer = loaded.ask("errors", by="team", **HOUR_WINDOW)
    failed = Counter(call.get("team") for call in closes if call["status"] in ("error", "truncated", "interrupted"))
    counted: Counter[str | None] = Counter()
    for row in answer.rows:
        counted[row["group"]] += row["count"]
    assert answer.source == "calls"
    assert counted == failed
