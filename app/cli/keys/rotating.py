"""`gatewatch keys rotate`: one key, or many into files of a new folder."""

import argparse
import sys
import uuid
from pathlib import Path
from typing import Any

SHOWN = ("id", "name", "kind", "team", "version")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.keys.meaning import add_meant
    from app.cli.keys.secret_places import add_places
    from app.cli.vault_options import add_vault

    add_meant(parser)
    parser.add_argument(
        "--grace",
        metavar="SPAN",
        default="10m",
        help="how long the old secret works on (10m; 0s: it ends with its calls)",
    )
    parser.add_argument(
        "--rotation-id",
        metavar="X",
        help="rotate once, however often it is asked for: a lost answer comes again",
    )
    parser.add_argument("--end-grace", action="store_true", help="rotate nothing: end the old secrets now")
    parser.add_argument("--secret-dir", metavar="DIR", help="of many keys: a new folder (0700) with a file for each")
    add_places(parser)
    add_vault(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """1 where one of many could not be rotated: the rows say which. Raises NotFound, NotAllowed, UsageError."""
    from app.cli.keys.meaning import affected, check_meant, is_agreed, is_one, print_dry_run
    from app.cli.keys.wording import span
    from gatewatch.errors import UsageError

    check_meant(args)
    grace_us = span("--grace", args.grace)
    many = not is_one(args)
    if many and not args.end_grace and not args.dry_run and args.secret_dir is None:
        raise UsageError("the secrets of many keys go into files only", "add --secret-dir DIR, a folder to be made")
    if args.secret_dir is not None and (args.secret_file or args.clipboard or args.to_vault or args.end_grace):
        raise UsageError("--secret-dir is where the secrets go", "leave the other places out")
    rows: list[dict[str, Any]] = []
    if many or args.dry_run or args.secret_dir is not None or not args.yes:
        rows = affected(args, "end_grace" if args.end_grace else "rotate")
        if args.dry_run:
            print_dry_run(rows, args.output)
            return 0
        if not rows:
            sys.stderr.write("No key fits.\n")
        elif not is_agreed(rows, _question(rows, args, grace_us), args.yes):
            sys.stderr.write("Nothing was rotated.\n")
            return 1
    named = [row["id"] for row in rows] or args.keys
    if args.end_grace:
        return _end_grace(args, named)
    if args.secret_dir is not None:
        return _rotate_many(args, rows, grace_us)
    return _rotate_one(args, named[0], grace_us)


def _question(rows: list[dict[str, Any]], args: argparse.Namespace, grace_us: int) -> str:
    these = "this key" if len(rows) == 1 else f"these {len(rows)} keys"
    if args.end_grace:
        return f"End the old secrets of {these} now? Calls that came with one are cut."
    if not grace_us:
        return f"Rotate {these}? Old secrets end at once: whoever has one is refused, its calls in flight are cut."
    return f"Rotate {these}? The old secret works for {args.grace} more, the calls in flight go on."


def _rotate_one(args: argparse.Namespace, key: str, grace_us: int) -> int:
    from app.cli.keys.secret_places import print_secret, secret_place
    from app.cli.performing import perform
    from gatewatch.actions.keys.rotate import RotateKey
    from gatewatch.errors import Unreachable

    with secret_place(args) as place:
        asked = RotateKey(key=key, grace_us=grace_us, rotation_id=args.rotation_id, **place.delivery())
        try:
            rotated = perform(args, "keys.rotate", asked)
        except Unreachable as error:
            raise Unreachable(error.title, _after_a_lost_answer(args)) from None
        print_secret(rotated, place, args.output, SHOWN)
    _tell_of_old(args, rotated)
    return 0


def _after_a_lost_answer(args: argparse.Namespace) -> str:
    if args.rotation_id is not None:
        return "Ask again with the same --rotation-id: it is not rotated twice, and the same secret comes back."
    return "`gatewatch keys show` says whether it was rotated; with --rotation-id the answer could be asked for again."


def _tell_of_old(args: argparse.Namespace, rotated: dict[str, Any]) -> None:
    """When the old secret ends, and where it is seen who still has it."""
    from app.cli.keys.telling import callers, short
    from app.cli.performing import perform
    from gatewatch.actions.keys.show import ShowKey

    if rotated["repeated"]:
        sys.stderr.write(f"This rotation was made before (secret {rotated['version']}); nothing was rotated now.\n")
        if rotated["secret"] is None and args.to_vault is None:
            sys.stderr.write("Its secret was used or is an hour old, so it is kept nowhere any more.\n")
    for old in rotated["old"]:
        sys.stderr.write(f"Secret {old['version']} works until {short(old['valid_until'])}.\n")
    if not rotated["old"]:
        return
    if args.output == "table":
        key = perform(args, "keys.show", ShowKey(key=rotated["id"]))
        old_callers = [row for row in (key["day"] or {}).get("callers", []) if row["key_version"] != rotated["version"]]
        if old_callers:
            sys.stderr.write("Who used the key in the last 24 h, and needs the new secret:\n")
            sys.stderr.writelines(f"{line}\n" for line in callers(old_callers, len(old_callers)))
    sys.stderr.write(f"`gatewatch keys show {rotated['id']}` tells who still uses the old one.\n")


def _end_grace(args: argparse.Namespace, named: list[str]) -> int:
    from app.cli.output import print_rows
    from app.cli.performing import perform
    from gatewatch.actions.keys.rotate import EndGrace

    done = [perform(args, "keys.end_grace", EndGrace(key=key)) for key in named]
    print_rows(done, args.output, ("id", "name", "team", "ended"))
    if not any(row["ended"] for row in done):
        sys.stderr.write("There was no old secret left to end.\n")
    return 0


def _rotate_many(args: argparse.Namespace, rows: list[dict[str, Any]], grace_us: int) -> int:
    """Each key with its file or not at all. Each with a rotation id, so that a lost answer can be asked for again."""
    from app.cli.keys.secret_places import new_folder
    from app.cli.output import print_rows

    folder = new_folder(Path(args.secret_dir), "--secret-dir")
    rotation_id = args.rotation_id or f"bulk-{uuid.uuid4().hex[:12]}"
    done = [_tried(args, row, grace_us, rotation_id, folder) for row in rows]
    print_rows(done, args.output, ("id", "name", "team", "result", "secret_file"))
    failed = sum(row["result"] != "rotated" for row in done)
    sys.stderr.write(f"{len(done) - failed} of {len(done)} keys are rotated; the rotation id is {rotation_id}.\n")
    return 1 if failed else 0


def _tried(
    args: argparse.Namespace, row: dict[str, Any], grace_us: int, rotation_id: str, folder: Path
) -> dict[str, Any]:
    from app.cli.keys.asking_again import perform_again
    from app.cli.keys.secret_places import new_file
    from gatewatch.actions.keys.rotate import RotateKey
    from gatewatch.errors import GatewatchError, Unreachable

    named = {name: row[name] for name in ("id", "name", "team")}
    path = folder / row["id"]
    try:
        new_file(path, "--secret-dir")
        asked = RotateKey(key=row["id"], grace_us=grace_us, rotation_id=rotation_id)
        secret = perform_again(args, "keys.rotate", asked)["secret"]
        if secret is None:
            path.unlink()
            return named | {"result": "rotated before, and its secret is kept nowhere any more", "secret_file": None}
        path.write_text(secret + "\n")
    except Unreachable as error:
        path.unlink(missing_ok=True)
        told = f"unknown whether it was rotated ({error.title}): ask again with --rotation-id {rotation_id}"
        return named | {"result": told, "secret_file": None}
    except GatewatchError as error:
        path.unlink(missing_ok=True)
        return named | {"result": f"not rotated: {error.title}", "secret_file": None}
    except OSError as error:
        told = f"rotated, but its secret was not written ({error.strerror}): ask again with --rotation-id {rotation_id}"
        return named | {"result": told, "secret_file": None}
    return named | {"result": "rotated", "secret_file": str(path)}
