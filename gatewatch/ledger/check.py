"""Compares the ledger with itself and with the journal it came from.

Three comparisons: every call id stands once; each rollup adds up to the calls of its day, in counts, tokens and money;
and each segment that still exists, read again line by line, gives the rows that the ledger has of it. Days of which
something was deleted (`retiring.py`) are left out.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import msgspec

from gatewatch.ledger.answer import Checked
from gatewatch.ledger.facts import CALLS
from gatewatch.ledger.families import SPEND, TRAFFIC, UNITS, Family
from gatewatch.ledger.lines import Sorted
from gatewatch.ledger.retiring import whole_since
from gatewatch.ledger.segments import SegmentFile, find_segment, segments_in
from gatewatch.money import PICOS_PER_USD
from gatewatch.paths import Home

CHUNK_BYTES = 8 * 1024 * 1024
_SUMS: dict[Family, dict[str, str]] = {
    TRAFFIC: {"calls": "weight", "latency_us": "latency_us", "upstream_us": "upstream_us"},
    SPEND: {"calls": "weight", "input_tokens": "input_tokens", "output_tokens": "output_tokens", "cost": "cost"},
}
"""Of each family, the measures that must add up, and what they are of calls."""


def check(
    connection: duckdb.DuckDBPyConnection, home: Home, progress: Callable[[int, int], None] | None = None
) -> Checked:
    """Compare everything, as it is at one moment: `connection` is in a transaction. Raises duckdb.Error, OSError.

    The recorder may go on meanwhile: what it has loaded of a segment never changes.
    """
    since = whole_since(connection)
    problems = [*_repeated(connection), *_rollups(connection, since)]
    begin = since.get("calls", 0)
    rows = connection.execute("SELECT segment, upto, facts FROM loaded").fetchall()
    loaded = {name: upto for name, upto, facts in rows if facts}
    files = {segment.name for segment in (*segments_in(home.loaded), *segments_in(home.journal))}
    there = sorted(loaded.keys() & files)
    total, done = sum(loaded[name] for name in there), 0
    for name in there:
        try:
            problems += _segment(connection, find_segment(home, name), loaded[name], begin)
        except FileNotFoundError:  # packed away between the look and the opening
            problems += _segment(connection, find_segment(home, name), loaded[name], begin)
        done += loaded[name]
        if progress:
            progress(done, total)
    ((calls,),) = connection.execute("SELECT count(*) FROM calls").fetchall()
    return Checked(not problems, problems, calls, len(there), len(loaded) - len(there))


def _repeated(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    query = "SELECT day, count(*) AS n, count(DISTINCT call_id) AS ids FROM calls GROUP BY day HAVING n <> ids"
    for day, count, ids in connection.execute(query).fetchall():
        yield f"{day}: {count} calls, but only {ids} different ids"


def _rollups(connection: duckdb.DuckDBPyConnection, since: dict[str, int]) -> Iterator[str]:
    for family, sums in _SUMS.items():
        calls = ", ".join(f"sum({of_calls}) AS {name}" for name, of_calls in sums.items())
        for unit in UNITS:
            begin = f"make_timestamp({max(since.get('calls', 0), since.get(f'{unit}s', 0))})"
            facts = f"SELECT day, {calls} FROM {CALLS} WHERE {family.counts} AND started_at >= {begin} GROUP BY day"
            rollup = ", ".join(f"sum({name}) AS {name}" for name in sums)
            both = ", ".join(f"coalesce(f.{name}, 0), coalesce(r.{name}, 0)" for name in sums)
            query = f"""
                SELECT coalesce(f.day, r.day), {both}
                FROM ({facts}) AS f FULL JOIN (
                    SELECT bucket::DATE AS day, {rollup} FROM {family.table(unit)} WHERE bucket >= {begin}
                    GROUP BY bucket::DATE
                ) AS r USING (day)"""
            for day, *values in connection.execute(query).fetchall():
                for name, of_calls, of_rollup in zip(sums, values[::2], values[1::2], strict=True):
                    if of_calls != of_rollup:
                        yield f"{day}: {name} is {of_calls} in the calls, {of_rollup} in {family.table(unit)}"


class _Started(msgspec.Struct):
    started_at: int


class _Close(_Started, kw_only=True):
    status: str
    cost_picos: int | None = 0


def _segment(connection: duckdb.DuckDBPyConnection, segment: SegmentFile, upto: int, begin: int) -> Iterator[str]:
    refused = connection.execute('SELECT "offset" FROM journal_quarantine WHERE segment = ?', [segment.name]).fetchall()
    quarantine = {offset for (offset,) in refused}
    journal = {"calls": 0, "attempts": 0, "rejected": 0, "picos": 0, "quarantined": 0}
    decoder, started, offset = msgspec.json.Decoder(_Close), msgspec.json.Decoder(_Started), 0
    for chunk in segment.chunks(0, upto, CHUNK_BYTES):
        if not chunk.endswith(b"\n"):
            journal["quarantined"] += 1
            break
        found = Sorted()
        found.add(segment.name, offset, chunk)
        offset += len(chunk)
        journal["quarantined"] += len(found.quarantined)
        for fact in found.facts["close"]:
            close = decoder.decode(b"{" + fact.body)
            if close.status != "interrupted" and fact.offset not in quarantine and close.started_at >= begin:
                journal["calls"] += 1
                journal["picos"] += close.cost_picos or 0
        for kind, counted in (("attempt", "attempts"), ("rejected", "rejected")):
            journal[counted] += sum(
                fact.offset not in quarantine and (not begin or started.decode(b"{" + fact.body).started_at >= begin)
                for fact in found.facts[kind]
            )
    ledger = _of_ledger(connection, segment.name, begin)
    for name, count in journal.items():
        if name != "quarantined" and count != ledger[name]:
            yield f"segment {segment.name}: {name} {count} in the journal, {ledger[name]} in the ledger"
    if journal["quarantined"] > len(quarantine):
        yield f"segment {segment.name}: {journal['quarantined']} bad lines, but only {len(quarantine)} in quarantine"


def _of_ledger(connection: duckdb.DuckDBPyConnection, segment: str, begin: int) -> dict[str, int]:
    of_segment = f"segment = ? AND started_at >= make_timestamp({begin})"
    query = f"SELECT count(*), coalesce(sum(cost), 0) FROM calls WHERE {of_segment} AND status <> 'interrupted'"
    ((calls, cost),) = connection.execute(query, [segment]).fetchall()
    counts: dict[str, Any] = {"calls": calls, "picos": int(Decimal(cost) * PICOS_PER_USD)}
    for table in ("attempts", "rejected"):
        query = f"SELECT count(*) FROM {table} WHERE {of_segment}"
        ((counts[table],),) = connection.execute(query, [segment]).fetchall()
    return counts
