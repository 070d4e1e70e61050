"""What keys with caps have used of them, counted in one place however many processes serve the key.

A call takes before anything is bought: a use, and a hold on what it may cost at most. The hold grows before a try that
may cost more. It settles when it has ended, by what it did cost.

Keeps true: however many take at once, no more of them pass than the caps allow; the sums of what is held are those of
the holds; a hold that nobody settles counts as spent, at first as a hold and then, once `sweep` has found it, for good.
A power cut may lose the last moments, as it may of the journal: SQLite's WAL is not waited for here
(`synchronous = NORMAL`).

Imports stay small: the standard library and msgspec.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from gatewatch.control.records import KeyRecord, now_us
from gatewatch.control.turn import begin

Cap = Literal["uses", "tokens", "picos"]

_MOST = 10**16
"""Of tokens or picodollars in one call: apps may state any limit, and sums must fit into 64 bits."""
_PATIENCE_SECONDS = 5.0


class Amount(NamedTuple):
    """What a call may use, or has used."""

    tokens: int
    """Of input and output."""
    picos: int
    """Picodollars."""

    def bounded(self) -> "Amount":
        return Amount(min(self.tokens, _MOST), min(self.picos, _MOST))


class Allowances:
    """Belongs to the thread that made it. All of it raises sqlite3.Error where the store is locked or not writable."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error where there is no store."""
        uri = f"{path.absolute().as_uri()}?mode=rw"
        self._connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._patience = _PATIENCE_SECONDS

    def patience(self, seconds: float) -> None:
        """How long each of what follows may wait for another process's lock."""
        self._patience = seconds

    def is_used_up(self, key: KeyRecord) -> bool:
        """Whether the key has made all the calls that it may make."""
        if key.max_uses is None:
            return False
        row = self._connection.execute("SELECT uses FROM key_allowances WHERE key_id = ?", (key.id,)).fetchone()
        return row is not None and row[0] >= key.max_uses

    def take(self, call_id: str, key: KeyRecord, wanted: Amount, until: int | None = None) -> Cap | None:
        """One use, and a hold on `wanted`: all of it, or nothing and the cap that is in the way.

        `until`: when the hold begins to grow old (µs), where that is not now.
        """
        asked = _asked(key, wanted.bounded())
        with self._change():
            self._connection.execute("INSERT INTO key_allowances (key_id) VALUES (:key) ON CONFLICT DO NOTHING", asked)
            cap = self._hold(_TAKE, asked)
            if cap is None:
                self._connection.execute(_HOLD, asked | {"call": call_id, "now": until or now_us()})
        return cap

    def extend(self, call_id: str, key: KeyRecord, wanted: Amount) -> Cap | None:
        """The call's hold grows to `wanted`: all of it, or not at all and the cap that is in the way.

        Of a call that has no hold any more nothing is known: it gets no more.
        """
        wanted = wanted.bounded()
        with self._change():
            held = self._connection.execute(_HELD, (call_id,)).fetchone()
            if held is None:
                return "tokens"
            more = Amount(max(0, wanted.tokens - held[0]), max(0, wanted.picos - held[1]))
            cap = self._hold(_EXTEND, _asked(key, more) | {"max_uses": None})
            if cap is None:
                self._connection.execute(_GROW, (more.tokens, more.picos, call_id))
        return cap

    def settle(self, call_id: str, used: Amount, *, is_known: bool = True, give_use_back: bool) -> None:
        """In place of the call's hold, what it used; where not all of that is known, no less money than was held.

        Counts once.
        """
        used = used.bounded()
        with self._change():
            held = self._connection.execute(
                "DELETE FROM key_holds WHERE call_id = ? RETURNING key_id, tokens, picos", (call_id,)
            ).fetchone()
            if held:
                key_id, tokens, picos = held
                cost = used.picos if is_known else max(used.picos, picos)
                self._connection.execute(_SPENT, (give_use_back, used.tokens, cost, tokens, picos, key_id))

    def sweep(self, before: int) -> None:
        """Holds that are older than any call (`before`, µs) count as spent: whoever made them has died."""
        old = {"before": before}
        if self._connection.execute("SELECT 1 FROM key_holds WHERE at < :before LIMIT 1", old).fetchone():
            with self._change():
                self._connection.execute(_SWEEP, old)
                self._connection.execute("DELETE FROM key_holds WHERE at < :before", old)

    def close(self) -> None:
        self._connection.close()

    def _hold(self, statement: str, asked: dict[str, object]) -> Cap | None:
        if self._connection.execute(statement, asked).rowcount:
            return None
        (cap,) = self._connection.execute(_IN_THE_WAY, asked).fetchone()
        return cap  # type: ignore[no-any-return]

    @contextmanager
    def _change(self) -> Iterator[None]:
        begin(self._connection, self._patience)
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _asked(key: KeyRecord, wanted: Amount) -> dict[str, object]:
    return {
        "key": key.id,
        "tokens": wanted.tokens,
        "picos": wanted.picos,
        "max_uses": key.max_uses,
        "max_tokens": key.max_tokens,
        "max_picos": key.max_picos,
    }


_FITS = {
    "uses": "(:max_uses IS NULL OR uses < :max_uses)",
    "tokens": "(:max_tokens IS NULL OR tokens + held_tokens + :tokens <= :max_tokens)",
    "picos": "(:max_picos IS NULL OR picos + held_picos + :picos <= :max_picos)",
}
_EXTEND = f"""UPDATE key_allowances SET held_tokens = held_tokens + :tokens, held_picos = held_picos + :picos
    WHERE key_id = :key AND {_FITS["tokens"]} AND {_FITS["picos"]}"""  # noqa: S608
_TAKE = f"{_EXTEND.replace('SET', 'SET uses = uses + 1,')} AND {_FITS['uses']}"
_IN_THE_WAY = f"""SELECT CASE {" ".join(f"WHEN NOT {fits} THEN '{cap}'" for cap, fits in _FITS.items())} END
    FROM key_allowances WHERE key_id = :key"""  # noqa: S608
_HOLD = "INSERT INTO key_holds (call_id, key_id, tokens, picos, at) VALUES (:call, :key, :tokens, :picos, :now)"
_HELD = "SELECT tokens, picos FROM key_holds WHERE call_id = ?"
_GROW = "UPDATE key_holds SET tokens = tokens + ?, picos = picos + ? WHERE call_id = ?"
_SPENT = """UPDATE key_allowances SET uses = uses - ?, tokens = tokens + ?, picos = picos + ?,
    held_tokens = held_tokens - ?, held_picos = held_picos - ? WHERE key_id = ?"""
_SWEEP = """UPDATE key_allowances AS a SET tokens = a.tokens + old.tokens, picos = a.picos + old.picos,
    held_tokens = held_tokens - old.tokens, held_picos = held_picos - old.picos
    FROM (SELECT key_id, sum(tokens) AS tokens, sum(picos) AS picos FROM key_holds WHERE at < :before GROUP BY key_id)
    AS old WHERE old.key_id = a.key_id"""
