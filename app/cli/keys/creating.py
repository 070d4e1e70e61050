"""`gatewatch keys create`."""

import argparse

SHOWN = (
    *("id", "name", "kind", "team", "project", "user", "service", "environment", "role", "all_teams"),
    *("models", "routes", "dialects", "networks", "region", "data_class"),
    *("max_uses", "max_tokens", "max_usd", "expires_at"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.keys.scope_options import add_limits, add_owner
    from app.cli.keys.secret_places import add_places
    from app.cli.vault_options import add_vault

    parser.add_argument("name", metavar="NAME", help="what it is for; need not be unique")
    parser.add_argument("--team", metavar="TEAM", required=True, help="whom its calls are charged to")
    parser.add_argument("--create-team", action="store_true", help="make the team where there is none")
    parser.add_argument("--environment", choices=("live", "test"), default="live", help="(default: live)")
    parser.add_argument("--kind", choices=("client", "admin"), default="client", help="(default: client)")
    parser.add_argument("--role", choices=("user", "admin", "super-admin"), help="of an admin key: what it may do")
    parser.add_argument(
        "--all-teams",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="of an admin key: every team's things, not its own's only (default: super-admins)",
    )
    add_owner(parser)
    add_limits(parser)
    add_places(parser)
    add_vault(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for an unknown team, NotAllowed, UsageError for what does not fit."""
    from app.cli.keys.scope_options import scope_of
    from app.cli.keys.secret_places import print_secret, secret_place
    from app.cli.performing import perform
    from gatewatch.actions.keys.create import CreateKey

    scope = scope_of(args)
    with secret_place(args) as place:
        asked = CreateKey(
            name=args.name,
            team=args.team,
            create_team=args.create_team,
            environment=args.environment,
            kind=args.kind,
            role=args.role,
            all_teams=args.all_teams,
            **scope,
            **place.delivery(),
        )
        made = perform(args, "keys.create", asked, make=True)
        shown = tuple(name for name in SHOWN if made[name] not in (None, False))
        print_secret(made, place, args.output, shown)
    return 0
