"""A snapshot of a real ledger: what is asked, what stays when nobody answers."""

from pathlib import Path

import pytest

from app.console.snapshot import PAGE_ROWS, SPANS, Question, Snapshot, take
from gatewatch.errors import GatewatchError
from gatewatch.ledger.reader import LedgerReader
from tests.kit.console_stage import NOW, PRICE, RETRIED_ID, busy, many
from tests.kit.journals import SECOND


def test_an_overview_is_the_answer_of_the_named_queries(tmp_path: Path) -> None:
    source = busy(tmp_path)
    taken = take(source, Question(overview=True), None, NOW)
    assert taken.problem is None
    assert taken.answered_us == NOW
    assert taken.overview
    (row,) = source.ask("overview", since="15m").rows
    assert taken.overview.window == row
    assert taken.overview.today["calls"] == 182
    assert taken.overview.teams == tuple(source.ask("spend", by="team", since="15m").rows)
    source.close()


def test_spend_today_begins_at_midnight_utc(tmp_path: Path) -> None:
    source = busy(tmp_path)
    midnight = 1_795_132_800_000_000  # 2026-11-20T00:00:00Z
    for now, since in ((NOW, "2026-11-20"), (midnight, "2026-11-19"), (midnight + 1, "2026-11-20")):
        taken = take(source, Question(overview=True), None, now)
        assert taken.overview
        assert taken.overview.today["window"]["since"].startswith(since)
    source.close()


def test_what_is_not_asked_for_stays_as_it_was(tmp_path: Path) -> None:
    source = busy(tmp_path)
    first = take(source, Question(overview=True), None, NOW)
    second = take(source, Question(calls=True, where="status=429"), first, NOW + SECOND)
    assert second.overview is first.overview
    assert second.page
    assert {row["http_status"] for row in second.page.rows} == {429}
    source.close()


def test_when_nobody_answers_the_last_answers_stay_and_the_problem_keeps_its_beginning(tmp_path: Path) -> None:
    source = busy(tmp_path)
    first = take(source, Question(overview=True), None, NOW)
    source.go_away()
    second = take(source, Question(overview=True), first, NOW + SECOND)
    third = take(source, Question(overview=True), second, NOW + 2 * SECOND)
    assert third.overview is first.overview
    assert third.answered_us == NOW
    assert third.problem
    assert third.problem.unreachable
    assert third.problem.since_us == NOW + SECOND
    source.trouble = None
    assert take(source, Question(), third, NOW + 3 * SECOND).problem is None
    source.close()


def test_a_ledger_in_trouble_does_not_hide_the_live_state(tmp_path: Path) -> None:
    source = busy(tmp_path)
    source.trouble = GatewatchError("locked", "close it")
    taken = take(source, Question(overview=True), None, NOW)
    assert taken.live == source.live_state
    assert taken.problem
    assert not taken.problem.unreachable
    assert taken.problem.next_step == "close it"
    source.close()


def test_pages_of_calls_follow_each_other_without_gap_or_overlap(tmp_path: Path) -> None:
    source = many(tmp_path, 2 * PAGE_ROWS + 5)
    seen: list[str] = []
    before = None
    for _ in range(3):
        page = take(source, Question(calls=True, before=before), None, NOW).page
        assert page
        seen += [row["call_id"] for row in page.rows]
        before = seen[-1]
    assert page.last
    assert len(seen) == len(set(seen)) == 2 * PAGE_ROWS + 5
    assert seen == sorted(seen, reverse=True)
    source.close()


def test_one_call_comes_with_its_attempts_and_its_price_row(tmp_path: Path) -> None:
    source = busy(tmp_path)
    taken = take(source, Question(call_id=RETRIED_ID), None, NOW)
    assert taken.call
    assert taken.call.row
    assert [attempt["http_status"] for attempt in taken.call.row["attempts_detail"]] == [503, 200]
    assert taken.call.price == PRICE
    unknown = take(source, Question(call_id="01930b2e-7a31-7d0e-8a55-1b2c3d4e5f60"), taken, NOW)
    assert unknown.call
    assert unknown.call.row is None
    source.close()


@pytest.mark.parametrize("span", SPANS)
def test_every_window_can_be_asked_for(tmp_path: Path, span: str) -> None:
    source = busy(tmp_path)
    taken = take(source, Question(overview=True, span=span), None, NOW)
    assert taken.problem is None
    assert taken.overview
    assert len(taken.overview.series) >= 5
    source.close()


def test_a_snapshot_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Snapshot(0, Question()).at_us = 1  # type: ignore[misc]


def test_a_ledger_reader_is_all_that_an_overview_needs() -> None:
    """By type: what `show` reads through can be handed to `look_over`."""

    def check(reader: LedgerReader) -> None:
        from app.console.snapshot import AsksLedger

        _: AsksLedger = reader

    assert check
