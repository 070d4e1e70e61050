"""How full budgets and limits are: of each rule and each name, what the ledger says that it used, and what is held.

Keeps true: `spent` is the sum that enforcement counts (`counted.py`), as far as the journal is loaded; what `fresh`
says is outstanding comes on top. A reader of one team is told of its own rules alone: of others, the sums are other
people's business.
"""

from collections.abc import Mapping, Set
from typing import Literal, NamedTuple

import msgspec

from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking, share
from gatewatch.ledger.tally import Buckets, Tally
from gatewatch.limits.in_force import InForce, is_of_team
from gatewatch.limits.pace import METHOD, Forecast, at_most, forecast, span
from gatewatch.limits.rule import Rule, counter, scope_text
from gatewatch.money import usd_text
from gatewatch.timespan import iso

_MICRO_USD = 10**6
WHOLE = 1_000_000

Taken = Mapping[str, Mapping[str, Buckets]]
"""Rule → name → what was used, by bucket."""


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which rules; all budgets when left out."""

    kind: Literal["budget", "limit"] = "budget"
    scope: str | None = None
    """As rules have it: `team`, `team/search`. A name takes in the rules of each name, with that name's row alone."""
    rule: str | None = None
    limit: int = 1000
    """At most so many names of one rule, the fullest first."""
    least: int | None = None
    """Millionths of the limit. Where it is given, of rules of each name all names that have used or hold so much, or
    are expected to, and no others, however many they are."""
    also: frozenset[str] = frozenset()
    """Counters (RULE|NAME) that are told of beside those."""


def answer(asking: Asking, params: Params) -> Found:
    """One row for each name of each rule, in the rules' order ('' for the gateway's); one whose name is None for a rule
    of each name that nobody met yet."""
    rows = rows_of(asking, params)
    return Found(rows, source="calls")


def rows_of(asking: Asking, params: Params) -> list[Row]:
    """The same, for other queries."""
    in_force, now = asking.in_force(), asking.now_us
    scope, _, name = (params.scope or "").partition("/")
    meant = []
    for rule in in_force.rules:
        if rule.kind != params.kind or rule.window is None or params.rule not in (None, rule.id):
            continue
        if params.scope is not None and (rule.scope != scope or (name and rule.name not in (None, name))):
            continue
        if asking.team is None or is_of_team(rule, asking.team):
            meant.append(rule)
    every = [each for rule in in_force.rules for each in (rule, _twin(rule))]
    wanted = {each.id for rule in meant for each in (rule, _twin(rule))}
    taken = (asking.tally or Tally()).taken(asking, every, wanted)
    rows: list[Row] = []
    for rule in meant:
        used = [each for each in _used(asking, rule, taken, in_force, params) if name in ("", each.name)]
        rows += [
            _row(rule, each, in_force, now) for each in used or [_nobody(rule, _only_name(asking, rule, name), now)]
        ]
    keys = {row["name"] for row in rows if row["scope"] == "key" and row["name"] is not None}
    for key_id, key_name in _key_names(asking, keys).items():
        for row in rows:
            if row["scope"] == "key" and row["name"] == key_id:
                row["key_name"] = key_name
    return rows


def _nobody(rule: Rule, name: str | None, now: int) -> "_Use":
    assert rule.window
    return _Use(name, foreseen=forecast(rule.window, now, 0, {}))


def _only_name(asking: Asking, rule: Rule, name: str) -> str | None:
    """Of a rule that nobody met; None where it is of each name."""
    if rule.name is not None:
        return rule.name
    return name or (asking.team if rule.scope == "team" else None)


def _used(asking: Asking, rule: Rule, taken: Taken, in_force: InForce, params: Params) -> list["_Use"]:
    """Of each name that is known, the fullest first."""
    assert rule.window
    first, most = rule.window.oldest(asking.now_us), rule.ceiling(asking.now_us)
    amounts, unpriced = taken[rule.id], taken[_twin(rule).id]
    used = {name: _since(first, buckets) for name, buckets in amounts.items()}
    held = {
        name: amount for key, amount in in_force.held.items() for id, _, name in [key.partition("|")] if id == rule.id
    }
    names = used.keys() | unpriced.keys() | held.keys()
    if asking.team is not None:
        names &= _of_team(asking, rule, names)
    fullest = sorted(names, key=lambda name: (-used.get(name, 0), name))
    if params.least is None:
        del fullest[params.limit :]
    found = []
    for name in fullest:
        spent, by_step = used.get(name, 0), amounts.get(name, {})
        is_asked_for = params.least is None or rule.name is not None or counter(rule, name) in params.also
        least = 0 if is_asked_for else -(-(params.least or 0) * most // WHOLE)
        if max(spent + held.get(name, 0), at_most(rule.window, asking.now_us, spent, by_step)) < least:
            continue
        foreseen = forecast(rule.window, asking.now_us, spent, by_step)
        if max(spent + held.get(name, 0), foreseen.amount if foreseen else 0) >= least:
            found.append(_Use(name, spent, _since(first, unpriced.get(name, {})), foreseen))
    return found


def _twin(rule: Rule) -> Rule:
    """What counts its calls without a price."""
    return msgspec.structs.replace(rule, id=f"{rule.id}|unpriced", measure="requests", unpriced_only=True)


def _since(first: int, buckets: Buckets) -> int:
    return sum(amount for bucket, amount in buckets.items() if bucket >= first)


class _Use(NamedTuple):
    name: str | None
    used: int = 0
    unpriced: int = 0
    foreseen: Forecast | None = None


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
    """What keys are called, as their newest calls have it. Sums of days know most of them."""
    found: dict[str, str] = {}
    for table, at in (("spend_day", "last_at"), ("calls", "started_at")):
        if missing := [key for key in keys if key not in found]:
            found |= dict(
                asking.rows(
                    f"SELECT key_id, arg_max(key_name, {at}) FROM {table} WHERE list_contains(?::VARCHAR[], key_id)"
                    " AND key_name IS NOT NULL GROUP BY key_id",
                    [missing],
                )
            )
    return found


def _row(rule: Rule, use: _Use, in_force: InForce, now: int) -> Row:
    assert rule.window
    most = rule.ceiling(now)
    held = in_force.held.get(counter(rule, use.name), 0) if use.name is not None else 0
    period, foreseen = span(rule.window, now), use.foreseen

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
        "forecast_is_early": foreseen.is_early if foreseen else None,
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
