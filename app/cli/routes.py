"""`gatewatch routes`: where calls go, which versions of routes there were, and what operators put over them."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from app.cli.budgets import span
from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    import msgspec

LIST = ("route", "version", "strategy", "targets", "others", "in_force", "notes")
VERSIONS = ("version", "in_force", "since", "until", "targets", "changed_by", "file")
DIFFERENCES = ("key", "then", "now")
WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.5
TOLD_SECONDS = 1.5
"""When every worker has reported since it was told."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, show, versions, diff, rollback, drain, undrain, restore and canary."""
    parser.description = (
        "Routes are the `models` of the configuration. What is put over them here holds over reloads and restarts,"
        " until it is lifted or its time is over (docs/routing.md). `gatewatch show routes` has the figures."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser("list", help="the routes, and what is in force over them")
    showing = commands.add_parser("show", help="one route whole, as it is in force")
    versions = commands.add_parser("versions", help="which versions of a route there were, the newest first")
    diff = commands.add_parser("diff", help="what differs between two versions of a route")
    rollback = commands.add_parser("rollback", help="put an earlier version of a route in force, or lift that")
    drain = commands.add_parser("drain", help="no new calls to a target, or to a provider")
    undrain = commands.add_parser("undrain", help="calls may go there again")
    restore = commands.add_parser("restore", help="a target that missed its level is in its place again")
    canary = commands.add_parser("canary", help="a share of a route's calls, or teams, go to a target first")
    for each in (showing, versions, diff, rollback, canary):
        each.add_argument("route", metavar="ROUTE")
    showing.add_argument("--version", metavar="VERSION", help="another one, as a call's row has it")
    diff.add_argument("then", metavar="V1", nargs="?", help="default: the one before V2")
    diff.add_argument("now", metavar="V2", nargs="?", help="default: the one in force")
    rollback.add_argument("--to", metavar="VERSION", help="which one (default: the one before that in force)")
    rollback.add_argument("--dry-run", action="store_true", help="only say what would be different")
    for each in (drain, undrain, restore):
        each.add_argument("target", metavar="TARGET", help="provider/model, or provider")
        each.add_argument("--route", metavar="ROUTE", help="for calls of that route alone")
    drain.add_argument(
        "--force", action="store_true", help="also where a route has no other, or none has it: calls go as they would"
    )
    drain.add_argument("--wait", action="store_true", help="until no call runs there, ten minutes at most")
    canary.add_argument("--to", metavar="TARGET", help="provider/model")
    canary.add_argument("--share", metavar="SHARE", help="of the calls, as in 5%% or 0.25%%")
    canary.add_argument("--teams", metavar="A,B", help="all of whose calls go there")
    canary.add_argument("--steps", metavar="STEPS", help="shares and teams, one after the other: search,25%%,100%%")
    canary.add_argument("--every", metavar="TIME", help="from one step to the next, as in 10m")
    for each in (rollback, drain, canary):
        each.add_argument(
            "--for", dest="span", metavar="TIME", help="how long, as in 30m or 2h (default: until lifted)"
        )
        each.add_argument("--reason", metavar="TEXT", help="why; stands in the audit trail")
    restore.add_argument("--reason", metavar="TEXT", help="why; stands in the audit trail")
    for each in (rollback, canary):
        each.add_argument("--lift", action="store_true", help="end it")
    for each in (listing, showing, versions, diff, rollback, drain, undrain, restore, canary):
        add_home(each, attach=True)
        add_output(each)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound, UsageError, NotAllowed. Exit code 1 where calls still run after --wait."""
    from app.cli.performing import is_there, perform

    if args.action == "list":
        _print_list(perform(args, *_asked(args)) if is_there(args) else [], args.output)
        return 0
    answer: Any = perform(args, *_asked(args))
    left = _after_drain(answer, args) if args.action == "drain" else 0
    _print(answer, args)
    if getattr(args, "dry_run", False):
        sys.stderr.write("gatewatch: nothing was done; without --dry-run it is\n")
    return int(bool(left))


def _asked(args: argparse.Namespace) -> "tuple[str, msgspec.Struct]":
    """The action, and what it is asked."""
    from gatewatch.actions.routes.canary import Canary, LiftCanary
    from gatewatch.actions.routes.drain import Drain, Undrain
    from gatewatch.actions.routes.listing import ListRoutes, ShowRoute
    from gatewatch.actions.routes.restore import Restore
    from gatewatch.actions.routes.rollback import LiftRollback, RollBack
    from gatewatch.actions.routes.versions import Compare, ListVersions

    for_us = span(args.span, "--for") if getattr(args, "span", None) else None
    match args.action:
        case "list":
            return "routes.list", ListRoutes()
        case "show":
            return "routes.show", ShowRoute(route=args.route, version=args.version)
        case "versions":
            return "routes.versions", ListVersions(route=args.route)
        case "diff":
            return "routes.diff", Compare(route=args.route, then=args.then, now=args.now)
        case "rollback":
            if args.lift:
                _nothing_beside(args, "to", "span", "reason", "dry_run")
                return "routes.lift_rollback", LiftRollback(route=args.route)
            return "routes.rollback", RollBack(
                route=args.route, version=args.to, reason=args.reason, for_us=for_us, dry=args.dry_run
            )
        case "drain":
            return "routes.drain", Drain(
                target=args.target, route=args.route, reason=args.reason, for_us=for_us, force=args.force
            )
        case "undrain":
            return "routes.undrain", Undrain(target=args.target, route=args.route)
        case "restore":
            return "routes.restore", Restore(target=args.target, route=args.route, reason=args.reason)
        case _:
            if args.lift:
                _nothing_beside(args, "to", "share", "teams", "steps", "every", "span", "reason")
                return "routes.lift_canary", LiftCanary(route=args.route)
            return "routes.canary", Canary(
                route=args.route,
                to=args.to,
                share=args.share,
                teams=_names(args.teams),
                steps=_names(args.steps),
                every_us=span(args.every, "--every") if args.every else None,
                reason=args.reason,
                for_us=for_us,
            )


def _nothing_beside(args: argparse.Namespace, *options: str) -> None:
    from gatewatch.errors import UsageError

    if any(getattr(args, option) for option in options):
        raise UsageError("--lift stands alone: it ends what is in force")


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _print_list(rows: list[dict[str, Any]], output: str) -> None:
    from app.cli.output import print_rows
    from gatewatch.routing.override_words import in_full

    if output == "json":
        print_rows(rows, output)
        return
    print_rows([row | {"in_force": [in_full(each) for each in row["overrides"]]} for row in rows], output, LIST)


def _print(answer: Any, args: argparse.Namespace) -> None:
    from app.cli.output import print_object, print_rows

    if args.action == "versions":
        print_rows(answer, args.output, VERSIONS)
    elif args.output == "json":
        print_object(answer, "json")
    elif args.action == "diff":
        print_rows(answer["differences"], args.output, DIFFERENCES)
    elif args.action == "show":
        head = {name: value for name, value in answer.items() if name not in ("definition", "overrides")}
        over = {each["id"]: each for each in answer["overrides"]}
        print_object(head | answer["definition"] | over, args.output)
    else:
        print_object({name: value for name, value in answer.items() if name != "differences"}, args.output)
        if "differences" in answer:
            print_rows(answer["differences"], args.output, DIFFERENCES)


def _after_drain(answer: dict[str, Any], args: argparse.Namespace) -> int:
    """Calls that run there still, after --wait; `in_flight` of the answer is as many."""
    if answer["without_a_target"]:
        sys.stderr.write(
            f"gatewatch: no other target for {', '.join(answer['without_a_target'])}: its calls go there still\n"
        )
    if answer["in_flight"] is None or not args.wait:
        return 0
    there = answer["target"] + (f" for {args.route}" if args.route else "")
    sys.stderr.write(f"gatewatch: drained; waiting for the calls that run at {there}: {answer['in_flight']}\n")
    left = answer["in_flight"] = _waited(args, answer["target"])
    sys.stderr.write(f"gatewatch: {left or 'no'} calls {'still run' if left else 'run any more'} at {there}\n")
    return left


def _waited(args: argparse.Namespace, target: str) -> int:
    """Calls that run there when none does, or the time is over."""
    from app.cli.attach_options import attached
    from gatewatch.actions.routes.drain import at_target
    from gatewatch.control_client import ControlClient
    from gatewatch.paths import Home

    until = time.monotonic() + WAIT_SECONDS
    time.sleep(TOLD_SECONDS)
    with ControlClient(attached(args) or Home.find(args.home).socket) as client:
        while (left := at_target(client.live()["workers"], target, args.route)) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
    return left
