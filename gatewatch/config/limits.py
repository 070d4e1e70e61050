"""Limits and budgets as they stand in the configuration file."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from gatewatch.config.section import Section
from gatewatch.config.values import Count, Duration, Flag, Percent, Usd
from gatewatch.keys.secret_shapes import is_known_secret
from gatewatch.limits.rule import split_scope

_SECOND = 1_000_000
_LONGEST = 400 * 86_400 * _SECOND


def _rule_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value) or is_known_secret(value):
        raise ValueError("letters, digits and . _ -, starting with a letter or digit")
    return value


def _scope(value: str) -> str:
    if len(value) > 300 or is_known_secret(value):
        raise ValueError("a scope, as in gateway, team or team/search")
    split_scope(value)
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone, as in UTC or Europe/Berlin") from None
    return value


def _whole_seconds(value: Any) -> Any:
    if isinstance(value, int) and (value % _SECOND or not _SECOND <= value <= _LONGEST):
        raise ValueError("whole seconds, at most 400d")
    return value


RuleName = Annotated[str, AfterValidator(_rule_name)]
ScopeText = Annotated[str, AfterValidator(_scope)]
Zone = Annotated[str, AfterValidator(_zone)]
Span = Annotated[Duration, AfterValidator(_whole_seconds)]


class Amounts(Section):
    """So much of each in one window."""

    requests: Count | None = None
    """Calls; of models and providers' keys: tries."""
    input_tokens: Count | None = None
    """Tokens that go in."""
    output_tokens: Count | None = None
    """Tokens that come out, reasoning included."""
    tokens: Count | None = None
    """Both together."""


class LimitWindow(Amounts):
    """One of several windows of a limit."""

    per: Span = 60 * _SECOND
    """The window: at no time more than this in the span before it."""


class Tier(LimitWindow):
    """Limits that several may have."""

    windows: tuple[LimitWindow, ...] = ()
    """More windows that hold at the same time."""
    concurrent: Count | None = None
    """Calls that run at the same time."""
    cache_reads: Flag = False
    """Whether tokens that a provider reads from its cache count as going in."""


class Limit(Tier):
    """How fast calls may come."""

    scope: ScopeText
    """For whom: `gateway` (all together), or `environment`, `team`, `project`, `user`, `key`, `route`, `model`,
    `provider_key` (each of them on its own), or one of those by name: `team/search`, `project/search/web`, `key/ID`,
    `model/openai/gpt-5`, `provider_key/openai/main`."""
    tier: RuleName | None = None
    """The limits of a tier, instead of those given here."""


class Budget(Section):
    """How much may be spent."""

    scope: ScopeText
    """By whom, as for limits."""
    usd: Usd | None = None
    """US dollars in each period."""
    tokens: Count | None = None
    """Tokens of input and output in each period, whatever they cost."""
    period: Literal["minute", "hour", "day", "week", "month"] = "month"
    """When it begins anew, by the calendar."""
    rolling: Span | None = None
    """Instead of `period`: at no time more than this in the span before it."""
    zone: Zone = "UTC"
    """The time zone of the calendar."""
    soft: Percent | None = None
    """The share of it at which warnings, stepping down and throttling begin. Left out: 80%."""
    step_down: Flag = False
    """Whether, from `soft` on, models with `budget_step_down` are served by their cheaper targets first."""
    throttle: Flag = False
    """Whether, from `soft` on, keys of the `test` environment make one call at a time."""


class TeamBudget(Section):
    """How much the team may spend."""

    usd: Usd
    """US dollars in each period."""
    period: Literal["minute", "hour", "day", "week", "month"] = "month"
    """When it begins anew, by the calendar."""
    zone: Zone = "UTC"
    """The time zone of the calendar."""
    soft: Percent | None = None
    """The share of it at which warnings and stepping down begin. Left out: 80%."""


class TeamLimits(Section):
    """How fast the team may ask."""

    rpm: Count | None = None
    """Requests a minute."""
    tpm: Count | None = None
    """Tokens a minute, input and output."""
    concurrent: Count | None = None
    """Calls that run at the same time."""


class Unpriced(Section):
    """Models without a price."""

    policy: Literal["allow", "refuse", "cap"] = "allow"
    """`allow` them, beside every budget; `refuse` them where a budget in money concerns the call; or `cap` them by
    `tokens`."""
    tokens: Count | None = None
    """With `cap`: tokens of such models that each team may use in each `period`."""
    period: Literal["minute", "hour", "day", "week", "month"] = Field(default="day")
    """Of the cap; in UTC."""
