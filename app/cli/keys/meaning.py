"""Which keys a command means: ids and names, or what describes them; and the question before it is done."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewatch.actions.keys.affected import Deed


PATIENCE_SECONDS = 10.0
"""How long a gateway has to tell who is affected before keys are revoked all the same."""

DESCRIPTIONS = ("team", "owner", "service", "kind", "older_than", "unused_for")


def add_meant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("keys", metavar="ID", nargs="*", help="ids, beginnings of ids, or names")
    many = parser.add_argument_group("instead of ids: all keys that can be used and fit everything given here")
    many.add_argument("--team", metavar="TEAM")
    many.add_argument("--owner", metavar="NAME", help="a user, a service or a project")
    many.add_argument("--service", metavar="NAME")
    many.add_argument("--kind", choices=("client", "admin"))
    many.add_argument("--older-than", metavar="SPAN", help="whose secret is older, as in 90d")
    many.add_argument("--unused-for", metavar="SPAN", help="not used for so long, as in 30d")
    parser.add_argument("--dry-run", action="store_true", help="only tell which keys are meant and who is affected")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def is_one(args: argparse.Namespace) -> bool:
    """Whether one key is named, and nothing beside it that would have to fit."""
    return len(args.keys) == 1 and not any(getattr(args, name) for name in DESCRIPTIONS)


def check_meant(args: argparse.Namespace) -> None:
    """Raises UsageError where no key is meant at all."""
    from gatewatch.errors import UsageError

    if not args.keys and not any(getattr(args, name) for name in DESCRIPTIONS):
        raise UsageError("which keys are meant?", "name them, or describe them with --team, --owner, --older-than, …")


def affected(args: argparse.Namespace, deed: "Deed") -> list[dict[str, Any]]:
    """The keys that are meant, with who is affected. Raises NotFound, UsageError."""
    from app.cli.keys.wording import span
    from app.cli.performing import perform
    from gatewatch.actions.keys.affected import Affected

    asked = Affected(
        keys=tuple(args.keys),
        team=args.team,
        owner=args.owner,
        service=args.service,
        kind=args.kind,
        older_than_us=None if args.older_than is None else span("--older-than", args.older_than),
        unused_for_us=None if args.unused_for is None else span("--unused-for", args.unused_for),
        deed=deed,
    )
    patience = PATIENCE_SECONDS if deed == "revoke" else None
    found: list[dict[str, Any]] = perform(args, "keys.affected", asked, patience=patience)
    return found


def print_dry_run(rows: list[dict[str, Any]], output: str) -> None:
    """The keys on stdout; for people, what would happen to each on stderr."""
    from app.cli.keys.telling import about
    from app.cli.output import print_rows

    columns = ("id", "name", "kind", "team", "owner", "last_used_at", "in_flight", "calls_24h")
    if output != "json":
        rows = [
            row
            | {
                "owner": row["user"] or row["service"] or row["project"],
                "calls_24h": None if row["day"] is None else row["day"]["calls"],
            }
            for row in rows
        ]
    print_rows(rows, output, columns)
    if output == "table":
        sys.stdout.flush()
        sys.stderr.writelines(f"{line}\n" for row in rows for line in about(row))


def is_agreed(rows: list[dict[str, Any]], question: str, yes: bool) -> bool:
    """Whether to go on. Tells about each key first; the default is no. Raises UsageError where nobody can be asked."""
    from app.cli.keys.telling import about
    from app.cli.vault_options import confirmed

    if yes:
        return True
    if sys.stdin.isatty():
        sys.stderr.writelines(f"{line}\n" for row in rows for line in about(row))
    return confirmed(question, yes)
