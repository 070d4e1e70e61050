"""The routes of the control API: one table. What is not in it does not exist, for anybody.

Each names the permission that it takes and whom it reaches. An action brings its own permission; which actions are for
keys of one team stands in `gatewatch.actions.reach`.
"""

from dataclasses import dataclass
from enum import StrEnum

from gatewatch.authority.permissions import Permission


class Reach(StrEnum):
    """Who may ask at all."""

    TEAM = "team"
    """Also keys of one team: they are told of that team alone."""
    ALL_TEAMS = "all teams"
    """Whoever has all teams."""
    HERE = "here"
    """Users of the gateway's own machine: it is about that machine's files."""


@dataclass(frozen=True)
class Route:
    """One thing to ask the control process for."""

    name: str
    """Stands in the audit trail where somebody is refused."""
    method: str
    path: str
    """With a `/` at its end: a name follows."""
    permission: Permission | None
    """None: that of the action whose name follows."""
    reach: Reach
    changes: bool = False


LIVE = Route("control.live", "GET", "/v1/live", Permission.LIVE_READ, Reach.TEAM)
METRICS = Route("control.metrics", "GET", "/metrics", Permission.METRICS_READ, Reach.ALL_TEAMS)
QUERY = Route("control.query", "POST", "/v1/query/", Permission.LEDGER_READ, Reach.TEAM)
CHECK = Route("control.check", "POST", "/v1/ledger/check", Permission.LEDGER_READ, Reach.ALL_TEAMS)
SNAPSHOT = Route(
    "control.snapshot", "POST", "/v1/ledger/snapshot", Permission.LEDGER_SNAPSHOT, Reach.HERE, changes=True
)
ACTION = Route("control.action", "POST", "/v1/actions/", None, Reach.TEAM)

ROUTES = (LIVE, METRICS, QUERY, CHECK, SNAPSHOT, ACTION)


def route_of(method: str, path: str) -> tuple[Route, str] | None:
    """The route that is asked for, and the name that follows its path; None where there is none."""
    for route in ROUTES:
        if route.method != method:
            continue
        if route.path == path and not path.endswith("/"):
            return route, ""
        if route.path.endswith("/") and path.startswith(route.path) and (name := path[len(route.path) :]):
            return (route, name) if "/" not in name else None
    return None
