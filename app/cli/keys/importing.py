"""`gatewatch keys import`: what `keys export` wrote, line by line; a line that does not fit is told and keeps no other
from being imported.
"""

import argparse
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewatch.actions.keys.carry import CarriedKey

LONGEST_LINE = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.vault_options import add_vault

    parser.add_argument("file", metavar="FILE", help="JSON lines; - for stdin")
    parser.add_argument("--create-teams", action="store_true", help="make the teams that there are none of")
    parser.add_argument(
        "--secret-dir",
        metavar="DIR",
        help="give each key a new secret, in a file of this new folder (else they have none until they are rotated)",
    )
    add_vault(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """1 where a line was refused: the rows say which and why. Raises UsageError for a file that cannot be read."""
    from app.cli.keys.secret_places import new_folder
    from app.cli.output import print_rows

    lines = _lines(args.file)
    folder = None if args.secret_dir is None else new_folder(Path(args.secret_dir), "--secret-dir")
    seen: set[str] = set()
    rows = [_tried(args, number, line, seen, folder) for number, line in lines]
    print_rows(rows, args.output, ("line", "id", "name", "result", "secret_file"))
    failed = sum(row["result"] != "imported" for row in rows)
    sys.stderr.write(f"{len(rows) - failed} of {len(rows)} keys were imported.\n")
    return 1 if failed else 0


def _lines(file: str) -> list[tuple[int, str]]:
    """The lines that hold something, with their numbers."""
    from gatewatch.errors import UsageError

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{file} cannot be read: {reason}", "give what `gatewatch keys export` wrote") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _tried(args: argparse.Namespace, number: int, line: str, seen: set[str], folder: Path | None) -> dict[str, Any]:
    """One line: what became of it."""
    from app.cli.keys.asking_again import perform_again
    from app.cli.keys.secret_places import new_file
    from gatewatch.actions.keys.carry import ImportKey
    from gatewatch.errors import GatewatchError, Unreachable
    from gatewatch.keys.secret_shapes import looks_like_secret

    row: dict[str, Any] = {"line": number, "id": None, "name": None, "result": "imported", "secret_file": None}
    path = None
    try:
        key = _key_of(line)
        row |= {"id": key.id, "name": None if looks_like_secret(key.name) else key.name}
        _check_once(key.id, seen)
        path = None if folder is None else new_file(folder / key.id, "--secret-dir")
        perform_again(args, "keys.import", ImportKey(key=key, create_team=args.create_teams), make=True)
    except GatewatchError as error:
        if path is not None:
            path.unlink()
        if isinstance(error, Unreachable):
            return row | {"result": f"unknown whether it was imported ({error.title}): import it again"}
        return row | {"result": f"refused: {error.title}"}
    return row if path is None else row | _given_secret(args, key.id, path)


def _given_secret(args: argparse.Namespace, key_id: str, path: Path) -> dict[str, Any]:
    """What there is to tell of an imported key's first secret."""
    from app.cli.keys.asking_again import perform_again
    from gatewatch.actions.keys.rotate import RotateKey
    from gatewatch.errors import GatewatchError, Unreachable

    rotation_id = f"import-{uuid.uuid4().hex[:12]}"
    again = f"`gatewatch keys rotate {key_id} --rotation-id {rotation_id}`"
    try:
        asked = RotateKey(key=key_id, grace_us=0, rotation_id=rotation_id)
        secret = perform_again(args, "keys.rotate", asked)["secret"]
    except GatewatchError as error:
        path.unlink()
        if isinstance(error, Unreachable):
            return {"result": f"imported, but unknown whether it has a secret ({error.title}): {again}"}
        return {"result": f"imported, but given no secret: {error.title}"}
    try:
        path.write_text(secret + "\n")
    except OSError as error:
        return {"result": f"imported, but its secret was not written ({error.strerror}): {again}"}
    return {"secret_file": str(path)}


def _key_of(line: str) -> "CarriedKey":
    """Raises UsageError for what is no key: unknown fields too."""
    import json

    import msgspec

    from gatewatch.actions.keys.carry import CarriedKey
    from gatewatch.errors import UsageError
    from gatewatch.keys.secret_shapes import without_secrets
    from gatewatch.keys.token import KID_LENGTH

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(names) != len(set(names)):
            raise ValueError("a field stands twice")
        return dict(pairs)

    if len(line) > LONGEST_LINE:
        raise UsageError("the line is too long for a key")
    try:
        key = msgspec.convert(json.loads(line, object_pairs_hook=once), CarriedKey)
    except msgspec.ValidationError as error:
        raise UsageError(without_secrets(str(error))) from None
    except (ValueError, RecursionError) as error:
        told = "a field stands twice" if str(error) == "a field stands twice" else "it is not JSON"
        raise UsageError(told) from None
    if len(key.id) != KID_LENGTH or not (key.id.isascii() and key.id.isalnum()):  # it names a file, too
        raise UsageError(f"what is given as the key's id is none: it has {KID_LENGTH} letters or digits")
    return key


def _check_once(key_id: str, seen: set[str]) -> None:
    """Raises UsageError where an earlier line had it."""
    from gatewatch.errors import UsageError

    if key_id in seen:
        raise UsageError(f"key {key_id} stands in an earlier line already")
    seen.add(key_id)
