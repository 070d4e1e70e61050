"""`gatewatch doctor`: what is configured, what works, what is missing and how to mend it."""

import argparse

from app.cli.command import add_home, add_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Exits with 1 where anything is broken; what is merely missing for some use is a warning."""
    from pathlib import Path

    from app.cli.output import print_rows
    from app.doctor import examine
    from gatewatch.paths import Home

    findings = examine(Home.find(args.home), Path(args.config) if args.config else None)
    print_rows([finding._asdict() for finding in findings], args.output)
    return 1 if any(finding.state == "broken" for finding in findings) else 0
