"""`gatewatch keys edit`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.keys.scope_options import add_limits, add_owner

    parser.epilog = (
        "`none` takes a limit or an owner away. A key's kind, team and environment never change: make another key."
    )
    parser.add_argument("key", metavar="ID", help="its id, the beginning of it, or its name")
    parser.add_argument("--name", metavar="NAME", help="what it is for")
    add_owner(parser)
    add_limits(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound, NotAllowed, UsageError for what does not fit and where nothing is to be changed."""
    from app.cli.keys.scope_options import scope_of
    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.keys.edit import EditKey

    fields = scope_of(args, none_takes_away=True)
    if args.name is not None:
        fields["name"] = args.name
    print_object(perform(args, "keys.edit", EditKey(key=args.key, **fields)), args.output)
    return 0
