"""What the commands share that touch keys: the home's control store, its configuration, its vault and the options."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewatch.config import Config
    from gatewatch.control.store import ControlStore
    from gatewatch.paths import Home
    from gatewatch.vault.interface import Vault
    from gatewatch.vault.opening import Wish


def add_vault(parser: argparse.ArgumentParser) -> None:
    """`--vault`, `--passphrase-fd`, `--ask-passphrase`; the passphrase itself is never an argument."""
    parser.add_argument(
        "--vault",
        metavar="KIND",
        help="the vault of this home: keyring, file, systemd, env or a plug-in's (default: the first two, what works)",
    )
    add_passphrase(parser)
    parser.add_argument(
        "--ask-passphrase",
        action="store_true",
        help="ask for the passphrase of a new file vault (default: make a key file beside it)",
    )


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """`--passphrase-fd`, for commands that open a vault and never make one."""
    parser.add_argument(
        "--passphrase-fd", type=int, metavar="N", help="file descriptor to read the vault's passphrase from"
    )


@contextmanager
def control_store(args: argparse.Namespace, *, make: bool) -> Iterator[tuple["Home", "ControlStore"]]:
    """This home and its store; what is written is sealed afterwards, where the vault opens without asking.

    Raises NotFound where there is none and `make` is false.
    """
    import sys

    from gatewatch.actions.unasked_sealing import newest, seal_unasked
    from gatewatch.control.store import ControlStore
    from gatewatch.errors import NotFound
    from gatewatch.paths import Home

    home = Home.find(args.home)
    if not make and not home.control.exists():
        raise NotFound(f"there is no gateway in {home.root}", "choose another folder with --home, or make a key first")
    with ControlStore.open(home.make().control) as store:
        before = newest(store)
        yield home, store
        is_sealed = newest(store) == before
    for problem in () if is_sealed else seal_unasked(home):
        sys.stderr.write(f"the audit trail: {problem}\n")


def configuration(args: argparse.Namespace, home: "Home") -> "Config | None":
    """The configuration file's content, None where there is no file. Raises ConfigError."""
    import os
    from pathlib import Path

    from gatewatch.config import load

    path = Path(args.config) if args.config else home.config
    return load(path, os.environ).config if args.config or path.exists() else None


def opened_vault(args: argparse.Namespace, home: "Home", store: "ControlStore") -> "Vault":
    """This home's vault; where none was chosen yet, the configuration's, and stderr says which and why.

    The configuration is read only where it matters: a broken one keeps nobody from a vault of ours.
    """
    import sys

    from gatewatch.vault.kinds import BUILT_IN
    from gatewatch.vault.opening import kind_of, open_vault

    is_new = not kind_of(store)
    needed = is_new or kind_of(store) not in BUILT_IN
    config = configuration(args, home) if needed else None
    vault = open_vault(home, store, vault_wish(args, config, is_new=is_new))
    if is_new:
        backend, reason = vault.describe()
        sys.stderr.write(f"vault: {backend} ({reason})\n")
    return vault


def vault_wish(args: argparse.Namespace, config: "Config | None" = None, *, is_new: bool = False) -> "Wish":
    """What the arguments say, beside it what the configuration does; its kind counts where none was chosen yet."""
    import getpass
    import sys

    from gatewatch.vault.opening import Wish

    def ask(question: str) -> str:
        return getpass.getpass(question, stream=sys.stderr)

    kind = config.vault if config is not None and is_new and config.vault != "auto" else None
    return Wish(
        kind=args.vault or kind,
        passphrase_fd=args.passphrase_fd,
        prompt=ask if sys.stdin.isatty() else None,
        new_passphrase=args.ask_passphrase,
        options=config.vault_options if config is not None else {},
    )


def confirmed(question: str, yes: bool) -> bool:
    """Whether to go on. Asks on a terminal; elsewhere only --yes goes on: raises UsageError."""
    import sys

    from gatewatch.errors import UsageError

    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("this asks for confirmation, and there is no terminal to ask on", "add --yes to go on")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
