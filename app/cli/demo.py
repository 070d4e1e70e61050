"""`gatewatch demo`: try it offline, with nothing to set up and nothing left behind."""

import argparse

TEXT_SECONDS = 8.0
"""How long traffic runs before the overview is printed where there is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Sandbox provider, gateway, generated traffic and the console, on a throw-away home."


def run(args: argparse.Namespace) -> int:
    import signal
    import sys
    import time
    from contextlib import closing

    from app.demo.stage import Stage

    del args
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal must not leave the demo behind
        signal.signal(number, lambda *_: sys.exit(0))
    sys.stderr.write("gatewatch demo: starting the sandbox provider, a gateway and some traffic…\n")
    with Stage() as stage:
        if sys.stdout.isatty() and sys.stdin.isatty():
            from app.console import run as run_console

            return run_console(stage.home, banner=f"demo · sandbox provider · {stage.base_url}")
        from app.console.text_overview import print_overview
        from gatewatch.control_client import ControlClient
        from gatewatch.ledger.reader import RemoteLedger

        time.sleep(TEXT_SECONDS)
        with ControlClient(stage.home.socket) as control, closing(RemoteLedger(stage.home.socket)) as ledger:
            print_overview(ledger, control.live())
    return 0
