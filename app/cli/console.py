"""`gatewatch` and `gatewatch console`: the console on a running gateway, here or on another machine, or on one that it
starts.

A gateway that was running is never stopped. One that the console has started ends with it, after a question and a
drain, unless --keep. Without a terminal the overview is printed as text.
"""

import argparse
import signal
import sys
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home

if TYPE_CHECKING:
    from app.cli.own_gateway import OwnGateway
    from gatewatch.ledger.reader import LedgerReader
    from gatewatch.paths import Home
    from gatewatch.remote_gateway import RemoteGateway


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "The console on the gateway of this home, which is started where none runs, or with --attach on another's. "
        "Without a terminal the overview is printed as text."
    )
    parser.add_argument("link", nargs="?", metavar="LINK", help="where to begin: ':calls team=search status>=400'")
    parser.add_argument("--keep", action="store_true", help="leave a gateway that this console starts running")
    parser.add_argument(
        "--port", type=int, metavar="N", help="port of a gateway that this console starts; 0: a free one"
    )
    parser.add_argument("--read-only", action="store_true", help="change nothing, start nothing")
    add_home(parser, attach=True)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for a link that leads nowhere, Unreachable where a read-only console finds no gateway."""
    from app.cli.attach_options import attached
    from app.console.links import Link
    from gatewatch.control_client import ControlClient, answers
    from gatewatch.errors import Unreachable
    from gatewatch.ledger.reader import RemoteLedger, open_reader
    from gatewatch.paths import Home

    if args.link:
        Link.parse(args.link)
    if (remote := attached(args)) is not None:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return _print_overview(RemoteLedger(remote), ControlClient(remote).live())
        return _open(remote, args)
    home = Home.find(args.home)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        live = ControlClient(home.socket).live() if answers(home.socket) else None
        return _print_overview(open_reader(home.make()), live)
    if answers(home.socket):
        return _open(home, args)
    if args.read_only:
        raise Unreachable(
            f"No gateway runs on {home.root}.", "A read-only console starts none: `gatewatch serve` does."
        )
    return _with_own_gateway(home, args)


def _open(gateway: "Home | RemoteGateway", args: argparse.Namespace) -> int:
    from app.console import run as run_console

    return run_console(gateway, read_only=args.read_only, link=args.link)


def _with_own_gateway(home: "Home", args: argparse.Namespace) -> int:
    from app.cli.own_gateway import OwnGateway

    sys.stderr.write(f"gatewatch: no gateway runs on {home.root}: starting one…\n")
    _end_in_order()
    gateway = OwnGateway.start(home, args.config, args.port)
    wanted = "stop"
    try:
        code = _open(home, args)
        while code == 0 and not args.keep and gateway.ended is None and (wanted := _ask(gateway)) == "back":
            code = _open(home, args)
    finally:
        if gateway.ended is not None:
            sys.stderr.write(f"gatewatch: the gateway has ended by itself; its log: {home.gateway_log}\n")
        elif args.keep or wanted == "keep":
            sys.stderr.write(f"gatewatch: the gateway goes on; `kill {gateway.pid}` drains and stops it\n")
        else:
            sys.stderr.write("gatewatch: draining…\n")
            gateway.stop()
    return code


def _ask(gateway: "OwnGateway") -> str:
    """What is to become of the gateway: `stop`, `keep`, or `back` to the console."""
    _end_in_order()
    sys.stderr.write(
        f"This console started the gateway (pid {gateway.pid}{_in_flight(gateway)}).\n"
        "Enter stops it; k keeps it running, b goes back to the console: "
    )
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline().strip().lower()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return "stop"
    return {"k": "keep", "b": "back"}.get(answer[:1], "stop")


def _end_in_order() -> None:
    """SIGTERM, and the SIGHUP of a lost connection, end this process by an exception, so that its gateway is drained.

    The console handles them itself while it is open, and leaves the default behind.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def _in_flight(gateway: "OwnGateway") -> str:
    from gatewatch.control_client import ControlClient
    from gatewatch.errors import GatewatchError

    try:
        workers = ControlClient(gateway.home.socket).live()["workers"]
    except GatewatchError:
        return ""
    busy = sum(worker["in_flight"] for worker in workers)
    return f", {busy} call{'s' * (busy != 1)} in flight" if busy else ", no calls in flight"


def _print_overview(reader: "LedgerReader", live: dict[str, Any] | None) -> int:
    from app.console.text_overview import print_overview

    try:
        print_overview(reader, live)
    finally:
        reader.close()
    return 0
