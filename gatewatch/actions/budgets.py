"""Budgets: how much may be spent, by whom; listed, set, granted on and removed."""

from contextlib import closing
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.limit_changes import check_beside, check_countable, check_own, to_remove
from gatewatch.actions.limit_scope import Meant, changed, is_known, meant, rules_in_force
from gatewatch.actions.limits import LONGEST
from gatewatch.authority.permissions import Permission
from gatewatch.control.rules import MadeGrant
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.secret_shapes import is_known_secret, shown
from gatewatch.limits.rule import Measure, Rule, scope_text, split_scope
from gatewatch.limits.window import Window
from gatewatch.money import usd_text
from gatewatch.timespan import iso

_SECOND = 1_000_000
_MOST = 9 * 10**18
"""Nine million USD in picodollars: counters are 64 bits wide."""
_SOFT = Decimal("0.8")
LONGEST_REASON = 500

Period = Literal["minute", "hour", "day", "week", "month"]


class ListBudgets(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    scope: str | None = None
    """Of one scope, as `set` takes it; None: all."""


class SetBudget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ceilings in one window. What is left out stays as it is; in a new budget it is what is said here."""

    scope: str
    picos: int | None = None
    tokens: int | None = None
    period: Period = "month"
    zone: str = "UTC"
    rolling_us: int | None = None
    """Instead of the calendar's period."""
    soft: str | None = None
    """The share at which warnings, stepping down and throttling begin, as decimal text; 0.8."""
    step_down: bool | None = None
    """No."""
    throttle: bool | None = None
    """No."""


class GrantBudget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """So much more until then, once."""

    scope: str
    picos: int | None = None
    tokens: int | None = None
    until: int
    """µs since the epoch, UTC."""
    reason: str
    budget: str | None = None
    """The id of one of several."""


class RemoveBudget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    scope: str
    budget: str | None = None
    """The id of one of them; None: all of that scope that operators made."""


@action("budgets.list", Permission.BUDGETS_VIEW, ListBudgets, changes=False)
def listed(acting: Acting, asked: ListBudgets) -> list[dict[str, Any]]:
    """As the ledger's query `budgets`, and whether there is somebody of the name that the budget is for. Who belongs to
    one team is told of that team's."""
    scope = None if asked.scope is None else meant(acting, asked.scope).text
    with closing(acting.open_ledger()) as ledger:
        rows = ledger.ask("budgets", scope=scope).rows
    for row in rows:
        row["name_known"] = is_known(acting, *split_scope(row["applies_to"]))
    return rows


@action("budgets.set", Permission.BUDGETS_SET, SetBudget, changes=True)
def set_budget(acting: Acting, asked: SetBudget) -> list[dict[str, Any]]:
    """The budgets as they are then, one for money and one for tokens."""
    whose = meant(acting, asked.scope)
    check_countable(acting)
    rules = _asked(acting, asked, whose)
    check_beside(rules, rules_in_force(acting))
    check_own(acting, rules)
    acting.store.set_rules(rules, team=whose.team)
    changed(acting)
    return [view(rule, acting.store.clock()) for rule in rules]


@action("budgets.grant", Permission.BUDGETS_GRANT, GrantBudget, changes=True)
def grant(acting: Acting, asked: GrantBudget) -> dict[str, Any]:
    """The budget as it is then, and the grant. Raises UsageError where several could be meant."""
    whose, now = meant(acting, asked.scope), acting.store.clock()
    if (asked.picos is None) == (asked.tokens is None):
        raise UsageError("a grant is of money or of tokens", "one of --usd and --tokens")
    amount = asked.picos if asked.tokens is None else asked.tokens
    assert amount is not None
    if asked.until <= now:
        raise UsageError(f"{iso(asked.until)} is over already", "give a time to come with --until")
    reason = asked.reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable() or is_known_secret(reason):
        raise UsageError("a grant has a reason of one line, at most 500 characters", 'as in --reason "the launch"')
    rule = _granted(acting, asked, whose.text)
    if not 0 < amount <= _MOST - rule.ceiling(now):
        raise UsageError("that is no amount to grant", "more than nothing, and at most nine million USD in all")
    made = acting.store.grant(rule, amount, until=asked.until, reason=reason, team=whose.team)
    changed(acting)
    now = acting.store.clock()
    (rule,) = (each for each in rules_in_force(acting) if each.id == rule.id)
    return view(rule, now) | {"grant": _grant_view(rule, made)}


@action("budgets.remove", Permission.BUDGETS_SET, RemoveBudget, changes=True)
def remove(acting: Acting, asked: RemoveBudget) -> list[dict[str, Any]]:
    """What was removed. Grants stay on record."""
    whose, now = meant(acting, asked.scope), acting.store.clock()
    rules = to_remove(acting, "budget", rules_in_force(acting), whose.text, asked.budget)
    acting.store.remove_rules([rule.id for rule in rules])
    changed(acting)
    return [view(rule, now) for rule in rules]


def view(rule: Rule, now: int) -> dict[str, Any]:
    """A budget itself, as every face shows it; how full it is, `budgets.list` tells."""
    return {
        "budget_id": rule.id,
        "scope": rule.scope,
        "name": rule.name or None,
        "measure": _measure(rule),
        "limit": _amount(rule, rule.ceiling(now)),
        "granted": _amount(rule, rule.ceiling(now) - rule.most),
        "window": rule.window.text if rule.window else None,
        "soft": None if rule.soft is None else _amount(rule, rule.soft),
        "step_down": rule.step_down,
        "throttle": rule.throttle,
        "managed_by": rule.managed_by,
    }


def _grant_view(rule: Rule, made: MadeGrant) -> dict[str, Any]:
    return {
        "amount": _amount(rule, made.amount),
        "since": iso(made.since),
        "until": iso(made.until),
        "reason": made.reason,
        "by": made.created_by,
    }


def _measure(rule: Rule) -> str:
    return "usd" if rule.measure == "picos" else rule.measure


def _amount(rule: Rule, n: int) -> int | str:
    return usd_text(n) if rule.measure == "picos" else n


def _granted(acting: Acting, asked: GrantBudget, scope: str) -> Rule:
    """The budget that is meant. Raises NotFound, UsageError."""
    measure = "picos" if asked.tokens is None else "tokens"
    budgets = [rule for rule in rules_in_force(acting) if rule.kind == "budget" and scope_text(rule) == scope]
    fitting = [rule for rule in budgets if rule.measure == measure and asked.budget in (None, rule.id)]
    if len(fitting) == 1:
        return fitting[0]
    ids = ", ".join(rule.id for rule in budgets)
    if fitting:
        raise UsageError(
            f"{shown(scope)} has {len(fitting)} budgets that could be meant: {ids}", "choose with --budget"
        )
    what = "money" if measure == "picos" else "tokens"
    if not budgets and (each := scope.partition("/")[0]) != scope:
        of_each = [r.id for r in rules_in_force(acting) if r.kind == "budget" and scope_text(r) == each]
        if of_each:
            raise NotFound(
                f"{shown(scope)} has no budget of its own, only what each {each} has: {', '.join(of_each)}",
                f"`gatewatch budgets grant {each}` lifts that for each, `gatewatch budgets set` makes one for it alone",
            )
    raise NotFound(
        f"{shown(scope)} has no budget of {what}" + (f" {shown(asked.budget)}" if asked.budget else ""),
        f"its budgets: {ids}" if ids else "`gatewatch budgets list` shows those that there are",
    )


def _asked(acting: Acting, asked: SetBudget, whose: Meant) -> list[Rule]:
    """The budgets that are asked for: what is not said is as it was, or as in every new one. Raises UsageError."""
    window = _window(asked)
    known = {made.rule.id: made.rule for made in acting.store.made_rules()}
    amounts: tuple[tuple[str, Measure, int | None], ...] = (
        ("usd", "picos", asked.picos),
        ("tokens", "tokens", asked.tokens),
    )
    rules = []
    for word, measure, most in amounts:
        if most is None:
            continue
        if not 0 < most <= _MOST:
            raise UsageError("a budget is more than nothing, and at most nine million USD", "as in --usd 500")
        # counters are called `ID|NAME`: the mark between them stands in no id
        id = f"budget:{whose.text.replace('|', '%7C')}:{word}:{window.text.replace(' ', '@')}"
        before = known.get(id)
        rules.append(
            Rule(
                id=id,
                kind="budget",
                scope=whose.scope,
                name=whose.name,
                measure=measure,
                most=most,
                window=window,
                soft=_soft(asked.soft, most, before),
                step_down=_said(asked.step_down, before.step_down if before else False),
                throttle=_said(asked.throttle, before.throttle if before else False),
                managed_by="operator",
            )
        )
    if not rules:
        raise UsageError("no amount", "as in --usd 500, or --tokens 1000000")
    return rules


def _said(said: bool | None, otherwise: bool) -> bool:
    return otherwise if said is None else said


def _soft(share: str | None, most: int, before: Rule | None) -> int:
    """From which amount on it warns."""
    if share is None and before is not None and before.soft is not None:
        return before.soft * most // before.most
    try:
        part = _SOFT if share is None else Decimal(share)
        if not 0 < part <= 1:
            raise ValueError(share)
    except (ArithmeticError, ValueError):
        raise UsageError(f"{shown(str(share))} is no share of a budget", "write it as in --soft 80%") from None
    return int((most * part).to_integral_value(ROUND_FLOOR))


def _window(asked: SetBudget) -> Window:
    """Raises UsageError."""
    if asked.rolling_us is not None:
        if (asked.period, asked.zone) != ("month", "UTC"):
            raise UsageError("a rolling window has neither period nor zone", "give --rolling, or --period and --zone")
        if not 0 < asked.rolling_us <= LONGEST or asked.rolling_us % _SECOND:
            raise UsageError("a window is whole seconds, at most 400d", "write it as in --rolling 7d")
        return Window(seconds=asked.rolling_us // _SECOND)
    try:
        ZoneInfo(asked.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{shown(asked.zone)} is no time zone", "as in UTC or Europe/Berlin") from None
    return Window(period=asked.period, zone=asked.zone)
