"""`gatewatch providers`: which providers are configured, where their keys are, and the vault that keeps keys.

A provider's key comes from a prompt, from stdin or from a file: never from an argument, which other users of the
machine can read and the shell keeps. It is stored and never shown.
"""

import argparse

from app.cli.command import add_home, add_output
from gatewatch.providers.dialects import DIALECTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, show, test, set-key, rotate-key, rotations, quarantined, lift and vault."""
    from app.cli.provider_quarantine import add_arguments as add_quarantine
    from app.cli.provider_rotation import add_arguments as add_rotation
    from app.cli.provider_vault import add_arguments as add_vault_arguments
    from app.cli.vault_options import add_vault

    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="the configured providers and whether their keys are there")
    setting = commands.add_parser("set-key", help="keep a provider's key in the vault, from a prompt, stdin or a file")
    setting.add_argument("name", metavar="NAME", help="the configuration refers to it as vault:NAME")
    setting.add_argument("--from-file", metavar="PATH", help="read the key from this file")
    moving = commands.add_parser("vault", help="which vault this home has and why; or take another")
    add_vault_arguments(moving)
    showing = commands.add_parser("show", help="what is known of a provider, with where it stands")
    showing.add_argument("name", metavar="NAME", help="one that is configured, or a preset")
    trying = commands.add_parser("test", help="make one cheap call straight to a provider, and say what it found")
    trying.add_argument("name", metavar="NAME", help="one that is configured")
    trying.add_argument("--model", metavar="MODEL", help="ask for this model (default: a cheap one)")
    trying.add_argument("--dialect", choices=DIALECTS, help="in this wire format (default: the best that works)")
    trying.add_argument("--key", metavar="KEY", help="with this one of its keys (default: the first)")
    add_rotation(commands)
    add_quarantine(commands)
    for each in (listing, setting, moving, showing, trying):
        add_vault(each)
        add_home(each, attach=each is setting)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises GatewatchError where the configuration, the vault or the key cannot be read or written."""
    from app.cli.provider_list import list_providers
    from app.cli.provider_quarantine import lift, quarantined
    from app.cli.provider_rotation import rotate_key, rotations
    from app.cli.provider_show import show_provider
    from app.cli.provider_vault import run as vault
    from app.cli.trial import try_provider

    actions = {"list": list_providers, "set-key": _set_key, "vault": vault, "show": show_provider, "test": try_provider}
    actions |= {"rotate-key": rotate_key, "rotations": rotations, "quarantined": quarantined, "lift": lift}
    return actions[args.action](args)


def _set_key(args: argparse.Namespace) -> int:
    import sys

    from app.cli.given_key import given_key
    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.provider_keys import SetProviderKey
    from gatewatch.vault.references import checked_vault_name

    checked_vault_name(args.name)
    secret = given_key(f"Key of {args.name}", args.from_file)
    note = perform(args, "providers.set_key", SetProviderKey(name=args.name, secret=secret), make=True)
    print_object({name: note[name] for name in ("name", "version", "vault")}, args.output)
    sys.stderr.write(f"The configuration refers to it as `api_key: vault:{note['name']}`.\n")
    if note["taken"]:
        sys.stderr.write("The gateway that runs takes it at once.\n")
    return 0
