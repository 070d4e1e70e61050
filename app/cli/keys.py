"""`gatewatch keys`: virtual keys. Works on the home's control store, with or without a running gateway, which takes
a change within a tenth of a second.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from gatewatch.control.records import KeyRecord
    from gatewatch.control.store import ControlStore
    from gatewatch.paths import Home

COLUMNS = ("id", "name", "kind", "team", "project", "environment", "state", "models", "expires_at", "last_used_at")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands create, list, show and revoke."""
    from app.cli.vault_options import add_vault

    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    creating = commands.add_parser("create", help="make a key; its secret is shown once")
    creating.add_argument("name", metavar="NAME", help="what it is for; need not be unique")
    creating.add_argument("--team", metavar="TEAM", required=True, help="whom its calls are charged to")
    creating.add_argument("--create-team", action="store_true", help="make the team where there is none")
    creating.add_argument("--project", metavar="P", help="part of the team's work; made where there is none")
    creating.add_argument("--environment", choices=("live", "test"), default="live", help="(default: live)")
    creating.add_argument("--kind", choices=("client", "admin"), default="client", help="(default: client)")
    creating.add_argument("--models", metavar="A,B", help="the only models it may ask for (default: any)")
    creating.add_argument("--expires", metavar="WHEN", help="30d from now, or an ISO 8601 time (default: never)")
    creating.add_argument("--secret-file", metavar="PATH", help="write the secret to a new file (0600), not to stdout")
    add_vault(creating)

    listing = commands.add_parser("list", help="all keys, without their secrets")
    listing.add_argument("--team", metavar="TEAM", help="of one team only")

    showing = commands.add_parser("show", help="one key")
    revoking = commands.add_parser("revoke", help="end a key for good")
    for each in (showing, revoking):
        each.add_argument("key", metavar="ID", help="its id, the beginning of it, or its name")
    revoking.add_argument("--yes", action="store_true", help="do not ask")

    for each in (creating, listing, showing, revoking):
        add_home(each)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for an unknown team or key, UsageError for what does not fit."""
    return {"create": _create, "list": _list, "show": _show, "revoke": _revoke}[args.action](args)


def _create(args: argparse.Namespace) -> int:
    from app.cli.vault_options import control_store, opened_vault
    from gatewatch.vault.pepper import get_or_create_pepper

    with control_store(args, make=True) as (home, store):
        expires_at = None if args.expires is None else _instant_to_come(args.expires, store.clock())
        if not args.create_team:
            _require_team(args, home, store)
        pepper = get_or_create_pepper(home, store, opened_vault(args, home, store))
        with _new_file(args.secret_file) as path:
            record, secret = store.create_key(
                args.name,
                team=args.team,
                pepper=pepper,
                project=args.project,
                environment=args.environment,
                kind=args.kind,
                models=None if args.models is None else tuple(name.strip() for name in args.models.split(",")),
                expires_at=expires_at,
                create_team=args.create_team,
            )
            if path is not None:
                path.write_text(secret + "\n")
        _print_new(_view(record, store.clock()), secret, path, args.output)
    return 0


def _list(args: argparse.Namespace) -> int:
    from app.cli.output import print_rows
    from app.cli.vault_options import control_store
    from gatewatch.paths import Home

    rows: list[dict[str, Any]] = []
    if args.team is not None or Home.find(args.home).control.exists():
        with control_store(args, make=False) as (_, store):
            if args.team is not None:
                store.team(args.team)
            rows = [_view(record, store.clock()) for record in store.keys(args.team)]
    print_rows(rows, args.output, COLUMNS)
    return 0


def _show(args: argparse.Namespace) -> int:
    from app.cli.output import print_object
    from app.cli.vault_options import control_store

    with control_store(args, make=False) as (_, store):
        print_object(_view(store.key(args.key), store.clock()), args.output)
    return 0


def _revoke(args: argparse.Namespace) -> int:
    from app.cli.output import print_object
    from app.cli.vault_options import confirmed, control_store
    from gatewatch.timespan import iso

    with control_store(args, make=False) as (_, store):
        record = store.key(args.key)
        used = "never used" if record.last_used_at is None else f"last used {iso(record.last_used_at)}"
        question = f"Revoke key {record.name!r} ({record.id}) of team {record.team!r}, {used}? It cannot be undone."
        if record.revoked_at is None and not confirmed(question, args.yes):
            return 1
        print_object(_view(store.revoke_key(record.id), store.clock()), args.output)
    return 0


def _view(record: "KeyRecord", now: int) -> dict[str, Any]:
    """A key as commands show it: times in ISO 8601 UTC, missing is null."""
    from gatewatch.timespan import iso

    def when(at: int | None) -> str | None:
        return None if at is None else iso(at)

    return {
        "id": record.id,
        "name": record.name,
        "kind": record.kind,
        "team": record.team,
        "project": record.project,
        "environment": record.environment,
        "state": record.state(now),
        "models": None if record.models is None else list(record.models),
        "expires_at": when(record.expires_at),
        "last_used_at": when(record.last_used_at),
        "created_at": when(record.created_at),
        "created_by": record.created_by,
        "revoked_at": when(record.revoked_at),
        "revoked_by": record.revoked_by,
    }


def _print_new(view: dict[str, Any], secret: str, path: Path | None, output: str) -> None:
    """The one time that a secret is shown. JSON and CSV keep to the fields that scripts rely on."""
    import sys

    from app.cli.output import print_object

    kept = {name: view[name] for name in ("id", "name", "team")}
    kept |= {"secret": secret} if path is None else {"secret": None, "secret_file": str(path)}
    if output != "table":
        print_object(kept, output)
        return
    shown = ("id", "name", "kind", "team", "project", "environment", "models", "expires_at")
    print_object({name: view[name] for name in shown}, output)
    if path is None:
        sys.stdout.write(f"\n{secret}\n")
        sys.stderr.write("This is the key's secret. Keep it now: it will not be shown again.\n")
    else:
        sys.stderr.write(f"The key's secret is in {path}; it will not be shown again.\n")


def _require_team(args: argparse.Namespace, home: "Home", store: "ControlStore") -> None:
    """Raises NotFound unless the store or the configuration file has the team."""
    from app.cli.vault_options import configuration
    from gatewatch.errors import NotFound

    try:
        store.team(args.team)
    except NotFound:
        config = configuration(args, home)
        if config is None or args.team not in config.teams:
            raise
        store.declare_team(args.team)


def _instant_to_come(text: str, now: int) -> int:
    """`30d` from `now`, or ISO 8601, in µs. Raises UsageError for anything else, and for the past."""
    from gatewatch.errors import UsageError
    from gatewatch.keys.secret_shapes import shown
    from gatewatch.timespan import parse_duration, parse_instant

    try:
        try:
            at = now + parse_duration(text)
        except ValueError:
            at = parse_instant(text, now)
    except ValueError:
        raise UsageError(f"--expires {shown(text)} is not a time", "write 30d, or 2027-01-31T00:00:00Z") from None
    if at <= now:
        raise UsageError(f"--expires {shown(text)} is not a time to come", "write 30d, or 2027-01-31T00:00:00Z")
    return at


@contextmanager
def _new_file(path: str | None) -> Iterator[Path | None]:
    """A new private file, removed again where the key is not made. Raises UsageError where it cannot be made."""
    import os

    from gatewatch.errors import UsageError

    if path is None:
        yield None
        return
    file = Path(path)
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UsageError(f"--secret-file {path}: {error.strerror}", "name a file that does not exist yet") from None
    try:
        yield file
    except BaseException:
        file.unlink()
        raise
