"""How commands perform actions: on the machine that they are attached to, else through the gateway that runs on the
home, else on the home's files.

A gateway has its vault open, so that no passphrase is asked for twice, and knows what is in flight.
"""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import msgspec

    from gatewatch.actions.acting import Acting
    from gatewatch.audit.second_sink import SecondSink
    from gatewatch.keys.leaks import Reaction
    from gatewatch.paths import Home
    from gatewatch.rotation.rotator import Rotator


_silent: "set[Path]" = set()
"""Sockets of gateways that did not: they are not asked such things again."""


def perform(
    args: argparse.Namespace,
    name: str,
    asked: "msgspec.Struct",
    *,
    make: bool = False,
    patience: float | None = None,
) -> Any:
    """The action's answer as JSON values. `make`: make the home where there is none.

    `patience`, for what needs the control store alone: where the gateway that runs on the home has not answered after
    so many seconds, it is done on the home's files, and stderr says so. Raises what the action raises, NotFound where
    there is no home.
    """
    import sys

    import msgspec

    from app.cli.attach_options import attached
    from gatewatch.control_client import TIMEOUT_SECONDS, ControlClient, answers
    from gatewatch.errors import NotFound, Unreachable
    from gatewatch.paths import Home

    if (remote := attached(args)) is not None:
        with ControlClient(remote) as client:
            return client.request("POST", f"/v1/actions/{name}", msgspec.to_builtins(asked))
    home = Home.find(args.home)
    if not make and not home.control.exists():
        raise NotFound(f"there is no gateway in {home.root}", "choose another folder with --home, or make a key first")
    passed_by = patience is not None and home.socket in _silent
    if home.control.exists() and not passed_by and answers(home.socket):
        seconds = TIMEOUT_SECONDS if patience is None else patience
        try:
            with ControlClient(home.socket) as client:
                return client.request("POST", f"/v1/actions/{name}", msgspec.to_builtins(asked), seconds=seconds)
        except Unreachable as error:
            if patience is None:
                raise
            _silent.add(home.socket)
            sys.stderr.write(f"gatewatch: {error.title}. The control store is used directly; workers read it too.\n")
    return _locally(args, home.make(), name, asked)


def gateway_answers(args: argparse.Namespace) -> bool:
    """Whether actions go to a gateway that runs."""
    from app.cli.attach_options import attached
    from gatewatch.control_client import answers
    from gatewatch.paths import Home

    return attached(args) is not None or answers(Home.find(args.home).socket)


def is_there(args: argparse.Namespace) -> bool:
    """Whether there is anything to ask: a home that something was made in, or a gateway of another machine."""
    from app.cli.attach_options import attached
    from gatewatch.paths import Home

    return attached(args) is not None or Home.find(args.home).control.exists()


def _locally(args: argparse.Namespace, home: "Home", name: str, asked: "msgspec.Struct") -> Any:
    from pathlib import Path

    from app.cli.vault_options import configuration, opened_vault
    from gatewatch.actions.local import acting_on
    from gatewatch.actions.perform import perform as perform_here
    from gatewatch.audit.second_sink import configured_sink
    from gatewatch.authority.login_user import login_user
    from gatewatch.config.leak_policy import reactions_of
    from gatewatch.ledger.reader import LocalLedger

    def declared_teams() -> list[str]:
        config = configuration(args, home)
        return [] if config is None else list(config.teams)

    def second_sink() -> "SecondSink | None":
        config = configuration(args, home)
        return None if config is None else configured_sink(home, config.audit.file, config.audit.syslog)

    def leak_reaction(team: str) -> "Reaction":
        config = configuration(args, home)
        return "alert" if config is None else reactions_of(config, team).in_prompt

    with acting_on(
        home,
        login_user(),
        open_vault=lambda store: opened_vault(args, home, store),
        open_ledger=lambda: LocalLedger(home, config=Path(args.config) if args.config else None),
        declared_teams=declared_teams,
        second_sink=second_sink,
        rotator=lambda acting: _rotations(args, home, acting),
        leak_reaction=leak_reaction,
        configuration=lambda: configuration(args, home),
    ) as acting:
        return perform_here(acting, name, asked)


def _rotations(args: argparse.Namespace, home: "Home", acting: "Acting") -> "Rotator":
    import os
    from pathlib import Path

    from app.cli.rotation_progress import tell_of
    from gatewatch.config import load
    from proxy.control.rotations_alone import RotationsAlone

    path = Path(args.config) if args.config else home.config if home.config.exists() else None
    return RotationsAlone(home, lambda: load(path, os.environ), acting.open_vault, tell_of)
