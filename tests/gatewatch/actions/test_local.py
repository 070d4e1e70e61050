"""Actions on a home's files: the login user's role, one opening of the vault, a trail that is sealed at the end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from gatewatch.actions.acting import Acting
from gatewatch.actions.local import acting_on
from gatewatch.actions.perform import perform
from gatewatch.audit.second_sink import SecondSink
from gatewatch.authority.actor import Actor
from gatewatch.control.store import ControlStore
from gatewatch.ledger.reader import LedgerReader, LocalLedger
from gatewatch.vault.interface import Vault
from gatewatch.vault.opening import Wish, open_vault
from tests.kit.acting import Stage


class Opened:
    """How a command opens what it needs, and how often it did."""

    def __init__(self, stage: Stage, gateway: object = None, sink: SecondSink | None = None) -> None:
        self.stage = stage
        self.gateway = gateway
        self.sink = sink
        self.vaults = 0

    def vault(self, store: ControlStore) -> Vault:
        self.vaults += 1
        return open_vault(self.stage.home, store, Wish(kind="file"))

    def ledger(self) -> LedgerReader:
        return LocalLedger(self.stage.home)

    @contextmanager
    def acting(self, actor: Actor = Actor(id="alice")) -> Iterator[Acting]:  # noqa: B008 - frozen
        with acting_on(
            self.stage.home,
            actor,
            open_vault=self.vault,
            open_ledger=self.ledger,
            declared_teams=list,
            gateway=self.gateway,  # type: ignore[arg-type]
            second_sink=lambda: self.sink,
        ) as acting:
            yield acting


def sealed(stage: Stage) -> tuple[int, int]:
    """Entries, and how many of them have a seal."""
    with ControlStore.open(stage.home.control) as store:
        query = "SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM audit_seals)"
        return store.connection.execute(query).fetchone()  # type: ignore[no-any-return]


def test_where_the_vault_was_opened_the_trail_is_sealed_at_the_end(stage: Stage) -> None:
    opened = Opened(stage)
    with opened.acting() as acting:
        perform(acting, "keys.create", {"name": "app", "team": "search", "create_team": True})
    entries, seals = sealed(stage)
    assert entries == seals > 1
    assert opened.vaults == 1
    assert stage.home.audit_file.read_text().count("\n") == entries


def test_where_it_was_not_opened_nothing_waits_for_it(stage: Stage) -> None:
    opened = Opened(stage)
    with opened.acting() as acting:
        perform(acting, "teams.create", {"name": "search"})
    assert opened.vaults == 0
    assert not stage.home.vault.exists()


def test_a_revocation_that_needs_no_vault_is_sealed_all_the_same(stage: Stage) -> None:
    opened = Opened(stage)
    with opened.acting() as acting:
        key = perform(acting, "keys.create", {"name": "app", "team": "search", "create_team": True})
    opened.vaults = 0
    with opened.acting() as acting:
        perform(acting, "keys.revoke", {"key": key["id"]})
    entries, seals = sealed(stage)
    assert (entries == seals, opened.vaults) == (True, 0)  # the vault of the command, which may ask, is left alone


def test_who_only_looks_seals_nothing(stage: Stage) -> None:
    stage.key()
    before = sealed(stage)
    with Opened(stage).acting() as acting:
        perform(acting, "keys.list", {})
    assert sealed(stage) == before


def test_a_vault_that_would_ask_is_said_and_fails_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    key = stage.key()
    stage.do("audit.verify")
    stage.home.vault_key.unlink()  # from now on it takes a passphrase
    with caplog.at_level(logging.WARNING), Opened(stage).acting() as acting:
        assert perform(acting, "keys.revoke", {"key": key["id"]})
    entries, seals = sealed(stage)
    assert entries == seals + 1
    assert "is not sealed yet" in caplog.text


def test_inside_a_gateway_its_sealing_thread_does_it(stage: Stage) -> None:
    with Opened(stage, gateway=object()).acting() as acting:
        acting.open_vault()
        acting.store.create_team("search")
    assert sealed(stage)[1] == 0


def test_a_deed_that_fails_is_sealed_too(stage: Stage) -> None:
    with suppress(KeyError), Opened(stage).acting() as acting:
        acting.pepper()
        acting.store.create_team("search")
        raise KeyError
    entries, seals = sealed(stage)
    assert entries == seals


def test_a_second_sink_that_fails_fails_no_deed(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Opened(stage, sink=SecondSink(stage.home.root)).acting() as acting:
        perform(acting, "keys.create", {"name": "app", "team": "search", "create_team": True})
    assert "cannot be written" in caplog.text
    entries, seals = sealed(stage)
    assert entries == seals


def test_a_login_user_has_the_role_that_the_store_says_whatever_it_claims(stage: Stage) -> None:
    stage.do("roles.set", name="alice", role="user")
    with Opened(stage).acting(Actor(id="alice", role="super-admin")) as acting:
        assert acting.actor.role == "user"


def test_who_was_recognised_before_keeps_the_role_they_came_with(stage: Stage) -> None:
    with acting_on(
        stage.home,
        Actor(id="alice", role="none"),
        open_vault=lambda _: pytest.fail("no vault is needed"),
        open_ledger=lambda: pytest.fail("no ledger is needed"),
        declared_teams=list,
        recognised=True,
    ) as acting:
        assert acting.actor.role == "none"
