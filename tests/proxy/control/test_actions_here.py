"""Actions inside the control process: as whom they are done, and what they see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from proxy.control.actions_here import ActionsHere, _Borrowed
from tests.kit.control_api import NoGateway, no_vault
from tests.kit.journals import NOW, a_call, segment, whole

WINDOW = {"since": "2026-11-20T10:00:00Z", "until": "2026-11-20T11:00:00Z"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LedgerService]:
    home = Home(tmp_path / "home").make()
    segment(home, *[whole(a_call(n, team=team)) for n, team in enumerate(("search", "search", "zebra"))])
    made = LedgerService(home, clock=lambda: NOW)
    made.load_once()
    yield made
    made.close()


@pytest.fixture
def here(service: LedgerService) -> ActionsHere:
    return ActionsHere(service.home, no_vault, service, list, NoGateway())


def audited(service: LedgerService) -> list[tuple[str, str, str | None, str]]:
    with ControlStore.open(service.home.control) as store:
        return [(each.action, each.actor, each.role, each.result) for each in reversed(store.audit_entries())]


def test_an_action_is_done_as_whoever_was_recognised(here: ActionsHere, service: LedgerService) -> None:
    here.perform(Actor(id="uwe", role="admin"), "teams.create", {"name": "search"})
    assert audited(service) == [("team.create", "uwe", "admin", "ok")]


def test_a_refused_change_is_noted_once_and_a_refused_look_too(here: ActionsHere, service: LedgerService) -> None:
    eve = Actor(id="eve", role="none")
    for name in ("teams.create", "teams.list", "teams.list"):
        with pytest.raises(NotAllowed):
            here.perform(eve, name, {"name": "x"})
    assert audited(service) == [("teams.create", "eve", "none", "denied"), ("teams.list", "eve", "none", "denied")]


def test_the_ledger_of_one_teams_key_is_that_teams(service: LedgerService) -> None:
    assert _Borrowed(service, None).ask("overview", **WINDOW).rows[0]["calls"] == 3
    assert _Borrowed(service, "search").ask("overview", **WINDOW).rows[0]["calls"] == 2
