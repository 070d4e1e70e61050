"""`gatewatch cache`: what replies are kept, and giving them no more."""

import argparse

from app.cli.command import add_home, add_output

COLUMNS = ("worker", "entries", "bytes", "hits", "joined", "misses", "bypassed", "evicted", "expired", "invalidated")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands stats and invalidate."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    stats = commands.add_parser(
        "stats",
        help="what each worker keeps, and what came of it since its start",
        description="What each worker keeps. `joined` are hits that shared the exchange of a call in flight.",
    )
    invalidating = commands.add_parser(
        "invalidate",
        help="give kept replies no more",
        description="Replies of which all that is said is true are not given any more, by any worker.",
    )
    invalidating.add_argument("--route", metavar="ROUTE", help="of this route")
    invalidating.add_argument("--model", metavar="MODEL", help="asked for, or PROVIDER/MODEL that has answered")
    invalidating.add_argument("--tag", metavar="TAG", help="that have it, by the configuration or by their caller")
    invalidating.add_argument("--team", metavar="TEAM", help="of this team's calls")
    invalidating.add_argument("--all", action="store_true", help="all there are")
    for each in (stats, invalidating):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises Unreachable where no gateway runs, UsageError where nothing is said of which replies."""
    from app.cli.output import print_object, print_rows
    from app.cli.performing import perform
    from gatewatch.actions.cache import CacheStats, InvalidateCache

    if args.action == "stats":
        print_rows(perform(args, "cache.stats", CacheStats()), args.output, COLUMNS)
        return 0
    which = {name: getattr(args, name) for name in ("route", "model", "tag", "team")}
    print_object(perform(args, "cache.invalidate", InvalidateCache(**which, everything=args.all)), args.output)
    return 0
