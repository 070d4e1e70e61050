"""`gatewatch audit`: who did what, the proof that nobody touched it, and the trail for other programs."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from gatewatch.actions.audit import ListAudit

COLUMNS = ("seq", "at", "actor", "role", "source", "action", "target", "result", "before", "after")
PAGE = 500
_OF_A_ROUTE = ("why", "halted", "share", "teams", "target", "version", "steps", "every", "until", "reason")
"""Of what is put over a route, what one wants to know first."""
LISTS = ("accepted", "places")
"""Of an answer: not in a table."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, verify, export and accept."""
    from app.cli.vault_options import add_vault

    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="who did what, newest first")
    verifying = commands.add_parser("verify", help="the first record that was touched, else the anchor to keep")
    verifying.add_argument("file", metavar="FILE", nargs="?", help="an export, or a copy of audit.jsonl, instead")
    verifying.add_argument("--anchor", metavar="TEXT", help="an anchor that an earlier verify printed")
    exporting = commands.add_parser("export", help="the trail as JSON lines, CEF or OCSF events, oldest first")
    exporting.add_argument(
        "--as", dest="form", choices=("jsonl", "cef", "ocsf"), default="jsonl", help="(default: jsonl)"
    )
    exporting.add_argument("--out", metavar="FILE", help="write a new file (0600), not to stdout")
    accepting = commands.add_parser(
        "accept", help="go on behind a break of the trail, as after a restore; it stays told"
    )
    accepting.add_argument("--reason", metavar="TEXT", required=True, help="why it is no forgery; stands in the trail")
    accepting.add_argument("--yes", action="store_true", help="do not ask")
    for each in (listing, exporting):
        add_filter(each)
    listing.add_argument("--limit", metavar="N", type=int, default=100, help="at most so many (default: 100)")
    for each in (verifying, exporting, accepting):
        add_vault(each)
    for each in (listing, verifying, exporting, accepting):
        add_home(each, attach=True)
    for each in (listing, verifying, accepting):
        add_output(each)


def add_filter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="15m, 24h, 7d or ISO 8601 (default: all)")
    parser.add_argument("--until", metavar="TIME", help="likewise (default: now)")
    parser.add_argument("--action", metavar="NAME", dest="deed", help="as in key.revoke, or key.*")
    parser.add_argument("--actor", metavar="NAME", help="a login name, or key:ID of an admin key")
    parser.add_argument("--target", metavar="NAME", help="what it was done to")
    parser.add_argument("--result", metavar="RESULT", help="ok, denied, refused, …")


def run(args: argparse.Namespace) -> int:
    """Raises GatewatchError; a trail that was touched is 1."""
    return {"list": _list, "verify": _verify, "export": _export, "accept": _accept}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from gatewatch.actions.audit import ListAudit

    return print_entries(args, ListAudit(**_filter(args)), args.limit)


def print_entries(args: argparse.Namespace, asked: "ListAudit", limit: int) -> int:
    """So many of the entries that are asked for, newest first. Raises UsageError."""
    import msgspec

    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.errors import UsageError

    if limit < 1:
        raise UsageError(f"--limit is at least 1, not {limit}")
    rows: list[dict[str, Any]] = []
    while is_there(args) and len(rows) < limit:
        before = rows[-1]["seq"] if rows else asked.before
        size = min(PAGE, limit - len(rows))
        found = perform(args, "audit.list", msgspec.structs.replace(asked, before=before, limit=size))
        rows += found
        if len(found) < size:
            break
    print_rows(rows if args.output == "json" else [_step_first(row) for row in rows], args.output, COLUMNS)
    return 0


def _step_first(row: dict[str, Any]) -> dict[str, Any]:
    """A cell that is cut off still says which step of something longer an entry is, and of a deed at a route what is
    in force now; by whom and when stands beside it."""
    shown = row | {name: _told(row[name]) for name in ("before", "after") if row["action"].startswith("route.")}
    after = shown["after"]
    return shown | {"after": {"step": after["step"], **after}} if after and "step" in after else shown


