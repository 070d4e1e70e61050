"""`gatewatch keys identify`: a secret is never an argument; it comes on stdin or is asked for without being shown."""

import argparse
import sys
from typing import Any

MOST_TEXT = 64 * 1024
CHUNK = 64 * 1024
"""Bytes of a file that are looked at at once: few enough to hold no more keys than one look takes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.vault_options import add_vault

    parser.add_argument(
        "--from-file",
        metavar="FILE",
        help="every virtual key in a file instead: each that is good is flagged, as the policy for prompts says",
    )
    add_vault(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for text without a virtual key, NotFound for one of another gateway's."""
    import getpass

    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.keys.identify import IdentifyKey

    if args.from_file is not None:
        return _found_in(args, args.from_file)
    if sys.stdin.isatty():
        text = getpass.getpass("The secret, or the text that it stands in (not shown): ", stream=sys.stderr)
    else:
        text = sys.stdin.read(MOST_TEXT)
    found = perform(args, "keys.identify", IdentifyKey(text=text))
    version = found["secret_version"]
    if args.output == "table":
        kept = ("id", "name", "kind", "team", "project", "user", "service", "environment", "state", "last_used_at")
        print_object(
            {name: found[name] for name in kept}
            | {"secret": f"version {version['version']}, {version['state']}", "genuine": found["genuine"]},
            args.output,
        )
        sys.stdout.flush()
        if not found["genuine"]:
            sys.stderr.write("It is not that key's secret as a whole: it is cut, mistyped or invented.\n")
        elif found["state"] == "active" and version["state"] != "ended":
            told = f"`gatewatch keys rotate {found['id']} --grace 0s`, or `gatewatch keys revoke {found['id']}`"
            sys.stderr.write(f"It is good for calls. Where it leaked: {told}.\n")
    else:
        print_object(found, args.output)
    return 0


def _found_in(args: argparse.Namespace, file: str) -> int:
    from pathlib import Path

    from app.cli.output import print_rows
    from app.cli.performing import perform
    from gatewatch.actions.keys.found import FoundKeys
    from gatewatch.keys.leaks import CANDIDATES

    secrets = _secrets_of(file)
    rows: list[dict[str, Any]] = []
    for start in range(0, len(secrets), CANDIDATES):
        asked = FoundKeys(secrets=tuple(secrets[start : start + CANDIDATES]), source=Path(file).name)
        rows += perform(args, "keys.found", asked)
    print_rows(rows, args.output, ("kid", "id", "name", "kind", "team", "state", "genuine", "reaction"))
    sys.stdout.flush()
    flagged = [row for row in rows if row["reaction"] is not None]
    revoked = sum(row["reaction"] == "revoke" for row in flagged)
    sys.stderr.write(f"Virtual keys in {file}: {len(rows)}; flagged: {len(flagged)}; revoked by that: {revoked}.\n")
    return 0


def _secrets_of(file: str) -> list[str]:
    """What is a virtual key by its shape and checksum, each once. Raises UsageError for what cannot be read."""
    from gatewatch.errors import UsageError
    from gatewatch.keys.leaks import secrets_in
    from gatewatch.keys.token import LENGTH

    found: dict[str, None] = {}
    try:
        with open(file, "rb") as export:
            rest = b""
            while part := export.read(CHUNK):
                found |= dict.fromkeys(secrets_in(rest + part))
                rest = (rest + part)[1 - LENGTH :]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "name a file of text") from None
    return list(found)
