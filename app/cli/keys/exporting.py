"""`gatewatch keys export`."""

import argparse
import json
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--team", metavar="TEAM", help="of one team only")
    parser.add_argument("-o", "--output", choices=("jsonl",), default="jsonl", help="one key per line")


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for an unknown team."""
    from app.cli.performing import perform
    from gatewatch.actions.keys.carry import ExportKeys

    for key in perform(args, "keys.export", ExportKeys(team=args.team)):
        sys.stdout.write(json.dumps(key) + "\n")
    return 0
