"""`gatewatch deferred`: calls that wait for a cheaper hour; with or without a running gateway."""

import argparse

from app.cli.command import add_home, add_output

COLUMNS = ("call_id", "status", "way", "team", "route", "target", "accepted_at", "deadline", "tries")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, show and cancel."""
    parser.description = "Calls with x-gatewatch-priority: deferred. What they say and are told is not shown."
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="those that wait, and those whose replies are kept; the newest first")
    showing = commands.add_parser("show", help="how one is")
    cancelling = commands.add_parser(
        "cancel", help="end one that waits, buying nothing more; of one that has ended, delete the reply"
    )
    listing.add_argument("--team", metavar="TEAM", help="of that team alone")
    listing.add_argument("--limit", metavar="N", type=int, default=100, help="so many at most (default: 100)")
    for each in (showing, cancelling):
        each.add_argument("call_id", metavar="CALL_ID", help="the id of the 202, and header x-gatewatch-call-id")
    for each in (listing, showing, cancelling):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for a call that was never deferred, or is out of reach."""
    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.deferred import ListDeferred, OneDeferred

    if args.action == "list":
        asked = ListDeferred(team=args.team, limit=args.limit)
        rows = perform(args, "deferred.list", asked) if is_there(args) else []
    else:
        rows = [perform(args, f"deferred.{args.action}", OneDeferred(call_id=args.call_id))]
    print_rows(rows, args.output, COLUMNS)
    return 0
