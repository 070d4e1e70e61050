"""Which configuration and route the call went by: since when, who changed it last, what is different now."""

from collections.abc import Iterator

from app.cli.explaining.lines import Row
from gatewatch.safe_text import safe

MOST_SHOWN = 20


def configured(call: Row, known: Row) -> Iterator[str]:
    """`known`: what the gateway noted of them; empty where it cannot be asked."""
    version, route = known.get("version"), known.get("route")
    yield f"  configuration {safe(call['config_version'] or '–', 40)}{_since(version)}"
    if version and version["changed_by"]:
        file = safe(version["file"] or "its file", 120)
        yield f"    {file} is of {safe(version['changed_by'], 80)}, last written {version['changed_at']}"
    elif version and not version["file"]:
        yield "    from the environment: there was no file"
    yield f"  route {safe(call['route_version'] or '–', 40)}{_since(route) if call['route_version'] else ''}"
    if route and not route["in_force"] and "rollback:" in (call.get("routed_by") or ""):
        yield "    a rollback had put it in force again"
    if route and not route["in_force"]:
        yield f"    {'now ' + safe(route['now'], 40) if route['now'] else 'the route is gone now'}"
        for each in (route.get("differences") or ())[:MOST_SHOWN]:
            yield f"    {safe(each['key'], 120)}: {_value(each['then'])} → {_value(each['now'])}"
    if route and route.get("definition"):
        yield f"    $ gatewatch routes show {safe(call['route'], 200)} --version {safe(call['route_version'], 40)}"
    if not version:
        if call["config_version"]:
            yield "    what this configuration was is not noted here"
        return
    if version["in_force"]:
        return
    differences = version["differences"]
    yield f"  different now{':' if differences else ': nothing that has a name'}"
    for each in differences[:MOST_SHOWN]:
        yield f"    {safe(each['key'], 120)}: {_value(each['then'])} → {_value(each['now'])}"
    if (more := len(differences) - MOST_SHOWN + version["more_differences"]) > 0:
        yield f"    and {more} more: -o json has {len(differences)}"


def _since(noted: Row | None) -> str:
    if not noted:
        return ""
    until = "still in force" if noted["in_force"] else f"until {noted['last_at']}"
    return f", since {noted['first_at']}, {until}"


def _value(value: object) -> str:
    return "not set" if value is None else safe(value, 60)
