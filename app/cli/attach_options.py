"""`--attach`: a command on a gateway of another machine, with an admin key.

Keeps true: the key is no argument and stands in no listing of processes; from the environment it is read once and
taken out of it, so that nothing that is started from here inherits it.
"""

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gatewatch.ledger.reader import LedgerReader
    from gatewatch.ledger.recorder import Progress
    from gatewatch.remote_gateway import RemoteGateway

ATTACH, ADMIN_KEY = "GATEWATCH_ATTACH", "GATEWATCH_ADMIN_KEY"


def add_attach(parser: argparse.ArgumentParser) -> None:
    """`--attach`, `--admin-key-file`, `--ca`, `--client-cert`."""
    group = parser.add_argument_group("on another machine")
    group.add_argument("--attach", metavar="URL", help=f"https://HOST:PORT of its control API (default: ${ATTACH})")
    group.add_argument("--admin-key-file", metavar="FILE", help=f"file with an admin key (default: ${ADMIN_KEY})")
    group.add_argument(
        "--ca", metavar="FILE", help="certificate that vouches for the gateway's (default: the system's)"
    )
    group.add_argument("--client-cert", metavar="FILE", help="certificate and key of yours, where it asks for one")


def attached(args: argparse.Namespace) -> "RemoteGateway | None":
    """The gateway that is meant; None: the one of this machine.

    Raises UsageError for an address, a file or a combination that does not fit, NotAllowed for a wrong kind of key.
    """
    from pathlib import Path

    from gatewatch.errors import UsageError
    from gatewatch.remote_gateway import RemoteGateway

    url, home = getattr(args, "attach", None), getattr(args, "home", None)
    if url and home:
        raise UsageError("--attach and --home name two gateways", "leave one of them out")
    if not url and not home and hasattr(args, "attach"):
        url = os.environ.get(ATTACH)
    if not url:
        for name in ("admin_key_file", "ca", "client_cert"):
            if getattr(args, name, None):
                option = name.replace("_", "-")
                raise UsageError(f"--{option} is for a gateway of another machine", "add --attach https://HOST:PORT")
        return None
    key = _admin_key(Path(args.admin_key_file).expanduser() if args.admin_key_file else None)
    ca, client_cert = (Path(given).expanduser() if given else None for given in (args.ca, args.client_cert))
    return RemoteGateway.of(url, key, ca, client_cert)


def check_home(args: argparse.Namespace, command: str) -> None:
    """For every command: one that knows only this machine's gateways is not meant where the variable names another.

    Raises UsageError, unless --home says which.
    """
    if not hasattr(args, "home") or hasattr(args, "attach") or args.home or not os.environ.get(ATTACH):
        return
    from gatewatch.errors import UsageError

    raise UsageError(
        f"`{command}` works on a gateway of this machine, and the variable {ATTACH} names one elsewhere",
        f"say which is meant here with --home DIR, or unset {ATTACH}",
    )


def reader_of(args: argparse.Namespace, progress: "Progress | None" = None) -> "LedgerReader":
    """The ledger that is meant. Raises GatewatchError."""
    from pathlib import Path

    from gatewatch.ledger.reader import RemoteLedger, open_reader
    from gatewatch.paths import Home

    remote = attached(args)
    if remote is not None:
        return RemoteLedger(remote)
    return open_reader(Home.find(args.home), progress, Path(args.config) if args.config else None)


_taken: list[str] = []


def _admin_key(path: "Path | None") -> str:
    from gatewatch.errors import UsageError

    if given := os.environ.pop(ADMIN_KEY, None):
        _taken[:] = [given]
    if path is None:
        if not _taken:
            raise UsageError(
                "a gateway of another machine wants an admin key", f"--admin-key-file FILE, or the variable {ADMIN_KEY}"
            )
        return _taken[0].strip()
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{path} can be read by others", f"run: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the admin key's file {path} cannot be read: {error}", "it holds the key and nothing else"
        ) from error
