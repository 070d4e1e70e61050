"""`gatewatch teams`: whom calls are charged to. Works on the control store, with or without a running gateway."""

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from gatewatch.control.records import Team
    from gatewatch.control.store import ControlStore

COLUMNS = ("name", "projects", "keys", "managed_by", "created_at", "created_by")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands create, list and show."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    creating = commands.add_parser("create", help="make a team")
    listing = commands.add_parser("list", help="all teams")
    showing = commands.add_parser("show", help="one team, its projects and keys")
    for each in (creating, showing):
        each.add_argument("name", metavar="NAME")
    for each in (creating, listing, showing):
        add_home(each)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for an unfit name, NotFound for an unknown team."""
    from app.cli.output import print_object, print_rows
    from app.cli.vault_options import control_store
    from gatewatch.paths import Home

    if args.action == "create":
        with control_store(args, make=True) as (_, store):
            print_object(_view(store, store.create_team(args.name)), args.output)
    elif args.action == "list":
        rows: list[dict[str, Any]] = []
        if Home.find(args.home).control.exists():
            with control_store(args, make=False) as (_, store):
                rows = [_view(store, team) for team in store.teams()]
        print_rows(rows, args.output, COLUMNS)
    else:
        with control_store(args, make=False) as (_, store):
            print_object(_view(store, store.team(args.name)), args.output)
    return 0


def _view(store: "ControlStore", team: "Team") -> dict[str, Any]:
    from gatewatch.timespan import iso

    return {
        "name": team.name,
        "projects": [project.name for project in store.projects(team.name)],
        "keys": [key.id for key in store.keys(team.name) if key.state(store.clock()) == "active"],
        "managed_by": team.managed_by,
        "created_at": iso(team.created_at),
        "created_by": team.created_by,
    }
