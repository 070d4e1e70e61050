"""`gatewatch serve`: the gateway without a console."""

import argparse

from app.cli.command import add_home
from app.cli.vault_options import add_vault, vault_wish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_home(parser)
    add_vault(parser)
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on; 0 takes a free one")
    parser.add_argument("--workers", type=int, metavar="N", help="worker processes (default: 1)")


def run(args: argparse.Namespace) -> int:
    import asyncio
    import json
    import logging
    import sys
    from pathlib import Path

    from gatewatch.errors import UsageError
    from gatewatch.paths import Home
    from proxy.control.process import ControlProcess

    if args.workers is not None and args.workers < 1:
        raise UsageError("--workers must be at least 1.")
    if args.port is not None and not 0 <= args.port < 65536:
        raise UsageError("--port must be 0 to 65535.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s control %(levelname)s %(message)s")

    def ready(event: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()

    config = Path(args.config) if args.config else None
    process = ControlProcess(Home.find(args.home), config, args.port, args.workers, vault_wish(args))
    asyncio.run(process.run(ready))
    return 0
