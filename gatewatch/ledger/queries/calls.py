"""The calls themselves, newest first, a page at a time."""

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Windowed
from gatewatch.ledger.call_rows import CALL, around, as_call_id, as_row, select_list
from gatewatch.timespan import Window, parse_instant

MOST = 500
EVER = Window(0, 4_102_444_800_000_000)


class Params(Windowed):
    """A window (all calls when left out), a filter and a page."""

    limit: int = 100
    before: str | None = None
    """A call id: the page goes on with the calls that started before that one."""


def answer(asking: Asking, params: Params) -> Found:
    """At most `limit` rows. The last row's call id is the next page's `before`."""
    if not 1 <= params.limit <= MOST:
        raise UsageError(f"A page has 1 to {MOST} calls, not {params.limit}")
    where = asking.where(params.where)
    window = _window(asking, params)
    condition = "started_at >= make_timestamp(?) AND started_at < make_timestamp(?)"
    place: list[object] = [window.since_us, window.until_us]
    if params.before:
        started, call_id = _started(asking, params.before), as_call_id(params.before)
        condition += " AND started_at <= make_timestamp(?) AND (started_at < make_timestamp(?) OR call_id < ?::UUID)"
        place += [started, started, call_id]
    found = asking.rows(
        f"SELECT {select_list(CALL)} FROM calls WHERE {condition} AND ({where.sql})"
        " ORDER BY calls.started_at DESC, calls.call_id DESC LIMIT ?",
        [*place, *where.parameters, params.limit],
    )
    return Found([as_row(CALL, row) for row in found], None if window == EVER else window, "calls")


def _window(asking: Asking, params: Params) -> Window:
    """As asked for, to the microsecond. Raises UsageError."""
    try:
        since = parse_instant(params.since, asking.now_us) if params.since else EVER.since_us
        until = parse_instant(params.until, asking.now_us) if params.until else EVER.until_us
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Window(since, until)


def _started(asking: Asking, call_id: str) -> int:
    """When a call started; for one that is not there, what its id says."""
    window = around(call_id)
    where = asking.where(None)
    found = asking.rows(
        "SELECT epoch_us(started_at) FROM calls"
        " WHERE started_at >= make_timestamp(?) AND started_at < make_timestamp(?)"
        f" AND call_id = ?::UUID AND ({where.sql})",
        [window.since_us, window.until_us, as_call_id(call_id), *where.parameters],
    )
    return int(found[0][0]) if found else (window.since_us + window.until_us) // 2
