"""How full budgets and limits are: of each rule and each name, what the ledger says that it used, and what is held.

Keeps true: `spent` is the sum that enforcement counts (`counted.py`), as far as the journal is loaded; what `fresh`
says is outstanding comes on top. A reader of one team is told of its own rules alone: of others, the sums are other
people's business.
"""

from collections.abc import Mapping, Set
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking, share
from gatewatch.ledger.queries.counted import in_spans, seeds
from gatewatch.limits.in_force import InForce, is_of_team
from gatewatch.limits.pace import METHOD, forecast, span, steps
from gatewatch.limits.rule import Rule, counter, scope_text
from gatewatch.money import usd_text
from gatewatch.timespan import iso

_UNPRICED = "unpriced calls"
_MICRO_USD = 10**6


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which rules; all budgets when left out."""

    kind: Literal["budget", "limit"] = "budget"
    scope: str | None = None
    """As rules have it: `team`, `team/search`. A name takes in the rules of each name, with that name's row alone."""
    rule: str | None = None
    limit: int = 1000
    """At most so many names of one rule, the fullest first."""


def answer(asking: Asking, params: Params) -> Found:
    """One row for each name of each rule, in the rules' order ('' for the gateway's); one whose name is None for a rule
    of each name that nobody met yet."""
    rows = rows_of(asking, params)
    return Found(rows, source="calls")


def rows_of(asking: Asking, params: Params) -> list[Row]:
    """The same, for other queries."""
    in_force, now = asking.in_force(), asking.now_us
    scope, _, name = (params.scope or "").partition("/")
    rows: list[Row] = []
    for rule in in_force.rules:
        if rule.kind != params.kind or rule.window is None or params.rule not in (None, rule.id):
            continue
        if params.scope is not None and (rule.scope != scope or (name and rule.name not in (None, name))):
            continue
        if asking.team is not None and not is_of_team(rule, asking.team):
            continue
        used = [each for each in _used(asking, rule, in_force, params.limit) if name in ("", each.name)]
        rows += [_row(rule, each, in_force, now) for each in used or [_Use(_only_name(asking, rule, name))]]
    keys = {row["name"] for row in rows if row["scope"] == "key" and row["name"] is not None}
    for key_id, key_name in _key_names(asking, keys).items():
        for row in rows:
            if row["scope"] == "key" and row["name"] == key_id:
                row["key_name"] = key_name
    return rows


def _only_name(asking: Asking, rule: Rule, name: str) -> str | None:
    """Of a rule that nobody met; None where it is of each name."""
    if rule.name is not None:
        return rule.name
    return name or (asking.team if rule.scope == "team" else None)


def _used(asking: Asking, rule: Rule, in_force: InForce, limit: int) -> list["_Use"]:
    """Of each name that is known, the fullest first."""
    assert rule.window
    now, window = asking.now_us, rule.window
    without_price = msgspec.structs.replace(rule, id=_UNPRICED, measure="requests", unpriced_only=True)
    first, begins = window.oldest(now), steps(window, now)
    used: dict[str, int] = {}
    unpriced: dict[str, int] = {}
    for seed in seeds(asking, [rule, without_price], now).seeds:
        id, _, name = seed.counter.partition("|")
        amounts = unpriced if id == _UNPRICED else used
        amounts[name] = sum(amount for bucket, amount in seed.buckets.items() if bucket >= first)
    by_step = in_spans(asking, rule, list(pairwise([*begins, now + 1]))) if begins else {}
    held = {counter.partition("|")[2] for counter in in_force.held if counter.startswith(f"{rule.id}|")}
    names = used.keys() | unpriced.keys() | by_step.keys() | held
    if asking.team is not None:
        names &= _of_team(asking, rule, names)
    fullest = sorted(names, key=lambda name: (-used.get(name, 0), name))[:limit]
    return [_Use(name, used.get(name, 0), unpriced.get(name, 0), by_step.get(name, {})) for name in fullest]


class _Use(NamedTuple):
    name: str | None
    used: int = 0
    unpriced: int = 0
    by_step: Mapping[int, int] = {}


def _of_team(asking: Asking, rule: Rule, names: Set[str]) -> Set[str]:
    """Those that are the team's."""
    if rule.scope == "key":
        found = asking.rows(
            "SELECT DISTINCT key_id FROM calls WHERE team = ? AND list_contains(?::VARCHAR[], key_id)",
            [asking.team, [*names]],
        )
        return {key_id for (key_id,) in found}
    return {name for name in names if name.partition("/")[0] == asking.team}


def _key_names(asking: Asking, keys: Set[str]) -> dict[str, str]:
    """What keys are called, as their newest calls have it."""
    found = asking.rows(
        "SELECT key_id, arg_max(key_name, started_at) FROM calls WHERE list_contains(?::VARCHAR[], key_id)"
        " GROUP BY key_id",
        [[*keys]],
    )
    return {key_id: name for key_id, name in found if name is not None}


def _row(rule: Rule, use: _Use, in_force: InForce, now: int) -> Row:
    assert rule.window
    most = rule.ceiling(now)
    held = in_force.held.get(counter(rule, use.name), 0) if use.name is not None else 0
    period, foreseen = span(rule.window, now), forecast(rule.window, now, use.used, use.by_step)

    def amount(n: int | None) -> int | str | None:
        return n if n is None or rule.measure != "picos" else usd_text(n)

    def about(n: int | None) -> int | str | None:
        """A forecast is not exact to the picodollar, and does not look so."""
        return n if n is None or rule.measure != "picos" else usd_text(n - n % _MICRO_USD)

    return {
        "rule": rule.id,
        "scope": rule.scope,
        "name": use.name,
        "key_name": None,
        "measure": "usd" if rule.measure == "picos" else rule.measure,
        "window": rule.window.text,
        "spent": amount(use.used),
        "held": amount(held),
        "limit": amount(most),
        "granted": amount(most - rule.most),
        "left": amount(max(0, most - use.used - held)),
        "used": share(use.used, most),
        "pace": share(now - period[0], period[1] - period[0]) if period else None,
        "forecast": about(foreseen.amount) if foreseen else None,
        "forecast_low": about(foreseen.low) if foreseen else None,
        "forecast_high": about(foreseen.high) if foreseen else None,
        "forecast_used": share(foreseen.amount, most) if foreseen else None,
        "forecast_method": METHOD if foreseen else None,
        "soft": amount(rule.soft),
        "soft_reached": rule.soft is not None and use.used + held >= rule.soft,
        "step_down": rule.step_down,
        "throttle": rule.throttle,
        "unpriced_calls": use.unpriced,
        "since": iso(period[0] if period else rule.window.oldest(now)),
        "resets_at": iso(period[1]) if period else None,
        "applies_to": scope_text(rule),
        "managed_by": rule.managed_by,
    }
