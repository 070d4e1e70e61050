"""All rules that hold at a moment, whoever made them, and what calls in flight hold of them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from gatewatch.limits.rule import Grant, Rule


class InForce(NamedTuple):
    """What reports of limits and budgets go by."""

    rules: tuple[Rule, ...] = ()
    held: Mapping[str, int] = {}
    """Counter → what calls in flight hold of it."""


def together(
    configured: Iterable[Rule], made: Iterable[Rule], grants: Mapping[str, tuple[Grant, ...]]
) -> tuple[Rule, ...]:
    """Rules that operators made and those of the configuration file, which win where ids are the same; with grants."""
    rules = {rule.id: rule for rule in (*made, *configured)}
    return tuple(msgspec.structs.replace(rule, grants=grants.get(rule.id, ())) for rule in rules.values())
