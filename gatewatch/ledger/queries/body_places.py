"""Where the kept bodies of a call stand: what `gatewatch.actions.bodies` reads them by. Nothing of what they say."""

import msgspec

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking
from gatewatch.ledger.call_rows import around, as_call_id

_COLUMNS = ("kind", "file", "offset", "stored", "kept", "size", "cut", "redacted")


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which call."""

    call_id: str


def answer(asking: Asking, params: Params) -> Found:
    """The request, then the reply; none where none is kept. Raises UsageError."""
    window = around(params.call_id)
    columns = ", ".join(f'"{name}"' for name in _COLUMNS)
    found = asking.rows(
        f"SELECT {columns} FROM bodies WHERE day >= make_timestamp(?)::DATE AND day <= make_timestamp(?)::DATE"
        " AND call_id = ?::UUID ORDER BY kind = 'reply'",
        [window.since_us, window.until_us, as_call_id(params.call_id)],
    )
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in found]
    return Found([row | {"redacted": row["redacted"] or {}} for row in rows], None, "calls")
