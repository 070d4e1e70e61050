"""`gatewatch alerts`: what fires, what is watched, and what operators make of it."""

import argparse
import sys
from typing import Any

from app.cli.command import add_home, add_output

COLUMNS = (
    *("id", "who", "state", "severity", "value", "threshold", "since", "actions", "lift"),
    *("silenced_until", "acknowledged_by", "outdone_by"),
)
WATCHED = ("name", "when", "fires", "clears", "per", "only", "window", "for", "least", "do", "severity", "built_in")
SILENCES = ("id", "pattern", "until", "reason", "created_by")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, watched, show, ack, silence, silences, unsilence and test."""
    parser.description = (
        "Alerts stand under `alerts` in the configuration; some are built in (docs/alerts.md). One that fires is called"
        " ALERT|SUBJECT, as in 'server-errors|route/chat': in quotes, for | means something to a shell. In a PATTERN, *"
        " stands for anything."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="what fires, and what alerts have in force")
    listing.add_argument("--all", action="store_true", help="with what is over, of the last 30 days")
    watched = commands.add_parser("watched", help="every alert that is watched for, built in or configured")
    showing = commands.add_parser("show", help="one alert")
    showing.add_argument("name", metavar="'ALERT|SUBJECT'", help="or ALERT, where only one of it fires")
    ack = commands.add_parser("ack", help="you know of it: it is no longer shown as news")
    ack.add_argument("name", metavar="PATTERN", help="an alert's name, or 'ALERT|SUBJECT'")
    ack.add_argument("--note", metavar="TEXT", help="what others should know")
    ack.add_argument("--resume", action="store_true", help="lift what it has put in force, paused keys included")
    silence = commands.add_parser("silence", help="tell nobody of it for a while; it acts all the same")
    silence.add_argument("name", metavar="PATTERN", help="an alert's name, or 'ALERT|SUBJECT'")
    silence.add_argument("--for", dest="span", metavar="TIME", required=True, help="how long, as in 30m or 2h")
    silence.add_argument("--reason", metavar="TEXT", required=True, help="why; stands in the audit trail")
    silences = commands.add_parser("silences", help="what nobody is told of, and until when")
    unsilence = commands.add_parser("unsilence", help="end a silence before its time")
    unsilence.add_argument("name", metavar="SILENCE", help="its id, or its pattern")
    test = commands.add_parser("test", help="tell a sink of an alert that is none")
    test.add_argument("name", metavar="SINK", help="log, console, or one of alert_sinks")
    for each in (listing, watched, showing, ack, silence, silences, unsilence, test):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound where nothing of that name fires, NotAllowed, UsageError."""
    from app.cli.output import print_object, print_rows
    from app.cli.performing import is_there, perform

    name, asked, columns = _asked(args)
    answer: Any = [] if args.action in ("list", "silences") and not is_there(args) else perform(args, name, asked)
    if isinstance(answer, list):
        print_rows(answer, args.output, columns)
    else:
        print_object(answer, args.output)
        if answer.get("warning"):
            sys.stderr.write(f"gatewatch: {answer['warning']}\n")
    return 0


def _asked(args: argparse.Namespace) -> tuple[str, Any, tuple[str, ...]]:
    """The action, what it is asked, and the columns of its rows."""
    from gatewatch.actions import alerts
    from gatewatch.actions.alert_sinks import TryOut

    match args.action:
        case "list":
            return "alerts.list", alerts.ListAlerts(all=args.all), COLUMNS
        case "watched":
            return "alerts.watched", alerts.ListWatched(), WATCHED
        case "show":
            return "alerts.show", alerts.ShowAlert(name=args.name), ()
        case "ack":
            return "alerts.ack", alerts.Acknowledge(name=args.name, note=args.note, resume=args.resume), COLUMNS
        case "silence":
            return "alerts.silence", alerts.SilenceAlerts(name=args.name, span=args.span, reason=args.reason), ()
        case "silences":
            return "alerts.silences", alerts.ListWatched(), SILENCES
        case "unsilence":
            return "alerts.unsilence", alerts.Unsilence(name=args.name), SILENCES
        case _:
            return "alerts.test", TryOut(name=args.name), ()
