"""What can be watched: its unit, what it can be told apart by, and where its figures come from."""

from typing import Literal, get_args

import msgspec

from gatewatch.alerts.amount import Unit

Per = Literal[
    "gateway", "environment", "team", "project", "user", "key", "route", "model", "provider", "provider_key", "budget"
]
MetricName = Literal[
    "p95", "ttft", "errors", "5xx", "401", "429", "blocked", "unpriced", "calls",
    "velocity", "budget", "forecast", "key_age", "ledger_lag", "slo", "error_budget", "breakers",
]  # fmt: skip

OF_TRIES: frozenset[str] = frozenset({"model", "provider", "provider_key"})
"""By these, answers of providers count try by try: a call that another target served was refused all the same."""

_OF_CALLS: tuple[Per, ...] = tuple(per for per in get_args(Per) if per != "budget")


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is measured."""

    words: str
    units: tuple[Unit, ...]
    source: Literal["calls", "velocity", "budgets", "keys", "ledger", "targets"] = "calls"
    pers: tuple[Per, ...] = _OF_CALLS
    """The first is what it is told apart by where nothing is said."""
    clear_percent: int = 80
    """Of the threshold: below that it is over, where nothing is said."""


METRICS: dict[str, Metric] = {
    "p95": Metric(words="p95 latency", units=("time",)),
    "ttft": Metric(words="p95 time to first token", units=("time",)),
    "errors": Metric(words="failed calls", units=("share", "count")),
    "5xx": Metric(words="answers 5xx", units=("share", "count")),
    "401": Metric(words="answers 401", units=("share", "count")),
    "429": Metric(words="answers 429", units=("share", "count")),
    "blocked": Metric(words="refused calls", units=("share", "count")),
    "unpriced": Metric(words="calls without a price", units=("share", "count")),
    "calls": Metric(words="calls", units=("count",)),
    "velocity": Metric(
        words="the usual spend", units=("times",), source="velocity",
        pers=("key", *(per for per in _OF_CALLS if per not in ("key", "provider_key"))),
    ),
    "budget": Metric(words="of the budget spent", units=("share",), source="budgets", pers=("budget",),
                     clear_percent=100),
    "forecast": Metric(words="of the budget at the end of its period", units=("share",), source="budgets",
                       pers=("budget",), clear_percent=95),
    "key_age": Metric(words="since the key was set", units=("time",), source="keys", pers=("provider_key",),
                      clear_percent=100),
    "slo": Metric(words="of what the p95 may be", units=("share",), source="targets",
                  pers=("model", "route", "provider"), clear_percent=100),
    "error_budget": Metric(words="of the error budget spent", units=("share",), source="targets",
                           pers=("model", "route", "provider"), clear_percent=100),
    "breakers": Metric(words="open breakers", units=("count",), source="targets", pers=("model", "provider"),
                       clear_percent=100),
    "ledger_lag": Metric(words="behind", units=("time",), source="ledger", pers=("gateway",)),
}  # fmt: skip
