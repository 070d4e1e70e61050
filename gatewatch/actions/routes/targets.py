"""The routes view: each route's targets, what went there and how, and what is in force over them."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.listing import ListRoutes, listed
from gatewatch.actions.routes.live import UNKNOWN, now_at
from gatewatch.actions.routes.meant import configured
from gatewatch.authority.permissions import Permission
from gatewatch.control.route_overrides import covers


class ListTargets(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A window as every view has it, of one route or all."""

    route: str | None = None
    since: str | None = None
    until: str | None = None
    where: str | None = None


NOTHING = {
    "tries": 0,
    "failed": 0,
    "failed_rate": None,
    "p50_ms": None,
    "p95_ms": None,
    "ttft_p95_ms": None,
    "answered": 0,
    "share": None,
    "cost_usd": "0",
}


@action("routes.targets", Permission.ROUTES_VIEW, ListTargets, changes=False)
def by_target(acting: Acting, asked: ListTargets) -> dict[str, Any]:
    """`rows`: one for each route and target, configured ones first; `window` and `fresh` as the ledger tells them.

    With a filter, of the routes that have calls by it, or of the one that it names alone: of others it says nothing.
    What only a gateway that runs knows is null where none does. Raises UsageError, NotFound.
    """
    if asked.route is not None:
        configured(acting, asked.route)
    window = {name: value for name in ("since", "until", "where") if (value := getattr(asked, name)) is not None}
    with closing(acting.open_ledger()) as ledger:
        answer = ledger.ask("routes", **window)
    found = {(row["route"], row["target"]): row for row in answer.rows}
    live = acting.gateway.live() if acting.gateway is not None else None
    rows = [
        _row(route, target, found.get((route["route"], target)), live)
        for route in listed.run(acting, ListRoutes())
        if asked.route in (None, route["route"])
        and (asked.where in (None, f"route={route['route']}") or route["route"] in {name for name, _ in found})
        for target in _targets(route, found)
    ]
    return {"rows": rows, "window": answer.window, "fresh": answer.fresh}


def _targets(route: Mapping[str, Any], found: Iterable[tuple[str, str]]) -> list[str]:
    """Those that are configured, canaries, and whatever else calls went to in the window."""
    canaries = [each["target"] for each in route["overrides"] if each["kind"] == "canary"]
    went = [target for name, target in found if name == route["route"]]
    others = [target for group in route["others"].values() for target in group]
    return list(dict.fromkeys([*route["targets"], *others, *canaries, *went]))


def _row(
    route: Mapping[str, Any],
    target: str,
    found: Mapping[str, Any] | None,
    live: Mapping[str, Any] | None,
) -> dict[str, Any]:
    purposes = [name for name, group in route["others"].items() if target in group and target not in route["targets"]]
    figures = NOTHING if found is None else {name: found[name] for name in NOTHING}
    return (
        {
            "route": route["route"],
            "target": target,
            "strategy": route["strategy"],
            "version": route["version"],
            "configured": route["configured"],
            "is_target": bool(purposes) or target in route["targets"],
            "purposes": purposes,
        }
        | figures
        | (UNKNOWN if live is None else now_at(live, route["route"], target))
        | {
            "overrides": [
                {name: each.get(name) for name in ("id", "kind", "share", "teams", "halted", "until", "reason")}
                for each in route["overrides"]
                if _is_about(each, target)
            ],
        }
    )


def _is_about(override: Mapping[str, Any], target: str) -> bool:
    if override["kind"] == "drain":
        return covers(override["target"], target)
    return bool(override["kind"] == "rollback" or override["target"] == target)
