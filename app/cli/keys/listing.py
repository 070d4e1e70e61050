"""`gatewatch keys list`."""

import argparse
import sys
from typing import Any

COLUMNS = (
    *("id", "name", "kind", "team", "project", "owner", "environment", "state"),
    *("models", "expires_at", "last_used_at", "marks"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output

    parser.add_argument("--team", metavar="TEAM", help="of one team only")
    parser.add_argument("--state", choices=("active", "paused", "expired", "revoked"))
    parser.add_argument("--kind", choices=("client", "admin"))
    parser.add_argument("--owner", metavar="NAME", help="of that user, service or project")
    parser.add_argument("--expiring", metavar="SPAN", nargs="?", const="7d", help="that end within so long (7d)")
    parser.add_argument("--unused", metavar="SPAN", nargs="?", const="30d", help="not used for so long (30d)")
    parser.add_argument("--old-secrets", action="store_true", help="of which a replaced secret still works")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for an unknown team."""
    from app.cli.keys.telling import pauses
    from app.cli.keys.wording import span
    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.keys.listing import ListKeys

    asked = ListKeys(
        team=args.team,
        state=args.state,
        kind=args.kind,
        owner=args.owner,
        expiring_us=None if args.expiring is None else span("--expiring", args.expiring),
        unused_us=None if args.unused is None else span("--unused", args.unused),
        old_secrets=args.old_secrets,
    )
    rows: list[dict[str, Any]] = []
    if args.team is not None or is_there(args):
        rows = perform(args, "keys.list", asked)
    if args.output != "json":
        rows = [row | {"owner": row["user"] or row["service"]} for row in rows]
    print_rows(rows, args.output, COLUMNS)
    sys.stderr.writelines(f"gatewatch: {line}\n" for row in rows for line in pauses(row))
    return 0
