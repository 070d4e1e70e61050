"""Alerts as they stand in the configuration file."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from gatewatch.alerts.alert import Deed, Severity
from gatewatch.alerts.amount import FORMS, Amount, read_amount
from gatewatch.alerts.metric import MetricName, Per
from gatewatch.config.limits import RuleName
from gatewatch.config.section import Section
from gatewatch.config.values import Count, Duration, Flag, Usd
from gatewatch.keys.secret_shapes import is_known_secret

_SECOND = 1_000_000


def _amount(value: Any) -> Amount:
    if isinstance(value, Amount):
        return value
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(FORMS)
    return read_amount(str(value))


def _subject(value: str) -> str:
    if not 0 < len(value) <= 300 or is_known_secret(value):
        raise ValueError("a name, as in search or openai/main")
    return value


def _window(value: int) -> int:
    if not _SECOND <= value <= 86_400 * _SECOND:
        raise ValueError("1s to 24h")
    return value


AlertName = RuleName
AmountText = Annotated[
    Amount,
    PlainValidator(_amount),
    PlainSerializer(str, str),
    WithJsonSchema({"type": ["string", "integer"], "title": FORMS, "examples": ["2s", "5%", "20", "5x"]}),
]
Subject = Annotated[str, AfterValidator(_subject)]
LookBack = Annotated[Duration, AfterValidator(_window)]


class Alert(Section):
    """What is watched, when it fires, and what is done then. Of an alert that is built in, what is left out stays as it
    is."""

    model_config = ConfigDict(serialize_by_alias=True)

    enabled: Flag = True
    """`false` switches it off."""
    when: MetricName | None = None
    """What is measured: `p95` (latency), `ttft` (p95 of the time to the first token), `errors` (failed calls), answers
    `5xx`, `401` and `429` (by `provider`, `provider_key` and `model` those of providers, try by try, of which those
    without an answer count as `5xx`; else what callers were told), `blocked` (refused calls), `unpriced` (calls without
    a price), `calls`, `velocity` (spend, as a multiple of the usual), `budget` (share that is spent), `forecast` (share
    at the end of its period), `key_age` (of providers' keys in the vault), `ledger_lag`, `slo` (p95 of a target, as a
    share of what its route's `slo` allows), `error_budget` (share of it that a target has spent), `breakers` (keys of a
    target that are left alone)."""
    above: AmountText | None = None
    """It fires from this on: a duration, a share (`5%`), a number, or for `velocity` a multiple (`5x`)."""
    below: AmountText | None = None
    """Instead of `above`: it fires below this."""
    window: LookBack | None = None
    """Calls that ended within so long before now are looked at. Left out: 5m; for `velocity` 10m."""
    lasting: Duration | None = Field(default=None, alias="for")
    """How long it has to be so before it fires. Left out: it fires at once."""
    per: Per | None = None
    """What it is told apart by: each has its own firing. Left out: `gateway`; of `velocity` `key`."""
    only: tuple[Subject, ...] | None = Field(default=None, min_length=1)
    """Names of these alone: teams, routes, ids of keys, `PROVIDER/MODEL`, `PROVIDER/KEY`, or rules of budgets as
    `gatewatch budgets list` shows them. `*` stands for anything."""
    least: Count | None = None
    """It takes so many calls in the window to fire. Left out: 20 for shares and times, else 1."""
    floor: Usd | None = None
    """Of `velocity`: what is always usual, in USD for ten minutes. Left out: 1."""
    do: tuple[Deed, ...] | None = None
    """What is done while it fires: `notify` whom `alert_sinks` name, `step_down` to cheaper targets, `shift` calls
    away, `throttle` to one call at a time for each key, `pause` a key. Left out: `notify`."""
    clear: AmountText | None = None
    """It is over below this (with `below`: from this on). Left out: 80% of the threshold; of budgets the threshold, of
    forecasts 95% of it."""
    clear_for: Duration | None = None
    """How long that has to last. Left out: 1m."""
    severity: Severity | None = None
    """Left out: `warning`."""
