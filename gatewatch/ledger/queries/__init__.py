"""The named queries. Each is one module with `Params` (what it takes) and `answer` (what it finds)."""

from types import ModuleType
from typing import Protocol, cast

import msgspec

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking
from gatewatch.ledger.queries import (
    body_places,
    budgets,
    cache,
    call,
    calls,
    counted,
    errors,
    estimates,
    key_use,
    keys_usage,
    lately,
    latency,
    overview,
    retention,
    route_tries,
    routes,
    series,
    service_levels,
    spend,
    teams,
    usual_spend,
)


class Query(Protocol):
    """A module of this package."""

    Params: type[msgspec.Struct]

    def answer(self, asking: Asking, params: msgspec.Struct) -> Found:
        """Raises UsageError where the parameters do not fit."""


_MODULES: tuple[ModuleType, ...] = (
    *(
        budgets,
        cache,
        call,
        calls,
        counted,
        errors,
        estimates,
        key_use,
        keys_usage,
        lately,
        latency,
        overview,
        series,
        spend,
    ),
    *(teams, usual_spend, body_places, retention, route_tries, routes, service_levels),
)
QUERIES: dict[str, Query] = {module.__name__.rpartition(".")[2]: cast(Query, module) for module in _MODULES}
"""Name → query."""

OF_ONE_TEAM = frozenset(
    {
        *(
            "budgets",
            "cache",
            "call",
            "calls",
            "counted",
            "errors",
            "estimates",
            "key_use",
            "keys_usage",
            "lately",
            "latency",
            "overview",
        ),
        *("route_tries", "routes", "series", "service_levels", "spend", "teams", "usual_spend"),
    }
)
"""Those that can be kept to one team's calls: they read facts through `Asking.where` only. Others are not for keys of
one team."""
