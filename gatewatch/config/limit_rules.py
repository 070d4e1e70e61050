"""The limits and budgets of the configuration file → rules."""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from gatewatch.config.limits import Amounts, Budget, Tier
from gatewatch.config.models import Config
from gatewatch.config.provider_limit_rules import provider_rules
from gatewatch.limits.rule import Measure, Rule, split_scope
from gatewatch.limits.window import Window
from gatewatch.money import picos_from_usd

TIERS = {
    "starter": Tier(requests=60),
    "standard": Tier(requests=600),
}
"""Tiers that need no writing."""

_SECOND = 1_000_000
_SOFT = Decimal("0.8")
_OF_A_WINDOW: tuple[Measure, ...] = ("requests", "input_tokens", "output_tokens", "tokens")


def rules_of(config: Config) -> tuple[Rule, ...]:
    """All of them, in the order of the file."""
    return tuple(_rules(config))


def _rules(config: Config) -> Iterator[Rule]:
    for name, limit in config.limits.items():
        tier = ({**TIERS, **config.tiers})[limit.tier] if limit.tier else limit
        yield from limit_rules(f"limits.{name}", limit.scope, tier)
    for team, written in config.teams.items():
        if written.limits:
            amounts = Tier(requests=written.limits.rpm, tokens=written.limits.tpm, concurrent=written.limits.concurrent)
            yield from limit_rules(f"teams.{team}.limits", f"team/{team}", amounts)
    yield from provider_rules(config)
    for name, budget in config.budgets.items():
        yield from budget_rules(f"budgets.{name}", budget)
    for team, written in config.teams.items():
        if written.budget:
            own = Budget(scope=f"team/{team}", step_down=True, **dict(written.budget))
            yield from budget_rules(f"teams.{team}.budget", own)
    if config.unpriced.policy == "cap" and config.unpriced.tokens:
        window = Window(period=config.unpriced.period)
        yield Rule(
            id="unpriced", kind="budget", scope="team", measure="tokens", most=config.unpriced.tokens, window=window,
            unpriced_only=True,
        )  # fmt: skip


def limit_rules(id: str, scope_text: str, tier: Tier) -> Iterator[Rule]:
    """One rule for each amount of each window, and one for calls at a time."""
    scope, name = split_scope(scope_text)
    for part in (tier, *tier.windows):
        window = Window(seconds=part.per // _SECOND)
        for measure, most in _amounts(part):
            yield Rule(
                id=f"{id}/{measure}/{window.text}", kind="limit", scope=scope, name=name, measure=measure, most=most,
                window=window, cache_reads=tier.cache_reads,
            )  # fmt: skip
    if tier.concurrent:
        yield Rule(
            id=f"{id}/concurrent", kind="limit", scope=scope, name=name, measure="concurrent", most=tier.concurrent
        )


def budget_rules(id: str, budget: Budget) -> Iterator[Rule]:
    """One rule for money, one for tokens."""
    scope, name = split_scope(budget.scope)
    window = Window(period=budget.period, zone=budget.zone)
    if budget.rolling:
        window = Window(seconds=budget.rolling // _SECOND)
    amounts: tuple[tuple[str, Measure, int | None], ...] = (
        ("usd", "picos", picos_from_usd(budget.usd) if budget.usd else None),
        ("tokens", "tokens", budget.tokens),
    )
    for word, measure, most in amounts:
        if most:
            soft = int((most * (budget.soft or _SOFT)).to_integral_value(ROUND_FLOOR))
            yield Rule(
                id=f"{id}/{word}", kind="budget", scope=scope, name=name, measure=measure, most=most, window=window,
                soft=soft, step_down=budget.step_down, throttle=budget.throttle,
            )  # fmt: skip


def _amounts(part: Amounts) -> Iterator[tuple[Measure, int]]:
    for measure in _OF_A_WINDOW:
        if most := getattr(part, measure):
            yield measure, most
