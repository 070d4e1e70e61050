"""`gatewatch bodies`: what a call said and was told, where that is kept."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from app.cli.command import add_home, add_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The one sub-command show."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    show = commands.add_parser("show", help="print a call's prompt and reply, redacted; it is noted in the audit trail")
    show.add_argument("call_id", metavar="CALL_ID", help="the header x-gatewatch-call-id of a reply, or show calls")
    add_home(show, attach=True)
    add_output(show, "table", "json")


def run(args: argparse.Namespace) -> int:
    """Raises NotFound where nothing is kept of the call."""
    from app.cli.output import print_json
    from app.cli.performing import perform
    from gatewatch.actions.bodies import ReadBodies

    bodies: list[dict[str, Any]] = perform(args, "bodies.read", ReadBodies(call_id=args.call_id))
    if args.output == "json":
        print_json(bodies)
    else:
        sys.stdout.writelines(f"{line}\n" for body in bodies for line in told(body))
    return 0


def told(body: dict[str, Any]) -> Iterator[str]:
    """One body as lines of text, harmless on a terminal: texts with their own line breaks."""
    yield f"{str(body['kind']).capitalize()}, {body['size']} bytes{_became(body)}"
    yield from _lines(body["body"], "  ")


def _became(body: dict[str, Any]) -> str:
    words = [f"{count} × {what} taken out" for what, count in body["redacted"].items()]
    if body["cut"]:
        words.append(f"{body['cut']} characters left out")
    return f" ({', '.join(words)})" if words else ""


def _lines(value: Any, indent: str) -> Iterator[str]:
    from gatewatch.safe_text import safe

    if isinstance(value, dict | list) and value:
        entries = value.items() if isinstance(value, dict) else ((f"[{n}]", each) for n, each in enumerate(value))
        for name, each in entries:
            if isinstance(each, dict | list) and each:
                yield f"{indent}{safe(name, 200)}"
                yield from _lines(each, f"{indent}  ")
            else:
                first, *rest = _lines(each, "")
                yield f"{indent}{safe(name, 200)}: {first}"
                yield from (f"{indent}  {line}" for line in rest)
    elif isinstance(value, str):
        for line in value.split("\n"):
            yield indent + safe(line, len(line) + 1)
    else:
        yield indent + ("–" if value is None else safe(str(value).lower() if isinstance(value, bool) else value))
