"""`gatewatch keys identify`: a secret is never an argument; it comes on stdin or is asked for without being shown."""

import argparse
import sys

MOST_TEXT = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output
    from app.cli.vault_options import add_vault

    add_vault(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for text without a virtual key, NotFound for one of another gateway's."""
    import getpass

    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.keys.identify import IdentifyKey

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
