"""`gatewatch doctor`: what is configured, what works, what is missing and how to mend it."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.cli.command import add_home, add_output
from app.cli.vault_options import add_passphrase

if TYPE_CHECKING:
    from app.finding import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_passphrase(parser)
    add_home(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Exits with 1 where anything is broken; what is merely missing for some use is a warning."""
    import sys
    from pathlib import Path

    from app.cli.output import print_rows
    from app.doctor import examine
    from gatewatch.paths import Home

    findings = examine(Home.find(args.home), Path(args.config) if args.config else None, args.passphrase_fd)
    if args.output == "table":
        sys.stdout.writelines(f"{line}\n" for line in _lines(findings))
    else:
        print_rows([finding._asdict() for finding in findings], args.output)
    return 1 if any(finding.state == "broken" for finding in findings) else 0


def _lines(findings: "list[Finding]") -> Iterator[str]:
    """Each finding with its next steps below it, uncut: they are there to be copied."""
    from gatewatch.safe_text import safe

    width = max(len(finding.area) for finding in findings)
    for state, area, what, next_step in findings:
        head = f"{state:<8} {safe(area):<{width}}  "
        yield head + safe(what)
        for line in next_step.splitlines():
            yield f"{'':<{len(head)}}→ {safe(line.strip())}"
