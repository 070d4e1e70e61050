"""What runs, stands and is left at the moment of a scrape: the gauges' values, from the live state and the ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """One budget or one name of it, in USD or tokens."""

    rule: str
    scope: str
    name: str
    measure: str
    limit: float
    spent: float
    held: float


class Now(msgspec.Struct, kw_only=True):
    """One moment."""

    version: str = ""
    config_version: str = ""
    started_at: int = 0
    """µs."""
    workers: int = 0
    draining: int = 0
    in_flight: int = 0
    streams: int = 0
    connections: int = 0
    rss_bytes: float = 0.0
    by_provider: dict[str, int] = {}
    """Provider → calls in flight."""
    alarms: dict[str, int] = {}
    """Kind → how many."""
    alerts: dict[tuple[str, str], int] = {}
    """Alert and severity → about how many subjects it fires, silenced ones among them."""
    breakers: dict[tuple[str, str, str], int] = {}
    """Provider, model and key → workers in which it is left alone."""
    shifted: dict[tuple[str, str, str], int] = {}
    """Provider, model and route → 1: it comes last there."""
    quarantined: dict[str, int] = {}
    """Provider → keys."""
    behind_bytes: int = 0
    behind_seconds: float | None = None
    budgets: list[Budget] = []


def merged(budgets: Iterable[Budget]) -> list[Budget]:
    """Names that became one when they were made harmless are one: a series stands once in a scrape."""
    found: dict[tuple[str, ...], Budget] = {}
    for each in budgets:
        labels = (each.rule, each.scope, each.name, each.measure)
        if (other := found.get(labels)) is not None:
            sums = {name: getattr(other, name) + getattr(each, name) for name in ("limit", "spent", "held")}
            each = msgspec.structs.replace(each, **sums)
        found[labels] = each
    return list(found.values())


def now_of(live: Mapping[str, Any]) -> Now:
    """From the live state of `/v1/live`."""
    workers = live.get("workers", ())
    by_provider: Counter[str] = Counter()
    for worker in workers:
        for provider, keys in worker.get("provider_keys_in_flight", {}).items():
            by_provider[provider] += sum(keys.values())
    fires = [alert for alert in live.get("alerts", ()) if alert.get("state") != "cleared"]
    targets = live.get("targets", ())
    return Now(
        version=str(live.get("version", "")),
        config_version=str((live.get("config") or {}).get("version", "")),
        started_at=live.get("started_at", 0),
        workers=len(workers),
        draining=sum(bool(worker["draining"]) for worker in workers),
        in_flight=sum(worker["in_flight"] for worker in workers),
        streams=sum(worker["streams"] for worker in workers),
        connections=sum(worker["connections"] for worker in workers),
        rss_bytes=sum(worker["rss_mb"] for worker in workers) * 1e6,
        by_provider=dict(by_provider),
        breakers=_breakers(targets),
        shifted=_shifted(targets),
        alarms=dict(Counter(str(alarm["id"]).partition(":")[0] for alarm in live.get("alarms", ()))),
        alerts=dict(Counter((str(alert["alert"]), str(alert["severity"])) for alert in fires)),
    )


def _breakers(targets: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], int]:
    return {
        (*_place(target), str(breaker["key"])): int(breaker["workers"])
        for target in targets
        for breaker in target["breakers"]
    }


def _shifted(targets: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], int]:
    return {(*_place(target), str(route)): 1 for target in targets for route in target["shifted"]}


def _place(target: Mapping[str, Any]) -> tuple[str, str]:
    provider, _, model = str(target["target"]).partition("/")
    return provider, model
