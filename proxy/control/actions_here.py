"""Performs actions inside the control process, for whoever the control API has recognised."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatewatch.actions.acting import Gateway
from gatewatch.actions.local import acting_on
from gatewatch.actions.perform import perform
from gatewatch.actions.registry import actions
from gatewatch.audit.second_sink import SecondSink
from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed
from gatewatch.keys.leaks import Reaction
from gatewatch.ledger.answer import Answer, Checked
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault
from proxy.control.denials import Denials

if TYPE_CHECKING:
    from pathlib import Path

    from gatewatch.config import Config
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
        second_sink: Callable[[], SecondSink | None] = lambda: None,
        leak_reaction: Callable[[str], Reaction] = lambda _: "alert",
        configuration: "Callable[[], Config | None]" = lambda: None,
    ) -> None:
        self._home = home
        self._vault = vault
        self._service = service
        self._teams = teams
        self._gateway = gateway
        self._second_sink = second_sink
        self._leak_reaction = leak_reaction
        self._configuration = configuration
        self._denials = Denials(home)

    def perform(self, actor: Actor, name: str, asked: object) -> Any:
        """The action's answer as JSON values. Raises GatewatchError; a refusal stands in the audit trail then."""
        try:
            with acting_on(
                self._home,
                actor,
                open_vault=lambda _: self._vault(),
                open_ledger=lambda: _Borrowed(self._service, actor.team),
                declared_teams=self._teams,
                gateway=self._gateway,
                recognised=True,
                second_sink=self._second_sink,
                leak_reaction=self._leak_reaction,
                configuration=self._configuration,
            ) as acting:
                return perform(acting, name, asked)
        except NotAllowed as refused:
            if name in actions() and not actions()[name].changes:  # a change that was refused was noted by `perform`
                self.denied(actor, name, "-", refused.title, changes=False)
            raise

    def denied(self, actor: Actor, action: str, target: str, reason: str, *, changes: bool) -> None:
        """Notes that somebody was refused something."""
        self._denials.note(actor, action, target, reason, changes=changes)


class _Borrowed:
    """The control process's own ledger as a reader that nobody closes; with a team, of that team alone."""

    def __init__(self, service: "LedgerService", team: str | None) -> None:
        self._service = service
        self._team = team

    def ask(self, query: str, /, **params: object) -> Answer:
        if self._team is not None:
            return self._service.ask_within(self._team, query, **params)
        return self._service.ask(query, **params)

    def snapshot(self, path: "Path") -> None:
        self._service.snapshot(path)

    def check(self) -> Checked:
        return self._service.check()

    def close(self) -> None:
        return None
