"""`gatewatch providers rotate-key` and `rotations`: a provider's key is rotated while calls go on, and watched.

In a running gateway the rotation goes on when this command ends: what is typed here begins, watches or cancels it.
"""

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    import msgspec

COLUMNS = ("id", "provider", "key_id", "state", "step", "version_old", "version_new", "started_at", "started_by")
WATCH_SECONDS = 0.2


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """`rotate-key` and `rotations`, beside the other commands of providers."""
    from app.cli.vault_options import add_vault

    rotating = commands.add_parser(
        "rotate-key", help="take a new key and end the old one, without a failed call", description=__doc__
    )
    rotating.add_argument("name", metavar="NAME", help="the provider")
    rotating.add_argument("--key", metavar="KEY", help="which of its keys (default: the only one)")
    how = rotating.add_mutually_exclusive_group()
    how.add_argument("--mint", action="store_true", help="have the provider's admin API make the new key")
    how.add_argument("--from-file", metavar="PATH", help="read the new key from this file")
    how.add_argument("--resume", action="store_true", help="go on with the rotation that is not over, or watch it")
    how.add_argument("--cancel", action="store_true", help="roll back the rotation that has not switched yet")
    how.add_argument(
        "--abandon", action="store_true", help="give up the rotation that can neither end nor be cancelled"
    )
    rotating.add_argument(
        "--drain",
        "--grace",
        metavar="TIME",
        help="how long calls that began with the old key may take, as 10m (default: the longest deadline of a call)",
    )
    rotating.add_argument("--keep-old", action="store_true", help="do not end the old key")
    rotating.add_argument("--yes", action="store_true", help="do not ask")
    listing = commands.add_parser("rotations", help="rotations of providers' keys, the newest first")
    listing.add_argument("name", metavar="NAME", nargs="?", help="of one provider")
    for each in (rotating, listing):
        add_vault(each)
        add_home(each, attach=True)
        add_output(each)


def rotations(args: argparse.Namespace) -> int:
    from app.cli.output import print_rows
    from app.cli.performing import perform
    from gatewatch.actions.provider_rotation import ListRotations

    print_rows(perform(args, "providers.rotations", ListRotations(name=args.name)), args.output, COLUMNS)
    return 0


def rotate_key(args: argparse.Namespace) -> int:
    """0 where the new key is in use and the old one done with; 1 where it was rolled back or stopped."""
    from app.cli.output import print_object
    from app.cli.performing import perform
    from app.cli.rotation_progress import watching
    from gatewatch.actions.provider_rotation import OneProviderKey

    if args.resume or args.cancel or args.abandon:
        begun = _about_the_standing(args)
    else:
        asked = OneProviderKey(name=args.name, key=args.key)
        begun = _begun(args, perform(args, "providers.rotation.outlook", asked))
    if begun is None:
        return 1
    rotation = _watched(args, begun, watching)
    wanted = "rolled-back" if args.cancel else "abandoned" if args.abandon else "done"
    _tell_the_rest(rotation)
    print_object(rotation, args.output)
    return 0 if rotation["state"] in (wanted, "done") else 1


def _about_the_standing(args: argparse.Namespace) -> dict[str, Any] | None:
    """The rotation that was resumed, cancelled or given up; None where nobody said yes. Raises NotFound, UsageError.

    It is found in the store: what the configuration says by now may be something else.
    """
    from app.cli.performing import perform
    from app.cli.vault_options import confirmed
    from gatewatch.actions.provider_rotation import ListRotations, OneRotation, ResumeRotation
    from gatewatch.errors import NotFound, UsageError

    listed = perform(args, "providers.rotations", ListRotations(name=args.name, unfinished=True))
    standing = [each for each in listed if args.key in (None, each["key_id"])]
    if not standing:
        raise NotFound(
            f"no rotation of {args.name} is under way", "`gatewatch providers rotations` lists those that were"
        )
    if len(standing) > 1:
        keys = ", ".join(each["key_id"] for each in standing)
        raise UsageError(f"several keys of {args.name} are being rotated", f"name one with --key; there are: {keys}")
    (one,) = standing
    asked: msgspec.Struct = OneRotation(id=one["id"])
    if args.cancel:
        name = "providers.rotation.cancel"
    elif args.abandon:
        name, left = "providers.rotation.abandon", f" Then {one['remains']}." if one["remains"] else ""
        question = (
            f"Give up the rotation of vault:{one['entry']} of {args.name} as it stands, after {one['step']}?{left}"
        )
        if not confirmed(question, args.yes):
            return None
    else:
        name, asked = "providers.rotation.resume", ResumeRotation(id=one["id"], keep_old=args.keep_old)
    answer: dict[str, Any] = perform(args, name, asked)
    return answer


