"""Performs actions inside the control process, for whoever the control API has recognised."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatewatch.actions.acting import Gateway
from gatewatch.actions.local import acting_on
from gatewatch.actions.perform import perform
from gatewatch.authority.actor import Actor
from gatewatch.ledger.answer import Answer, Checked
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault

if TYPE_CHECKING:
    from pathlib import Path

    from gatewatch.ledger.service import LedgerService


class ActionsHere:
    """Called in threads of the control process: each action has its own connection to the store."""

    def __init__(
        self,
        home: Home,
        vault: Callable[[], Vault],
        service: "LedgerService",
        teams: Callable[[], list[str]],
        gateway: Gateway,
    ) -> None:
        self._home = home
        self._vault = vault
        self._service = service
        self._teams = teams
        self._gateway = gateway

    def perform(self, actor: Actor, name: str, asked: object) -> Any:
        """The action's answer as JSON values. Raises GatewatchError."""
        with acting_on(
            self._home,
            actor,
            open_vault=lambda _: self._vault(),
            open_ledger=lambda: _Borrowed(self._service),
            declared_teams=self._teams,
            gateway=self._gateway,
        ) as acting:
            return perform(acting, name, asked)


class _Borrowed:
    """The control process's own ledger as a reader that nobody closes."""

    def __init__(self, service: "LedgerService") -> None:
        self._service = service

    def ask(self, query: str, /, **params: object) -> Answer:
        return self._service.ask(query, **params)

    def snapshot(self, path: "Path") -> None:
        self._service.snapshot(path)

    def check(self) -> Checked:
        return self._service.check()

    def close(self) -> None:
        return None
