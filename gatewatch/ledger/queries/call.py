"""One call by its id: all that the ledger knows about it, with its attempts."""

import msgspec

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking
from gatewatch.ledger.call_rows import ATTEMPT, WHOLE_CALL, around, as_call_id, as_row, select_list


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which call."""

    call_id: str


def answer(asking: Asking, params: Params) -> Found:
    """One row, or none for an unknown id; `attempts_detail` are its attempts in order."""
    window = around(params.call_id)
    place = [window.since_us, window.until_us, as_call_id(params.call_id)]
    condition = "started_at >= make_timestamp(?) AND started_at < make_timestamp(?) AND call_id = ?::UUID"
    where = asking.where(None)
    calls = asking.rows(
        f"SELECT {select_list(WHOLE_CALL)} FROM calls WHERE {condition} AND ({where.sql}) LIMIT 1",
        [*place, *where.parameters],
    )
    tries = f"SELECT {select_list(ATTEMPT)} FROM attempts WHERE started_at >= make_timestamp(?) AND call_id = ?::UUID"
    rows = []
    for call in calls:
        row = as_row(WHOLE_CALL, call)
        row["attempts_detail"] = [
            as_row(ATTEMPT, each) for each in asking.rows(f"{tries} ORDER BY n", [place[0], place[2]])
        ]
        rows.append(row)
    return Found(rows, None, "calls")
