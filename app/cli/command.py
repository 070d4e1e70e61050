"""What every command module offers, and the options that all of them share."""

import argparse
from typing import Protocol


class Command(Protocol):
    """A module in `app.cli`. It keeps its own imports inside `run`, so that `--help` stays quick."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare arguments, or sub-commands."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; returns the exit code. Raises GatewatchError for what an operator can mend."""


def add_home(parser: argparse.ArgumentParser, *, attach: bool = False) -> None:
    """`--home` and `--config`, which every command that touches a gateway takes; `attach`: it may be elsewhere."""
    parser.add_argument("--home", metavar="DIR", help="folder of this gateway (default: $GATEWATCH_HOME)")
    parser.add_argument("--config", metavar="FILE", help="configuration file (default: gatewatch.yaml in the home)")
    if attach:
        from app.cli.attach_options import add_attach

        add_attach(parser)


def add_output(parser: argparse.ArgumentParser, *formats: str) -> None:
    """`-o`; stdout carries data only."""
    choices = formats or ("table", "json", "csv")
    parser.add_argument("-o", "--output", choices=choices, default=choices[0], help="output format")
