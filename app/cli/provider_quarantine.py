"""`gatewatch providers quarantined` and `lift`: keys that are refused or used up, and using one of them again."""

import argparse
from typing import Any

from app.cli.command import add_home, add_output

COLUMNS = ("provider", "key_id", "model", "kind", "reason", "since", "until", "failures")


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """`quarantined` and `lift`, beside the other commands of providers."""
    from app.cli.vault_options import add_vault

    listing = commands.add_parser("quarantined", help="keys that are not used for now, and why")
    listing.add_argument("name", metavar="NAME", nargs="?", help="of one provider")
    lifting = commands.add_parser("lift", help="use a key again that is in quarantine")
    lifting.add_argument("name", metavar="NAME", help="the provider")
    lifting.add_argument("key", metavar="KEY", nargs="?", help="which of its keys (default: each)")
    for each in (listing, lifting):
        add_vault(each)
        add_home(each, attach=True)
        add_output(each)


def quarantined(args: argparse.Namespace) -> int:
    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.provider_quarantine import ListQuarantine

    asked = ListQuarantine(name=args.name)
    print_rows(perform(args, "providers.quarantine.list", asked) if is_there(args) else [], args.output, COLUMNS)
    return 0


def lift(args: argparse.Namespace) -> int:
    """Raises NotFound where no such key is in quarantine."""
    from app.cli.output import print_rows
    from app.cli.performing import perform
    from gatewatch.actions.provider_quarantine import LiftQuarantine

    lifted = perform(args, "providers.quarantine.lift", LiftQuarantine(name=args.name, key=args.key))
    print_rows(lifted, args.output, COLUMNS)
    return 0
