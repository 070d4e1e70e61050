"""`gatewatch keys revoke`."""

import argparse
import sys
from typing import Any

PATIENCE_SECONDS = 5.0
"""How long a gateway has to do it. Revocation needs the control store alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.keys.meaning import add_meant

    add_meant(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """1 where one could not be revoked: the rows say which. Raises NotFound, UsageError."""
    from app.cli.keys.meaning import affected, is_agreed, is_one, print_dry_run
    from app.cli.output import print_object, print_rows

    if args.yes and is_one(args) and not args.dry_run:
        print_object(_revoked(args, args.keys[0]), args.output)
        return 0
    rows = affected(args, "revoke")
    if args.dry_run:
        print_dry_run(rows, args.output)
        return 0
    standing = [row for row in rows if row["revoked_at"] is None]
    if standing and not is_agreed(standing, _question(standing), args.yes):
        sys.stderr.write("Nothing was revoked.\n")
        return 1
    if is_one(args):
        print_object(_revoked(args, rows[0]["id"]), args.output)
        return 0
    done = [_tried(args, row) for row in rows]
    print_rows(done, args.output, ("id", "name", "team", "result", "revoked_at"))
    failed = sum(row["revoked_at"] is None for row in done)
    sys.stderr.write(f"{len(done) - failed} of {len(done)} keys are revoked.\n")
    return 1 if failed else 0


def _question(rows: list[dict[str, Any]]) -> str:
    if len(rows) == 1:
        return "Revoke this key? Its calls are refused within a second; it cannot be undone."
    return f"Revoke these {len(rows)} keys? Their calls are refused within a second; it cannot be undone."


def _revoked(args: argparse.Namespace, key: str) -> dict[str, Any]:
    from app.cli.performing import perform
    from gatewatch.actions.keys.revoke import RevokeKey

    answer: dict[str, Any] = perform(args, "keys.revoke", RevokeKey(key=key), patience=PATIENCE_SECONDS)
    return answer


def _tried(args: argparse.Namespace, row: dict[str, Any]) -> dict[str, Any]:
    """One of many: what happened to it. A failure of one does not keep the rest from being revoked."""
    from app.cli.keys.asking_again import perform_again
    from gatewatch.actions.keys.revoke import RevokeKey
    from gatewatch.errors import GatewatchError, Unreachable

    named = {name: row[name] for name in ("id", "name", "team")}
    try:
        revoked: dict[str, Any] = perform_again(args, "keys.revoke", RevokeKey(key=row["id"]))
        return revoked | {"result": "revoked"}
    except Unreachable as error:
        return named | {"result": f"unknown whether it was revoked ({error.title}): ask again", "revoked_at": None}
    except GatewatchError as error:
        return named | {"result": f"not revoked: {error.title}", "revoked_at": None}
