"""`gatewatch limits`: how fast calls may come, by whom; with or without a running gateway."""

import argparse

from app.cli.budgets import SCOPE_HELP, name_for_people, span
from app.cli.command import add_home, add_output

COLUMNS = ("scope", "name", "measure", "limit", "window", "cache_reads", "managed_by", "limit_id")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, set and remove."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="the limits in force")
    setting = commands.add_parser(
        "set",
        help="make or change some",
        description="Make or change limits: at no time more than these amounts in the last --per. A scope may have"
        " several windows, each set on its own. What is left out stays as it is.",
    )
    removing = commands.add_parser("remove", help="take those of a scope away, or one of them")
    listing.add_argument("scope", metavar="SCOPE", nargs="?", help=SCOPE_HELP)
    for each in (setting, removing):
        each.add_argument("scope", metavar="SCOPE", help=SCOPE_HELP)
    setting.add_argument("--requests", metavar="N", type=int, help="calls; of models and providers' keys: tries")
    setting.add_argument("--input-tokens", metavar="N", type=int, help="tokens that go in")
    setting.add_argument("--output-tokens", metavar="N", type=int, help="tokens that come out, reasoning included")
    setting.add_argument("--tokens", metavar="N", type=int, help="both together")
    setting.add_argument("--per", metavar="TIME", help="the window, as in 10s, 1m, 24h (default: 1m)")
    setting.add_argument("--concurrent", metavar="N", type=int, help="calls that run at the same time")
    setting.add_argument("--tier", metavar="NAME", help="instead: starter, standard or one of the configuration's")
    setting.add_argument(
        "--cache-reads",
        action=argparse.BooleanOptionalAction,
        help="whether tokens that a provider reads from its cache count as going in (default: no)",
    )
    removing.add_argument("--limit", metavar="ID", help="which one, where the scope has several")
    for each in (listing, setting, removing):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for what does not fit, NotFound with the nearest name, NotAllowed for what is the file's."""
    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.limits import ListLimits, RemoveLimits, SetLimits

    if args.action == "list":
        rows = perform(args, "limits.list", ListLimits(scope=args.scope)) if is_there(args) else []
    elif args.action == "remove":
        rows = perform(args, "limits.remove", RemoveLimits(scope=args.scope, limit=args.limit))
    else:
        amounts = ("requests", "input_tokens", "output_tokens", "tokens", "concurrent", "cache_reads", "tier")
        asked = SetLimits(scope=args.scope, **{name: getattr(args, name) for name in amounts})
        if args.per is not None:
            asked.per_us = span(args.per, "--per")
        rows = perform(args, "limits.set", asked, make=True)
    if args.output == "table":
        rows = [row | {"name": name_for_people(row)} for row in rows]
    print_rows(rows, args.output, COLUMNS)
    return 0
