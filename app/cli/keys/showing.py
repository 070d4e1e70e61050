"""`gatewatch keys show`."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]

WHOSE = ("kind", "role", "all_teams", "team", "project", "user", "service", "environment")
MAY = ("models", "routes", "dialects", "networks", "region", "data_class")
LIMITS = (("uses", "max_uses"), ("tokens", "max_tokens"), ("usd", "max_usd"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from app.cli.command import add_output

    parser.add_argument("key", metavar="ID", help="its id, the beginning of it, or its name")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound."""
    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.keys.show import ShowKey

    key = perform(args, "keys.show", ShowKey(key=args.key))
    if args.output == "table":
        sys.stdout.writelines(f"{line}\n" for line in story(key))
    else:
        print_object(key, args.output)
    return 0


def story(key: Row) -> Iterator[str]:
    """The key as lines of text, harmless on a terminal."""
    from app.cli.keys.telling import headline, pauses, short
    from gatewatch.safe_text import safe

    yield f"Key {safe(headline(key))}"
    yield from (f"  ! {line}" for line in pauses(key))
    yield from _fields(key, WHOSE)
    yield from _fields(key, MAY)
    for name in ("created_at", "expires_at", "revoked_at"):
        if key[name] is not None:
            by = key.get(name.replace("_at", "_by"))
            yield f"  {name.replace('_at', ''):14} {short(key[name])}{f' by {safe(by)}' if by else ''}"
    limits = list(_limits(key))
    if limits:
        yield "Used of its limits"
        yield from limits
    yield "Secrets"
    yield from _secrets(key)
    yield "Use"
    yield from _use(key)
    if key["networks_seen"]:
        yield "Seen from"
        for seen in key["networks_seen"]:
            yield f"  {safe(seen['network'])}  since {short(seen['since'])}"
    if key["revoked_at"] is None:
        yield "If it were revoked now"
        yield from (f"  ! {safe(line)}" for line in key["would_break"])
        if not key["would_break"]:
            yield "  nobody would notice, as far as is known"


def _fields(key: Row, names: tuple[str, ...]) -> Iterator[str]:
    from gatewatch.safe_text import safe

    for name in names:
        value = key[name]
        if value not in (None, False):
            shown = "yes" if value is True else ", ".join(value) if isinstance(value, list) else value
            yield f"  {name.replace('_', ' '):14} {safe(shown, 200)}"


def _limits(key: Row) -> Iterator[str]:
    for name, cap in LIMITS:
        if key[cap] is not None:
            yield f"  {name:14} {key['used'][name]} of {key[cap]}"


def _secrets(key: Row) -> Iterator[str]:
    from app.cli.keys.telling import callers, short

    for secret in reversed(key["secrets"]):
        used = "never used" if secret["last_used_at"] is None else f"last used {short(secret['last_used_at'])}"
        ends = f" until {short(secret['valid_until'])}" if secret["state"] == "grace" else ""
        made = f"made {short(secret['created_at'])}"
        yield f"  {secret['version']:>3}  {secret['kid']}  {secret['state']}{ends}, {made}, {used}"
    if not key["secrets"]:
        yield "  none yet: `gatewatch keys rotate` gives it one"
    if key["old_in_use"]:
        yield "  who came with an old one since the rotation:"
        yield from callers(key["old_in_use"], len(key["old_in_use"]))
    elif key["old_in_use"] is not None and len(key["secrets"]) > 1:
        yield "  nobody has come with an old one since the rotation"


def _use(key: Row) -> Iterator[str]:
    from app.cli.keys.telling import callers, counted
    from gatewatch.safe_text import safe

    month, flying = key["days30"], key["in_flight"]
    if flying:
        yield f"  {counted(flying, 'call')} in flight now"
    if month is None:
        yield f"  not known: {safe(key['use_unknown'])}"
        return
    if not month["calls"]:
        yield "  no calls in 30 days"
        return
    refused = f", {month['blocked']} refused" if month["blocked"] else ""
    yield (
        f"  30 days: {counted(month['calls'], 'call')}, {counted(month['errors'], 'error')}{refused},"
        f" {month['cost_usd']} USD, {counted(month['input_tokens'] + month['output_tokens'], 'token')}"
    )
    yield f"  models         {safe(', '.join(month['models']), 300)}"
    yield f"  endpoints      {safe(', '.join(month['endpoints']), 300)}"
    yield f"  {counted(month['callers_in_all'], 'caller')}:"
    yield from callers(month["callers"], month["callers_in_all"])
