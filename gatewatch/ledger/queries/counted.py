"""What limits and budgets have used, by counter and bucket: what counters begin with, and what they are compared with.

Keeps true: a row counts as `gatewatch.limits.charged` charges a call that ends, in integers all the way; what is told
is of one moment, with the positions in the journal up to which it goes.

`upto` asks for an earlier moment: of a run named in it, only what stands before that offset of that segment counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec

from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking
from gatewatch.ledger.segments import run_and_sequence
from gatewatch.limits.concerned import by_tries
from gatewatch.limits.counters import MOST_COUNTED, WHOLE, Seed, Seeds
from gatewatch.limits.rule import OUT_OF_SIGHT, Rule, Scope, counter
from gatewatch.limits.window import Window
from gatewatch.money import PICOS_PER_USD, picos_from_usd

_QUOTE = "'"
AHEAD_US = 3_600_000_000
"""Calls that began so much behind `now` are in buckets of the calendar, too: the moment that is asked for may be."""
_MINUTE_US = 60_000_000
_REMEMBERED_US = 48 * AHEAD_US
"""Positions of segments that were finished within so much are told, at least."""

_AT = "epoch_us(c.started_at)"

_NAMES: dict[Scope, str] = {
    "gateway": "''",
    "environment": "c.environment",
    "team": "c.team",
    "project": "CASE WHEN c.project <> '' THEN c.team || '/' || c.project END",
    "user": 'c."user"',
    "key": "c.key_id",
    "route": "c.route",
    "model": "CASE WHEN {of}.provider <> '' THEN {of}.provider || '/' || {of}.model END",
    "provider_key": "CASE WHEN {of}.provider_key <> '' THEN {of}.provider || '/' || {of}.provider_key END",
}
"""What a row is called in each scope; `{of}`: the call, or one of its tries."""


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Rules, and the moment."""

    rules: tuple[Rule, ...]
    now: int | None = None
    """µs since the epoch; left out, the present."""
    upto: dict[str, int] = {}


def answer(asking: Asking, params: Params) -> Found:
    """One row for each bucket of each counter, amounts in the rule's measure."""
    found = seeds(asking, params.rules, asking.now_us if params.now is None else params.now, params.upto)
    rows: list[Row] = [
        {"counter": seed.counter, "bucket": bucket, "amount": amount}
        for seed in found.seeds
        for bucket, amount in sorted(seed.buckets.items())
    ]
    return Found(rows, source="calls")


def seeds(asking: Asking, rules: Iterable[Rule], now: int, upto: Mapping[str, int] | None = None) -> Seeds:
    """What counters of these rules begin with. Those of calls at a time begin with nothing. Raises duckdb.Error."""
    windowed = [rule for rule in rules if rule.window is not None]
    found: dict[str, dict[int, int]] = {}
    for _, alike in groupby(sorted(windowed, key=together), key=together):
        _add(found, asking, list(alike), now, upto or {})
    oldest = min([rule.window.kept_from(now) for rule in windowed if rule.window], default=now)
    return Seeds(
        rules=tuple(rule.id for rule in windowed),
        seeds=tuple(Seed(key, buckets) for key, buckets in found.items()),
        positions=dict(_positions(asking, min(oldest, now - _REMEMBERED_US))),
    )


def together(rule: Rule) -> tuple[object, ...]:
    """Rules that one look at the calls can answer."""
    assert rule.window
    return rule.scope, by_tries(rule), rule.window.period, rule.window.seconds, rule.window.zone


def _add(
    found: dict[str, dict[int, int]], asking: Asking, rules: Sequence[Rule], now: int, upto: Mapping[str, int]
) -> None:
    """The counters of rules of one scope and window."""
    window = rules[0].window
    assert window
    for name, bucket, *amounts in sums(asking, rules, window.kept_from(now), bucket_of(window, now), upto):
        for rule, amount in zip(rules, amounts, strict=True):
            if amount and rule.name in (None, name):
                found.setdefault(counter(rule, name), {})[bucket] = integer(amount)


