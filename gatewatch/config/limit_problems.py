"""What is wrong with limits and budgets when they are looked at together."""

from collections.abc import Iterator

from gatewatch.config.limit_rules import TIERS
from gatewatch.config.limit_scopes import unknown
from gatewatch.config.limits import Amounts, Tier
from gatewatch.config.models import Config
from gatewatch.config.problems import KeyPath, Problem, among, found_text
from gatewatch.limits.rule import split_scope

_AMOUNTS = "requests, input_tokens, output_tokens, tokens or concurrent"


def limit_problems(config: Config) -> Iterator[Problem]:
    """Every one of them."""
    tiers = {**TIERS, **config.tiers}
    for name, tier in config.tiers.items():
        yield from _of_a_tier(("tiers", name), tier)
    for name, limit in config.limits.items():
        path: KeyPath = ("limits", name)
        yield from _of_a_scope((*path, "scope"), limit.scope, config)
        if limit.tier is None:
            yield from _of_a_tier(path, limit)
            continue
        if limit.tier not in tiers:
            yield Problem((*path, "tier"), found_text((*path, "tier"), limit.tier), among(limit.tier, list(tiers)))
        if _has_amounts(limit) or limit.windows or limit.concurrent:
            yield Problem((*path, "tier"), "a tier beside amounts of its own", "one of the two")
    for name, budget in config.budgets.items():
        path = ("budgets", name)
        yield from _of_a_scope((*path, "scope"), budget.scope, config)
        if budget.usd is None and budget.tokens is None:
            yield Problem(path, "neither usd nor tokens", "one of them, or both")
        if budget.rolling and budget.model_fields_set & {"period", "zone"}:
            yield Problem((*path, "rolling"), "rolling beside period or zone", "one of the two")
    unpriced = config.unpriced
    if (unpriced.policy == "cap") != (unpriced.tokens is not None):
        yield Problem(("unpriced",), "policy: cap and tokens, one without the other", "both, or neither")


def _of_a_tier(path: KeyPath, tier: Tier) -> Iterator[Problem]:
    if not _has_amounts(tier) and not tier.concurrent and not tier.windows:
        yield Problem(path, "no amount", _AMOUNTS)
    for index, window in enumerate(tier.windows):
        if not _has_amounts(window):
            yield Problem((*path, "windows", index), "no amount", "requests, input_tokens, output_tokens or tokens")
    spans = [window.per for window in (tier, *tier.windows) if _has_amounts(window)]
    if len(set(spans)) != len(spans):
        yield Problem((*path, "windows"), "two windows of one length", "each length once")


def _has_amounts(part: Amounts) -> bool:
    return any(getattr(part, name) for name in Amounts.model_fields)


def _of_a_scope(path: KeyPath, text: str, config: Config) -> Iterator[Problem]:
    scope, name = split_scope(text)
    if not name:
        return
    if found := unknown(scope, name, config, lambda text: found_text(path, text)):
        yield Problem(path, *found)
