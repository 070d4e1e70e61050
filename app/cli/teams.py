"""`gatewatch teams`: whom calls are charged to, with or without a running gateway."""

import argparse
from typing import Any

from app.cli.command import add_home, add_output

COLUMNS = ("name", "projects", "services", "keys", "managed_by", "created_at", "created_by")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands create, list and show."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    creating = commands.add_parser("create", help="make a team")
    listing = commands.add_parser("list", help="all teams")
    showing = commands.add_parser("show", help="one team, its projects, services and keys")
    for each in (creating, showing):
        each.add_argument("name", metavar="NAME")
    for each in (creating, listing, showing):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for an unfit name, NotAllowed for one of the configuration file's, NotFound for an unknown."""
    from app.cli.output import print_object, print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.teams import ListTeams, OneTeam

    if args.action == "create":
        print_object(perform(args, "teams.create", OneTeam(name=args.name), make=True), args.output)
    elif args.action == "list":
        rows: list[dict[str, Any]] = []
        if is_there(args):
            rows = perform(args, "teams.list", ListTeams())
        print_rows(rows, args.output, COLUMNS)
    else:
        print_object(perform(args, "teams.show", OneTeam(name=args.name)), args.output)
    return 0
