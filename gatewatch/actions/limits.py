"""Limits: how fast calls may come, by whom; listed, set and removed."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.limit_changes import check_beside, check_countable, check_own, to_remove
from gatewatch.actions.limit_scope import changed, is_known, key_name, meant, rules_in_force
from gatewatch.authority.permissions import Permission
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.secret_shapes import shown
from gatewatch.limits.in_force import is_of_team
from gatewatch.limits.rule import Rule, scope_text
from gatewatch.limits.window import Window

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
LONGEST = 400 * 86_400 * _SECOND


class ListLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    scope: str | None = None
    """Of one scope, as `set` takes it; None: all."""


class SetLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Amounts in one window; what is left out stays as it is."""

    scope: str
    per_us: int = _MINUTE
    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens: int | None = None
    concurrent: int | None = None
    cache_reads: bool | None = None
    tier: str | None = None
    """The limits of a tier, instead of amounts."""


class RemoveLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    scope: str
    limit: str | None = None
    """The id of one of them; None: all of that scope that operators made."""


@action("limits.list", Permission.BUDGETS_VIEW, ListLimits, changes=False)
def listed(acting: Acting, asked: ListLimits) -> list[dict[str, Any]]:
    """Those in force. Who belongs to one team is told of that team's, and of those that hold for each."""
    scope = None if asked.scope is None else meant(acting, asked.scope).text
    rules = [rule for rule in rules_in_force(acting) if rule.kind == "limit" and is_seen(acting, rule)]
    return [
        _view(acting, rule) | {"name_known": is_known(acting, rule.scope, rule.name)}
        for rule in rules
        if scope in (None, scope_text(rule))
    ]


@action("limits.set", Permission.LIMITS_SET, SetLimits, changes=True)
def set_limits(acting: Acting, asked: SetLimits) -> list[dict[str, Any]]:
    """The limits as they are then."""
    whose = meant(acting, asked.scope)
    check_countable(acting)
    rules = _asked(acting, asked, whose.text)
    check_beside(rules, rules_in_force(acting))
    check_own(acting, rules)
    acting.store.set_rules(rules, team=whose.team)
    changed(acting)
    return [_view(acting, rule) for rule in rules]


@action("limits.remove", Permission.LIMITS_SET, RemoveLimits, changes=True)
def remove(acting: Acting, asked: RemoveLimits) -> list[dict[str, Any]]:
    """What was removed."""
    whose = meant(acting, asked.scope)
    rules = to_remove(acting, "limit", rules_in_force(acting), whose.text, asked.limit)
    acting.store.remove_rules([rule.id for rule in rules])
    changed(acting)
    return [_view(acting, rule) for rule in rules]


def is_seen(acting: Acting, rule: Rule) -> bool:
    """Whether the rule is the actor's business: a key's is where the key is."""
    actor = acting.actor
    if actor.team is None:
        return True
    if rule.scope == "key" and rule.name:
        try:
            acting.seen_key(rule.name)
        except (NotFound, UsageError):
            return False
        return True
    return is_of_team(rule, actor.team)


def _view(acting: Acting, rule: Rule) -> dict[str, Any]:
    """As every face shows it."""
    return {
        "limit_id": rule.id,
        "scope": rule.scope,
        "name": rule.name or None,
        "key_name": key_name(acting, rule),
        "measure": rule.measure,
        "limit": rule.most,
        "window": rule.window.text if rule.window else None,
        "cache_reads": rule.cache_reads,
        "managed_by": rule.managed_by,
    }


def _asked(acting: Acting, asked: SetLimits, scope: str) -> list[Rule]:
    """The rules that are asked for. Raises UsageError, NotFound for an unknown tier."""
    from gatewatch.config.limit_rules import TIERS, limit_rules
    from gatewatch.config.limits import Tier

    amounts = {name: getattr(asked, name) for name in ("requests", "input_tokens", "output_tokens", "tokens")}
    given = {name: n for name, n in {**amounts, "concurrent": asked.concurrent}.items() if n is not None}
    if any(not 0 < n < 2**53 for n in given.values()):
        raise UsageError("a limit is at least 1", "`gatewatch limits remove` takes one away")
    if not 0 < asked.per_us <= LONGEST or asked.per_us % _SECOND:
        raise UsageError("a window is whole seconds, at most 400d", "write it as in --per 1m")
    if asked.tier is not None:
        if given or asked.per_us != _MINUTE:
            raise UsageError("a tier has amounts and windows of its own", "give a tier, or amounts")
        config = acting.configuration()
        tiers = {**TIERS, **(config.tiers if config else {})}
        if asked.tier not in tiers:
            raise NotFound(f"there is no tier {shown(asked.tier)}", f"one of {', '.join(tiers)}")
        tier = tiers[asked.tier]
    elif given:
        tier = Tier(per=asked.per_us, **given)
    else:
        raise UsageError("nothing is limited", "say what, as in --requests 60 --per 1m, or --tier starter")
    cache_reads = tier.cache_reads if asked.cache_reads is None else asked.cache_reads
    made = limit_rules("limit", scope, tier)
    return [
        msgspec.structs.replace(
            rule, id=_id(scope, rule.measure, rule.window), managed_by="operator",
            cache_reads=cache_reads and rule.measure in ("input_tokens", "tokens"),
        )
        for rule in made
    ]  # fmt: skip


def _id(scope: str, measure: str, window: Window | None) -> str:
    """Counters are called `ID|NAME`, so that the mark between them stands in no id."""
    return f"limit:{scope.replace('|', '%7C')}:{measure}" + (f":{window.text}" if window else "")
