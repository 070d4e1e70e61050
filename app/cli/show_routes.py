"""`gatewatch show routes`: each route's targets, what went there, and what is in force over them."""

import argparse
import sys
from typing import Any

COLUMNS = (
    *("route", "target", "state", "tries", "failed", "p50_ms", "p95_ms", "answered", "share"),
    *("cost_usd", "in_flight", "headroom"),
)


def show_routes(args: argparse.Namespace) -> int:
    """Raises UsageError for what does not fit the view, and what the action raises."""
    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.routes.targets import ListTargets
    from gatewatch.errors import UsageError
    from gatewatch.safe_text import safe

    for option in ("by", "step"):
        if getattr(args, option) is not None:
            raise UsageError(f"--{option} does not fit routes", "--where route=NAME shows one of them.")
    if args.limit is not None and args.limit < 1:
        raise UsageError(f"--limit is at least 1, not {args.limit}")
    answer: Any = {"rows": [], "fresh": {"alarms": []}}
    if is_there(args):
        answer = perform(args, "routes.targets", ListTargets(since=args.since, until=args.until, where=args.where))
    sys.stderr.writelines(f"gatewatch: {safe(alarm)}\n" for alarm in answer["fresh"]["alarms"])
    rows = answer["rows"][: args.limit]
    if args.output == "table":
        rows = [row | _for_people(row) for row in rows]
    print_rows(rows, args.output, COLUMNS if args.output == "table" else None)
    return 0


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    from gatewatch.routing.target_words import in_order, out_of_order

    rates = {name: f"{row[name]:.1%}" for name in ("share", "headroom") if row[name] is not None}
    failed = "–" if row["failed_rate"] is None else f"{row['failed_rate']:.1%}"
    return rates | {"failed": failed, "state": out_of_order(row) or in_order(row)}
