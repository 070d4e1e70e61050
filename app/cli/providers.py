"""`gatewatch providers`: which providers are configured, where their keys are, and the vault that keeps keys.

A provider's key comes from a prompt, from stdin or from a file: never from an argument, which other users of the
machine can read and the shell keeps. It is stored and never shown.
"""

import argparse
from typing import TYPE_CHECKING

from app.cli.command import add_home, add_output
from gatewatch.providers.dialects import DIALECTS

if TYPE_CHECKING:
    from gatewatch.paths import Home
    from gatewatch.vault.interface import Vault

COLUMNS = ("name", "preset", "dialects", "base_url", "region", "privacy", "api_key", "key")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, show, test, set-key, rotate-key, rotations and vault."""
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
    add_rotation(commands)
    for each in (listing, setting, moving, showing, trying):
        add_vault(each)
        add_home(each)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises GatewatchError where the configuration, the vault or the key cannot be read or written."""
    from app.cli.provider_rotation import rotate_key, rotations
    from app.cli.provider_show import show_provider
    from app.cli.provider_vault import run as vault
    from app.cli.trial import try_provider

    actions = {"list": _list, "set-key": _set_key, "vault": vault, "show": show_provider, "test": try_provider}
    actions |= {"rotate-key": rotate_key, "rotations": rotations}
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> int:
    """Reads every provider's key to say whether it is there; chooses no vault where none was chosen yet."""
    import os
    import sys
    from pathlib import Path

    from app.cli.output import print_rows
    from gatewatch.config import load
    from gatewatch.config.target_privacy import known_privacy, stated
    from gatewatch.paths import Home
    from gatewatch.providers.privacy import summary

    home = Home.find(args.home)
    path = Path(args.config) if args.config else home.config if home.config.exists() else None
    providers = load(path, os.environ).config.providers
    references = {name: provider.api_key or "none" for name, provider in providers.items()}
    states, set_at = _states(args, home, set(references.values()))
    rows = [
        {
            "name": name,
            "preset": provider.preset,
            "dialects": [way.dialect for way in provider.ways],
            "base_url": provider.ways[0].base_url,
            "region": provider.region,
            "privacy": summary(known_privacy(provider), stated(provider)),
            "api_key": references[name],
            "key": states[references[name]],
            "set_at": set_at.get(references[name]),
        }
        for name, provider in providers.items()
    ]
    print_rows(rows, args.output, COLUMNS)
    if unused := sorted(set_at.keys() - set(references.values())):
        sys.stderr.write(f"in the vault, and no provider uses it: {', '.join(unused)}\n")
    return 0


def _states(args: argparse.Namespace, home: "Home", references: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Reference → `set`, `none` or what is wrong with it; and reference → when the key in the vault was set."""
    from app.cli.vault_options import control_store, opened_vault
    from gatewatch.errors import GatewatchError
    from gatewatch.timespan import iso
    from gatewatch.vault.opening import kind_of
    from gatewatch.vault.references import resolve

    vault: Vault | None = None
    set_at: dict[str, str] = {}
    states: dict[str, str] = {}
    if home.control.exists():
        with control_store(args, make=False) as (_, store):
            set_at = {f"vault:{note.name}": iso(note.set_at) for note in store.provider_keys()}
            in_vault = {reference for reference in references if reference.startswith("vault:")}
            if in_vault and kind_of(store):
                try:
                    vault = opened_vault(args, home, store)
                except GatewatchError as error:
                    states = dict.fromkeys(in_vault, error.title)
    for reference in references - states.keys():
        try:
            states[reference] = "none" if resolve(reference, vault) is None else "set"
        except GatewatchError as error:
            states[reference] = error.title
    return states, set_at


def _set_key(args: argparse.Namespace) -> int:
    import sys

    from app.cli.given_key import given_key
    from app.cli.output import print_object
    from app.cli.vault_options import control_store, opened_vault
    from gatewatch.control.exclusive import is_held
    from gatewatch.vault.references import checked_vault_name

    checked_vault_name(args.name)
    with control_store(args, make=True) as (home, store):
        secret = given_key(f"Key of {args.name}", args.from_file)
        vault = opened_vault(args, home, store)
        vault.set(args.name, secret)
        note = store.note_provider_key(args.name)
        print_object({"name": note.name, "version": note.version, "vault": vault.describe().backend}, args.output)
        sys.stderr.write(f"The configuration refers to it as `api_key: vault:{note.name}`.\n")
        if is_held(home.lock):
            sys.stderr.write("The gateway that runs takes it at its next start.\n")
    return 0
