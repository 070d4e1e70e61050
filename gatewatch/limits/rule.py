"""One rule: of what, for whom, how much, in which window. Limits and budgets are the same thing but for what a call is
told that meets one: a limit says when to come back, a budget that there is no money left.

Imports stay small: workers and the limits store use it.
"""

from typing import Literal

import msgspec

from gatewatch.limits.window import Window

Scope = Literal["gateway", "environment", "team", "project", "user", "key", "route", "model", "provider_key"]
SCOPES: tuple[Scope, ...] = (
    "gateway", "environment", "team", "project", "user", "key", "route", "model", "provider_key",
)  # fmt: skip
OF_AN_ATTEMPT: frozenset[str] = frozenset({"model", "provider_key"})
"""Scopes that are known only once it is clear where a try goes. All others are the call's."""

Measure = Literal["requests", "input_tokens", "output_tokens", "tokens", "concurrent", "picos"]
MEASURES: tuple[Measure, ...] = ("requests", "input_tokens", "output_tokens", "tokens", "concurrent", "picos")

OUT_OF_SIGHT = 10**16
"""More of anything in one call counts as this much: sums must fit into 64 bits."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """So much more until then, once."""

    amount: int
    since: int
    """µs since the epoch."""
    until: int


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ceiling on one measure in one window, for one name of a scope, or for each name of it."""

    id: str
    """Shown to people, stands in rows, names the counters: `budgets.company/usd`."""
    kind: Literal["limit", "budget"]
    scope: Scope
    name: str | None = None
    """Whose: a team's name, a key's id, `TEAM/PROJECT`, `PROVIDER/MODEL`, `PROVIDER/KEY`, an environment; '' for the
    gateway. None: each name has a counter of its own."""
    measure: Measure
    """`tokens`: input and output. `picos`: picodollars."""
    most: int
    window: Window | None = None
    """None for `concurrent` alone."""
    soft: int | None = None
    """From this amount on it warns, and does what follows."""
    step_down: bool = False
    """From `soft` on: routes with `budget_step_down` take their cheaper targets."""
    throttle: bool = False
    """From `soft` on: keys of other environments than `live` make one call at a time."""
    cache_reads: bool = False
    """Whether tokens that a provider read from its cache count as input. Budgets count them."""
    unpriced_only: bool = False
    """Counts calls alone whose model has no price."""
    for_model: str | None = None
    """Of `provider_key`: counts only what is sent to this model of the provider."""
    managed_by: Literal["config", "operator"] = "config"
    grants: tuple[Grant, ...] = ()

    @property
    def leaves_out_cache_reads(self) -> bool:
        """Whether input that a provider read from its cache does not count."""
        return self.kind == "limit" and not self.cache_reads

    @property
    def counting(self) -> str:
        """What its counters count: the same text, the same numbers. A rule whose text has changed counts anew."""
        what = (self.scope, self.name, self.measure, self.window, self.leaves_out_cache_reads, self.unpriced_only)
        return msgspec.json.encode((*what, self.for_model) if self.for_model else what).decode()

    def ceiling(self, now: int) -> int:
        """`most`, with the grants that are in force at `now`."""
        if not self.grants:
            return self.most
        return self.most + sum(grant.amount for grant in self.grants if grant.since <= now < grant.until)


def counter(rule: Rule, name: str) -> str:
    """What a counter is called wherever it is kept."""
    return f"{rule.id}|{name}"


def split_scope(text: str) -> tuple[Scope, str | None]:
    """`team` → each team, `team/search` → that one, `gateway` → all calls together. Raises ValueError."""
    kind, slash, name = text.partition("/")
    for scope in SCOPES:
        if scope == kind and (name or not slash):
            if scope != "gateway":
                return scope, name or None
            if not slash:
                return scope, ""
    raise ValueError(f"{' '.join(SCOPES)}, or one of them by name, as in team/search or model/openai/gpt-5")


def scope_text(rule: Rule) -> str:
    """As `split_scope` reads it."""
    return f"{rule.scope}/{rule.name}" if rule.name else rule.scope
