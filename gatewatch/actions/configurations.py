"""What the configuration was when a call was served: since when, who changed it last, how it differs from now."""

from typing import Annotated, Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.audit import Wanted
from gatewatch.control.configuration_versions import ConfigurationVersion, ConfigurationVersions, differences
from gatewatch.control.route_versions import RouteVersions
from gatewatch.limits.rule import Rule, scope_text
from gatewatch.money import usd_text
from gatewatch.routing.definition import differences as route_differences
from gatewatch.routing.definition import readable
from gatewatch.timespan import iso

MOST_DIFFERENCES = 100
MOST_RULES = 100


class ExplainConfiguration(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """As a call's row has them."""

    version: str | None = None
    route: str | None = None
    route_version: str | None = None
    rules: list[str] = []
    """Ids of limits and budgets."""
    at: Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000_000)] | None = None
    """When the call began, µs: what a budget's span is told of."""


@action("configuration.explain", Permission.LEDGER_READ, ExplainConfiguration, changes=False)
def explain(acting: Acting, asked: ExplainConfiguration) -> dict[str, Any]:
    """`version` and `route` None where they were not noted. Who changed a rule last is told to those alone who may see
    the audit trail."""
    versions = ConfigurationVersions(acting.store)
    then = versions.get(asked.version) if asked.version else None
    now = versions.latest()
    changed = differences(then, now) if then and now else []
    told: dict[str, Any] = {"version": None, "route": None, "now": now.version if now else None}
    if then:
        told["version"] = _told(then) | {
            "in_force": now is not None and now.version == then.version,
            "differences": [msgspec.structs.asdict(each) for each in changed[:MOST_DIFFERENCES]],
            "more_differences": max(0, len(changed) - MOST_DIFFERENCES),
        }
    if asked.route and asked.route_version and (had := versions.with_route(asked.route, asked.route_version)):
        current = None if now is None else now.routes.get(asked.route)
        told["route"] = {
            "first_at": iso(had[0].first_at),
            "last_at": iso(max(each.last_at for each in had)),
            "changed_by": had[0].changed_by,
            "in_force": current == asked.route_version,
            "now": current,
            **_route(acting, asked.route, asked.route_version, current),
        }
    known = {rule.id: rule for rule in then.rules} if then else {}
    told["rules"] = {id: _rule(acting, id, known.get(id), asked.at) for id in asked.rules[:MOST_RULES]}
    return told


def _told(version: ConfigurationVersion) -> dict[str, Any]:
    return {
        "first_at": iso(version.first_at),
        "last_at": iso(version.last_at),
        "file": version.file,
        "changed_by": version.changed_by,
        "changed_at": None if version.changed_at is None else iso(version.changed_at),
    }


def _route(acting: Acting, route: str, version: str, current: str | None) -> dict[str, Any]:
    """What the version says, where it is kept, and what is different now by the configuration."""
    book = RouteVersions(acting.store)
    had = book.get(route, version)
    now = book.get(route, current) if current else None
    changed = route_differences(had.definition, now.definition) if had and now else []
    return {
        "definition": readable(had.definition) if had else None,
        "differences": [each._asdict() for each in changed],
    }


def _rule(acting: Acting, id: str, rule: Rule | None, at: int | None) -> dict[str, Any]:
    """What it was, in the file or by an operator's hand, and the last that was done to it before `at`."""
    if rule is None:
        row = acting.store.connection.execute("SELECT rule FROM rules WHERE id = ?", (id,)).fetchone()
        rule = None if row is None else msgspec.json.decode(row[0], type=Rule)
    changed = None
    if acting.actor.may(Permission.AUDIT_VIEW):
        until = None if at is None else at + 1  # what was done since is no part of what was met then
        entries = acting.store.trail.entries(1, Wanted(target=id, result="ok", until=until), team=acting.actor.team)
        changed = next(({"at": iso(each.at), "actor": each.actor, "action": each.action} for each in entries), None)
    begins_anew = None
    if rule and rule.window and rule.window.period != "rolling" and at is not None:
        begins_anew = iso(rule.window.leaves(rule.window.bucket(at)))
    soft = rule.soft if rule else None
    return {
        "kind": rule.kind if rule else None,
        "scope": rule.scope if rule else None,
        "of": scope_text(rule) if rule else None,
        "window": rule.window.text if rule and rule.window else None,
        "begins_anew": begins_anew,
        "soft": None if soft is None else usd_text(soft) if rule and rule.measure == "picos" else soft,
        "managed_by": rule.managed_by if rule else None,
        "changed": changed,
    }