def _begun(args: argparse.Namespace, outlook: dict[str, Any]) -> dict[str, Any] | None:
    from app.cli.given_key import given_key
    from app.cli.performing import perform
    from app.cli.vault_options import confirmed
    from gatewatch.actions.provider_rotation import RotateProviderKey
    from gatewatch.errors import UsageError
    from gatewatch.timespan import parse_duration

    try:
        drain = None if args.drain is None else parse_duration(args.drain)
    except ValueError as error:
        raise UsageError(f"--drain: {error}", "as in 10m, 90s, 1h") from None
    mint = args.mint or (args.from_file is None and outlook["mints"] and not _is_piped())
    if args.mint and not outlook["mints"]:
        raise UsageError(
            f"{args.name} has no admin API configured that makes keys", "give the new key, with --from-file or on stdin"
        )
    if not confirmed(_question(args, outlook, mint=mint), args.yes):
        return None
    asked = RotateProviderKey(
        name=args.name,
        key=args.key,
        secret=None if mint else given_key(f"the new key of {args.name}", args.from_file),
        keep_old=args.keep_old,
        drain_us=drain,
    )
    answer: dict[str, Any] = perform(args, "providers.rotate_key", asked)
    return answer


def _is_piped() -> bool:
    """Whether something other than a terminal stands on stdin and has something to say."""
    import os
    import stat
    import sys

    mode = os.fstat(sys.stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _question(args: argparse.Namespace, outlook: dict[str, Any], *, mint: bool) -> str:
    version = f", version {outlook['version']}" if outlook["version"] else ""
    since = f", set {outlook['set_at']}" if outlook["set_at"] else ""
    shared = f" {', '.join(outlook['shared_with'])} use it too." if outlook["shared_with"] else ""
    source = "The provider makes the new key." if mint else "The new key is the one you give."
    end = "The old one stays as it is." if args.keep_old else "The old one is ended by the provider's admin API."
    if not args.keep_old and not outlook["ends"]:
        end = f"The old one is for you to end: {outlook['by_hand']}."
    return f"Rotate vault:{outlook['entry']} of {args.name}{version}{since}?{shared} {source} {end}"


def _watched(args: argparse.Namespace, rotation: dict[str, Any], progress: "Any") -> dict[str, Any]:
    """The rotation when it has ended, or stopped. Ctrl-C leaves it to the gateway."""
    import sys
    import time

    from app.cli.performing import gateway_answers, perform
    from gatewatch.actions.provider_rotation import OneRotation
    from gatewatch.errors import Unreachable

    try:
        while rotation["state"] == "running":
            progress.tell(rotation)
            time.sleep(WATCH_SECONDS)
            if not gateway_answers(args):
                raise Unreachable(
                    f"the gateway is gone in the middle of {rotation['id']}",
                    f"its next start goes on with it; watch: gatewatch providers rotate-key {args.name} --resume",
                )
            rotation = perform(args, "providers.rotation", OneRotation(id=rotation["id"]))
    except KeyboardInterrupt:
        sys.stderr.write(
            f"\nThe gateway goes on with {rotation['id']}. "
            f"Watch it: gatewatch providers rotate-key {args.name} --resume\n"
        )
        raise
    progress.tell(rotation)
    return rotation


def _tell_the_rest(rotation: dict[str, Any]) -> None:
    """What is left for the operator to do."""
    import sys

    from gatewatch.safe_text import safe

    if rotation["state"] == "failed":
        command = f"gatewatch providers rotate-key {safe(rotation['provider'], 60)}"
        sys.stderr.write(f"gatewatch: mend that, then: {command} --resume; or give it up: {command} --abandon\n")
    if rotation["next_step"]:
        sys.stderr.write(f"gatewatch: still to do: {safe(rotation['next_step'], 600)}\n")
