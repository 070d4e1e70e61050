"""What keys with caps have used of them, counted in one place however many processes serve the key.

A call takes before anything is bought: a use, and a hold on what it may cost at most. It settles when it has ended, by
what it did cost.

Keeps true: however many take at once, no more of them pass than the caps allow; a hold that nobody settles counts as
spent, at first as a hold and then, once `sweep` has found it, for good. A power cut may lose the last moments, as it
may of the journal: SQLite's WAL is not waited for here (`synchronous = NORMAL`).

Imports stay small: the standard library and msgspec.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from gatewatch.control.records import KeyRecord, now_us

Cap = Literal["uses", "tokens", "picos"]

_MOST = 10**16
"""Of tokens or picodollars in one call: apps may state any limit, and sums must fit into 64 bits."""


class Amount(NamedTuple):
    """What a call may use, or has used."""

    tokens: int
    """Of input and output."""
    picos: int | None
    """Picodollars; None: nobody knows."""

    def bounded(self) -> "Amount":
        return Amount(min(self.tokens, _MOST), None if self.picos is None else min(self.picos, _MOST))


class Allowances:
    """Belongs to the thread that made it. All of it raises sqlite3.Error where the store is locked or not writable."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error where there is no store."""
        uri = f"{path.absolute().as_uri()}?mode=rw"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def patience(self, seconds: float) -> None:
        """How long what follows may wait for another process's lock."""
        self._connection.execute(f"PRAGMA busy_timeout = {max(0, int(seconds * 1000))}")

    def is_used_up(self, key: KeyRecord) -> bool:
        """Whether the key has made all the calls that it may make."""
        if key.max_uses is None:
            return False
        row = self._connection.execute("SELECT uses FROM key_allowances WHERE key_id = ?", (key.id,)).fetchone()
        return row is not None and row[0] >= key.max_uses

    def take(self, call_id: str, key: KeyRecord, wanted: Amount) -> Cap | None:
        """One use, and a hold on `wanted`: all of it, or nothing and the cap that is in the way."""
        wanted = wanted.bounded()
        asked = {
            "key": key.id,
            "call": call_id,
            "tokens": wanted.tokens,
            "picos": wanted.picos or 0,
            "max_uses": key.max_uses,
            "max_tokens": key.max_tokens,
            "max_picos": key.max_picos,
            "now": now_us(),
        }
        with self._change():
            self._connection.execute("INSERT INTO key_allowances (key_id) VALUES (:key) ON CONFLICT DO NOTHING", asked)
            if not self._connection.execute(_TAKE, asked).rowcount:
                (cap,) = self._connection.execute(_IN_THE_WAY, asked).fetchone()
                return cap  # type: ignore[no-any-return]
            self._connection.execute(_HOLD, asked)
        return None

    def settle(self, call_id: str, used: Amount, *, give_use_back: bool) -> None:
        """In place of the call's hold, what it used; what was held, where the cost is not known. Counts once."""
        with self._change():
            held = self._connection.execute(
                "DELETE FROM key_holds WHERE call_id = ? RETURNING key_id, picos", (call_id,)
            ).fetchone()
            if held:
                key_id, picos = held
                tokens, cost = used.bounded()
                self._connection.execute(_SPENT, (give_use_back, tokens, picos if cost is None else cost, key_id))

    def sweep(self, before: int) -> None:
        """Holds that are older than any call (`before`, µs) count as spent: whoever made them has died."""
        old = {"before": before}
        if self._connection.execute("SELECT 1 FROM key_holds WHERE at < :before LIMIT 1", old).fetchone():
            with self._change():
                self._connection.execute(_SWEEP, old)
                self._connection.execute("DELETE FROM key_holds WHERE at < :before", old)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


_HELD = "(SELECT ifnull(sum({0}), 0) FROM key_holds WHERE key_id = :key)"
_FITS = {
    "uses": "(:max_uses IS NULL OR uses < :max_uses)",
    "tokens": f"(:max_tokens IS NULL OR tokens + {_HELD.format('tokens')} + :tokens <= :max_tokens)",
    "picos": f"(:max_picos IS NULL OR picos + {_HELD.format('picos')} + :picos <= :max_picos)",
}
_TAKE = f"UPDATE key_allowances SET uses = uses + 1 WHERE key_id = :key AND {' AND '.join(_FITS.values())}"  # noqa: S608
_IN_THE_WAY = f"""SELECT CASE {" ".join(f"WHEN NOT {fits} THEN '{cap}'" for cap, fits in _FITS.items())} END
    FROM key_allowances WHERE key_id = :key"""  # noqa: S608
_HOLD = "INSERT INTO key_holds (call_id, key_id, tokens, picos, at) VALUES (:call, :key, :tokens, :picos, :now)"
_SPENT = "UPDATE key_allowances SET uses = uses - ?, tokens = tokens + ?, picos = picos + ? WHERE key_id = ?"
_SWEEP = """UPDATE key_allowances AS a SET
    tokens = tokens + (SELECT sum(tokens) FROM key_holds AS h WHERE h.key_id = a.key_id AND at < :before),
    picos = picos + (SELECT sum(picos) FROM key_holds AS h WHERE h.key_id = a.key_id AND at < :before)
    WHERE key_id IN (SELECT key_id FROM key_holds WHERE at < :before)"""
