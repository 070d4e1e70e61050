"""A question about long ago is answered by what is kept of it, and the answer says so."""

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.kept_window import kept_window, missing_calls
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.timespan import Window, iso
from tests.kit.journals import DAY, HOUR, MINUTE, T0, a_call, segment, whole

MIDNIGHT = T0 // DAY * DAY
SINCE = {"hours": MIDNIGHT + DAY, "minutes": MIDNIGHT + 3 * DAY}


def kept(since: int, until: int, step: int | None = None) -> tuple[int, int]:
    window = kept_window(Window(MIDNIGHT + since, MIDNIGHT + until), step, SINCE)
    return window.since_us - MIDNIGHT, window.until_us - MIDNIGHT


def test_each_edge_is_widened_to_what_is_kept_there() -> None:
    late = 5 * DAY + 7 * MINUTE
    assert kept(late, late + MINUTE) == (late, late + MINUTE)
    assert kept(2 * DAY + 90 * MINUTE, late) == (2 * DAY + HOUR, late)
    assert kept(2 * DAY + 90 * MINUTE, 2 * DAY + 95 * MINUTE) == (2 * DAY + HOUR, 2 * DAY + 2 * HOUR)
    assert kept(90 * MINUTE, 2 * DAY + 90 * MINUTE) == (0, 2 * DAY + 2 * HOUR)
    assert kept(DAY - HOUR, DAY) == (0, DAY)


def test_where_nothing_was_deleted_a_window_stays() -> None:
    window = Window(MIDNIGHT + MINUTE, MIDNIGHT + 2 * MINUTE)
    assert kept_window(window, MINUTE, {}) == window


def test_steps_that_are_not_kept_are_refused_with_those_that_are() -> None:
    assert kept(2 * DAY, 4 * DAY, HOUR) == (2 * DAY, 4 * DAY)
    with pytest.raises(UsageError, match="5m are not kept any more") as refused:
        kept(2 * DAY, 4 * DAY, 5 * MINUTE)
    assert "--step 1h" in str(refused.value)


def test_an_answer_from_calls_says_which_are_missing() -> None:
    window = Window(MIDNIGHT, MIDNIGHT + DAY)
    assert missing_calls(Found([], window, "calls"), {"calls": MIDNIGHT + 1})
    assert not missing_calls(Found([], window, "calls"), {"calls": MIDNIGHT})
    assert not missing_calls(Found([], window, "rollups"), {"calls": MIDNIGHT + 1})
    assert not missing_calls(Found([], None, "calls"), {"calls": MIDNIGHT + 1})


def test_sums_are_whole_where_only_days_are_left(home: Home, service: LedgerService) -> None:
    segment(home, *(whole(a_call(n, at_us=MIDNIGHT + n * HOUR)) for n in range(24)))
    service.load_once()
    assert service._connection is not None
    window = {"since": iso(MIDNIGHT + 90 * MINUTE), "until": iso(MIDNIGHT + 5 * HOUR)}
    assert service.ask("overview", **window).rows[0]["calls"] == 3
    for kind, table in (("minutes", "minute"), ("hours", "hour")):
        end = iso(MIDNIGHT + DAY)[:19]
        service._connection.execute(f"INSERT INTO retention VALUES ('{kind}', 1, '{end}'::TIMESTAMP, 0, NULL)")
        service._connection.execute(f"DELETE FROM traffic_{table}")
        service._connection.execute(f"DELETE FROM spend_{table}")
    answer = service.ask("overview", **window)
    assert answer.rows[0]["calls"] == 24
    assert answer.window == {"since": iso(MIDNIGHT), "until": iso(MIDNIGHT + DAY)}
