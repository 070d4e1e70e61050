"""`gatewatch ledger`: checks the ledger, makes it anew from the journal, copies it for analysis."""

import argparse
import sys
from typing import TYPE_CHECKING

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from gatewatch.ledger.answer import Checked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands check, rebuild and snapshot."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    check = commands.add_parser("check", help="compare the ledger with itself and with the journal")
    rebuild = commands.add_parser("rebuild", help="make the ledger anew from the journal (no gateway may run)")
    rebuild.add_argument(
        "--accept-loss", action="store_true", help="give up calls whose journal segments are gone or unreadable"
    )
    snapshot = commands.add_parser("snapshot", help="copy the ledger into a DuckDB file that you may explore")
    snapshot.add_argument("path", metavar="PATH", help="the file to make")
    for each in (check, rebuild, snapshot):
        add_home(each)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """0 where all is well, 1 where the ledger does not agree with its journal."""
    return {"check": _check, "rebuild": _rebuild, "snapshot": _snapshot}[args.action](args)


def _check(args: argparse.Namespace) -> int:
    from app.cli.progress import catching_up
    from gatewatch.ledger.reader import open_reader
    from gatewatch.paths import Home

    reader = open_reader(Home.find(args.home), catching_up())
    try:
        checked = reader.check()
    finally:
        reader.close()
    return _print(checked, args.output)


def _rebuild(args: argparse.Namespace) -> int:
    from app.cli.progress import catching_up
    from gatewatch.ledger.ownership import nowhere, owning
    from gatewatch.ledger.rebuild import rebuild
    from gatewatch.paths import Home

    home = Home.find(args.home)
    if not home.root.exists():
        raise nowhere(home)
    with owning(home):
        checked = rebuild(
            home,
            accept_loss=args.accept_loss,
            progress=catching_up("rebuilding"),
            say=_say,
        )
    return _print(checked, args.output)


def _say(text: str) -> None:
    sys.stderr.write(f"gatewatch: {text}\n")


def _snapshot(args: argparse.Namespace) -> int:
    from pathlib import Path

    from app.cli.output import print_object
    from app.cli.progress import catching_up
    from gatewatch.ledger.reader import open_reader
    from gatewatch.paths import Home

    path = Path(args.path).absolute()
    reader = open_reader(Home.find(args.home), catching_up())
    try:
        reader.snapshot(path)
    finally:
        reader.close()
    print_object({"path": str(path), "bytes": path.stat().st_size}, args.output)
    return 0


def _print(checked: "Checked", output: str) -> int:
    import msgspec

    from app.cli.output import print_object
    from gatewatch.safe_text import safe

    found = msgspec.structs.asdict(checked)
    if output != "json":
        sys.stderr.writelines(f"gatewatch: {safe(problem)}\n" for problem in checked.problems)
        found["problems"] = len(checked.problems)
    print_object(found, output)
    return 0 if checked.ok else 1