def _told(state: dict[str, Any] | None) -> dict[str, Any] | None:
    if not state:
        return state
    names = [*(name for name in _OF_A_ROUTE if name in state), *(name for name in state if name not in _OF_A_ROUTE)]
    return {name: state[name] for name in names if name not in ("created_at", "created_by", "id", "kind", "route")}


def _verify(args: argparse.Namespace) -> int:
    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.audit import VerifyAudit

    file = None if args.file is None else str(Path(args.file).absolute())
    answer: dict[str, Any] = perform(args, "audit.verify", VerifyAudit(file=file, anchor=args.anchor))
    _tell(answer)
    shown = answer if args.output == "json" else {name: answer[name] for name in answer if name not in LISTS}
    print_object(shown, args.output)
    return 0 if answer["ok"] else 1


def _tell(answer: dict[str, Any]) -> None:
    """On stderr: what is broken, what was accepted, and what is to be known beside it."""
    from gatewatch.safe_text import safe

    lines = [f"{place['path']}: {place['broken']['text']}" for place in answer["places"] if place["broken"]]
    lines += [f"{place['path']}: {note}" for place in answer["places"] for note in place["notes"]]
    for each in answer["accepted"]:
        broken = "; ".join(each["broken"])
        lines.append(f"accepted with record {each['seq']} ({each['at']}, {each['actor']}): {broken} ({each['reason']})")
    lines += answer["problems"]
    if answer["unsealed"]:
        lines.append(f"{answer['unsealed']} newest records were not sealed yet")
    sys.stderr.writelines(f"gatewatch: {safe(line)}\n" for line in lines)


def _export(args: argparse.Namespace) -> int:
    from app.cli.performing import perform
    from gatewatch.actions.audit import ExportAudit

    after, upto, more = 0, None, True
    with _out(args.out) as out:
        while more:
            asked = ExportAudit(form=args.form, after=after, upto=upto, **_filter(args))
            answer = perform(args, "audit.export", asked)
            out.writelines(line + "\n" for line in answer["lines"])
            after, upto, more = answer["after"], answer["upto"], answer["more"]
    return 0


@contextmanager
def _out(path: str | None) -> Iterator[TextIO]:
    """A new file of this user's, gone again where the export fails; or stdout. Raises UsageError."""
    from gatewatch.errors import UsageError

    if path is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        return
    try:
        file = open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{path} cannot be made: {error.strerror}", "name a new file with --out") from None
    try:
        with file:
            yield file
    except BaseException:
        Path(path).unlink()
        raise


def _accept(args: argparse.Namespace) -> int:
    from app.cli.output import print_object
    from app.cli.performing import perform
    from app.cli.vault_options import confirmed
    from gatewatch.actions.audit import AcceptBreak, VerifyAudit
    from gatewatch.errors import UsageError

    answer: dict[str, Any] = perform(args, "audit.verify", VerifyAudit())
    if answer["ok"]:
        raise UsageError("the audit trail is whole: there is nothing to accept")
    _tell(answer)
    question = "The trail goes on behind this; it is told with its reason ever after. Go on?"
    if not confirmed(question, args.yes):
        return 1
    print_object(perform(args, "audit.accept", AcceptBreak(reason=args.reason)), args.output)
    return 0


def _filter(args: argparse.Namespace) -> dict[str, Any]:
    """What actions take of the options. Raises UsageError."""
    named = {"action": args.deed, "actor": args.actor, "target": args.target, "result": args.result}
    return {"since": instant(args.since, "--since"), "until": instant(args.until, "--until"), **named}


def instant(text: str | None, option: str) -> int | None:
    """µs since the epoch. Raises UsageError."""
    import time

    from gatewatch.errors import UsageError
    from gatewatch.timespan import parse_instant

    try:
        return None if text is None else parse_instant(text, time.time_ns() // 1000)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
