"""`gatewatch roles`: which login user of the gateway's machine may do what."""

import argparse
from typing import Any

from app.cli.command import add_home, add_output

COLUMNS = ("login", "role", "set_by", "set_at", "why")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list (also without a word), permissions, set and unset."""
    from gatewatch.authority.permissions import ROLE_NUMBERS

    parser.description = (
        "Roles of login users of the gateway's machine. Whoever is not named has the role of '*', a super-admin's where"
        " nothing is set. Admin keys bring their own role with them."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="who has which role")
    permissions = commands.add_parser("permissions", help="what each role may do")
    setting = commands.add_parser("set", help="give a login user, or '*' for everybody else, a role")
    unsetting = commands.add_parser("unset", help="take a login user's own role away")
    for each in (setting, unsetting):
        each.add_argument("login", metavar="LOGIN", help="a login user's name, or '*'")
    setting.add_argument("role", metavar="ROLE", choices=ROLE_NUMBERS, help=", ".join(ROLE_NUMBERS))
    for each in (listing, permissions, setting, unsetting):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises NotAllowed for a role beyond one's own and where no super-admin would be left, NotFound without a home."""
    from app.cli.output import print_object, print_rows
    from app.cli.performing import perform
    from gatewatch.actions.roles import ListRoles, SetRole

    if args.action in ("set", "unset"):
        asked = SetRole(name=args.login, role=args.role if args.action == "set" else None)
        print_object(perform(args, "roles.set", asked), args.output)
        return 0
    answer: dict[str, Any] = perform(args, "roles.list", ListRoles())
    if args.action == "list":
        print_rows(answer["logins"], args.output, COLUMNS)
        return 0
    rows = [
        {"permission": permission}
        | {role["role"]: "yes" if permission in role["permissions"] else None for role in answer["roles"]}
        for permission in sorted({each for role in answer["roles"] for each in role["permissions"]})
    ]
    print_rows(rows, args.output)
    return 0
