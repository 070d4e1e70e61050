"""`gatewatch keys`: virtual keys, with or without a running gateway; one that runs takes a change within 0.1 s."""

import argparse
import importlib

COMMANDS = {
    "create": ("creating", "make a key; its secret is shown once"),
    "list": ("listing", "keys, without their secrets; marks those that expire, are unused or have old secrets"),
    "show": ("showing", "everything about one key: who uses it, what it has used, what would break without it"),
    "rotate": ("rotating", "give keys new secrets; the old ones work on for a grace"),
    "revoke": ("revoking", "end keys for good, with the calls that they are making"),
    "edit": ("editing", "change a key's limits, end, name or owner"),
    "export": ("exporting", "what is known of the keys as JSON lines, never a secret"),
    "import": ("importing", "make keys of such lines, under the ids that they had"),
    "identify": ("identifying", "say whose a secret is that turned up somewhere; reads it from stdin"),
}
"""Sub-command → its module beside this one, and its help line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Every sub-command's own."""
    from app.cli.command import add_home

    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    for name, (module, help_line) in COMMANDS.items():
        command = commands.add_parser(name, help=help_line, description=help_line[0].upper() + help_line[1:] + ".")
        importlib.import_module(f"app.cli.keys.{module}").add_arguments(command)
        add_home(command, attach=True)


def run(args: argparse.Namespace) -> int:
    """Raises what the action raises: NotFound, NotAllowed, UsageError, Unreachable."""
    module = importlib.import_module(f"app.cli.keys.{COMMANDS[args.action][0]}")
    return int(module.run(args))