def sums(
    asking: Asking,
    rules: Sequence[Rule],
    since: int,
    bucket: str,
    upto: Mapping[str, int] | None = None,
    *,
    loaded_after: int | None = None,
) -> list[tuple[Any, ...]]:
    """Name, bucket (as that SQL has it) and an amount for each of the rules (see `together`), of what began at `since`
    or later; `loaded_after`: only of what came into the ledger after that moment (µs). Raises duckdb.Error."""
    first = rules[0]
    tables, of = "calls AS c", "c"
    if by_tries(first):
        tables, of = "attempts AS a JOIN calls AS c ON a.call_id = c.call_id", "a"
    conditions = [
        f"{table}.started_at >= make_timestamp({since})" for table in ({"c"} | {of})
    ] + ["c.status <> 'blocked'", "name IS NOT NULL", "bucket IS NOT NULL"]  # fmt: skip
    parameters: list[object] = []
    if all(rule.name is not None for rule in rules):
        conditions.append("list_contains(?, name)")
        parameters.append([rule.name for rule in rules])
    if asking.team is not None:
        conditions.append("c.team = ?")
        parameters.append(asking.team)
    if loaded_after is not None:  # a try that came behind its call counts from then on
        conditions.append(
            f"({' OR '.join(f'{t}.loaded_at > make_timestamp({loaded_after})' for t in sorted({'c', of}))})"
        )
    for segment, offset in (upto or {}).items():
        run, _ = run_and_sequence(segment)
        conditions.append(
            "NOT (starts_with(c.segment, ?) AND (c.segment > ? OR (c.segment = ? AND c.segment_offset >= ?)))"
        )
        parameters += [f"{run}-", segment, segment, offset]
    amounts = ", ".join(_sum(rule, of) for rule in rules)
    return asking.rows(
        f"SELECT {_NAMES[first.scope].format(of=of)} AS name, {bucket} AS bucket, {amounts}"
        f" FROM {tables} WHERE {' AND '.join(conditions)} GROUP BY ALL",
        parameters,
    )


def _sum(rule: Rule, of: str) -> str:
    """SQL: how much of the rule's measure a group of rows used. `of`: the table of what it counts."""
    match rule.measure:
        case "requests" | "concurrent":
            amount = "1"
        case "picos":
            most = OUT_OF_SIGHT // PICOS_PER_USD
            amount = f"CASE WHEN c.cost > {most} THEN {most}::DECIMAL(18, 12) ELSE c.cost END"
        case "output_tokens":
            amount = "c.output_tokens"
        case _:
            amount = "c.input_tokens" + (" - c.input_cache_read_tokens" if rule.leaves_out_cache_reads else "")
            amount += " + c.output_tokens" if rule.measure == "tokens" else ""
    only = ["c.cost_basis = 'unpriced'"] if rule.unpriced_only else []
    if rule.for_model is not None:
        only.append(f"{of}.model = '{rule.for_model.replace(_QUOTE, _QUOTE * 2)}'")
    return f"sum({amount})" + (f" FILTER (WHERE {' AND '.join(only)})" if only else "")


def integer(amount: int | Decimal) -> int:
    """What fits into 64 bits of it."""
    exact = picos_from_usd(amount) if isinstance(amount, Decimal) else amount
    return min(exact, MOST_COUNTED)


def bucket_of(window: Window, now: int) -> str:
    """SQL: the beginning of the bucket that a call lies in; NULL for one that is far ahead of its time."""
    if window.period in ("rolling", "minute"):  # zones differ by whole minutes
        width = window.width if window.period == "rolling" else _MINUTE_US
        return f"{_AT} // {width} * {width}"
    return span_of(_spans(window, now))


def span_of(spans: Iterable[tuple[int, int]]) -> str:
    """SQL: the beginning of the first of these spans that a call lies in, or is before the end of."""
    return f"CASE {' '.join(f'WHEN {_AT} < {end} THEN {begin}' for begin, end in spans)} END"


def _spans(window: Window, now: int) -> Iterator[tuple[int, int]]:
    begin = window.kept_from(now)
    while begin <= now + AHEAD_US:
        end = window.leaves(begin)
        yield begin, end
        begin = end


def _positions(asking: Asking, since: int) -> Iterator[tuple[str, int]]:
    """Up to where segments are in the ledger. Of those left out, no call counts any more."""
    query = "SELECT segment, upto, finished FROM loaded WHERE NOT finished OR loaded_at >= make_timestamp(?)"
    for segment, upto, finished in asking.rows(query, [since]):
        yield segment, WHOLE if finished else upto
