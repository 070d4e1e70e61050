"""Reads the command line and calls one command. Only the chosen command's module is imported."""

import argparse
import importlib
import os
import sys
from typing import cast

from app.cli.attach_options import check_home
from app.cli.command import Command
from app.cli.discreet_parser import DiscreetParser
from gatewatch import __version__
from gatewatch.errors import GatewatchError
from gatewatch.vault.environment_vault import take_secrets

COMMANDS: dict[str, tuple[str, str]] = {
    "console": ("app.cli.console", "open the console on a running gateway, or start one"),
    "demo": ("app.cli.demo", "try it offline: sandbox provider, generated traffic, throw-away home"),
    "serve": ("app.cli.serve", "run the gateway without a console"),
    "sandbox": ("app.cli.sandbox", "run the sandbox provider"),
    "show": ("app.cli.show", "print a view of the ledger"),
    "explain": ("app.cli.explain", "everything that was decided about one call, and why"),
    "keys": ("app.cli.keys", "create, list, show, rotate, revoke, edit and carry over virtual keys"),
    "teams": ("app.cli.teams", "create, list and show teams"),
    "providers": ("app.cli.providers", "list, show and test providers, and set their keys"),
    "routes": ("app.cli.routes", "where calls go; versions, rollback, canary, drain"),
    "budgets": ("app.cli.budgets", "how much may be spent, how far it has come; set, grant, remove"),
    "limits": ("app.cli.limits", "how fast calls may come; list, set, remove"),
    "alerts": ("app.cli.alerts", "what fires, what is watched; acknowledge, silence, resume"),
    "cache": ("app.cli.cache", "what replies are kept; give them no more"),
    "deferred": ("app.cli.deferred", "calls that wait for a cheaper hour; list, show, cancel"),
    "roles": ("app.cli.roles", "who among the login users of the gateway's machine may do what"),
    "audit": ("app.cli.audit", "who did what, the proof of it, and the trail for other programs"),
    "bodies": ("app.cli.bodies", "what a call said and was told, where that is kept"),
    "prices": ("app.cli.prices", "list, show and set prices"),
    "config": ("app.cli.config", "check, show and describe the configuration"),
    "ledger": ("app.cli.ledger", "check, rebuild and snapshot the ledger"),
    "doctor": ("app.cli.doctor", "what is configured, what works, what is missing and how to mend it"),
}
"""Command → module and help line. Hidden commands start with an underscore and are left out of the help."""

HIDDEN: dict[str, str] = {"_worker": "app.cli.worker", "_traffic": "app.cli.traffic"}

DEFAULT = "console"


def main(argv: list[str]) -> int:
    """Run one command; returns its exit code. Errors an operator can mend go to stderr, without a traceback."""
    take_secrets()
    if not _has_streams():
        return 1
    name = argv[0] if argv and (argv[0] in COMMANDS or argv[0] in HIDDEN) else None
    if name is None and argv and argv[0] in ("-h", "--help"):
        overview_parser().print_help()
        return 0
    if name is None and argv and argv[0] == "--version":
        sys.stdout.write(f"gatewatch {__version__}\n")
        return 0
    if name is None and argv and not argv[0].startswith(("-", ":")):
        overview_parser().parse_args(argv)  # exits with code 2 and names the commands
    rest = argv if name is None else argv[1:]
    name = name or DEFAULT
    module = HIDDEN.get(name) or COMMANDS[name][0]
    command = cast(Command, importlib.import_module(module))
    parser = DiscreetParser(prog="gatewatch" if rest is argv else f"gatewatch {name}")
    command.add_arguments(parser)
    args = parser.parse_args(rest)
    try:
        check_home(args, parser.prog)
        return command.run(args)
    except GatewatchError as error:
        sys.stderr.write(f"gatewatch: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            sys.stderr.write("\n")  # it may have come at a prompt, whose line is still open
        return 130


def _has_streams() -> bool:
    """Whether there is a stdout. A stdin or stderr that was closed is the null device from now on."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.stderr.write("gatewatch: stdout is closed, so that nothing can be told\n  send it to /dev/null instead\n")
    return sys.stdout is not None


def overview_parser() -> argparse.ArgumentParser:
    """The parser of `gatewatch --help`: names and help lines only, no command is imported."""
    parser = DiscreetParser(
        prog="gatewatch",
        description="An LLM gateway that is operated from a terminal. Without a command: the console.",
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (_, help_line) in COMMANDS.items():
        commands.add_parser(name, help=help_line, add_help=False)
    return parser
