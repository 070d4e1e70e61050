"""All rules that hold at a moment, whoever made them, and what calls in flight hold of them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from gatewatch.limits.rule import SCOPES, Grant, Rule, Scope

OF_A_TEAM: frozenset[Scope] = frozenset({"team", "project", "key"})
"""Scopes whose counters hold one team's calls alone."""


class InForce(NamedTuple):
    """What reports of limits and budgets go by."""

    rules: tuple[Rule, ...] = ()
    held: Mapping[str, int] = {}
    """Counter → what calls in flight hold of it."""


def together(
    configured: Iterable[Rule], made: Iterable[Rule], grants: Mapping[str, tuple[Grant, ...]]
) -> tuple[Rule, ...]:
    """Rules that operators made and those of the configuration file, which win where ids are the same; with grants.

    In the order of scopes and names, so that what is told of them is.
    """
    rules = {rule.id: rule for rule in (*made, *configured)}
    ordered = sorted(rules.values(), key=lambda rule: (SCOPES.index(rule.scope), rule.name or "", rule.id))
    return tuple(msgspec.structs.replace(rule, grants=grants.get(rule.id, ())) for rule in ordered)


def is_of_team(rule: Rule, team: str) -> bool:
    """Whether what a rule counts may be that team's business, as far as its name tells: whose a key is, it does not."""
    if rule.scope not in OF_A_TEAM:
        return False
    return rule.name is None or rule.scope == "key" or rule.name.partition("/")[0] == team
