"""A vault that is given from outside: its key was there before the trail, and the anchor lies in the home.

Who tampers here has all of the home's files, and puts them together as if nothing had ever been sealed.
"""

from pathlib import Path

import pytest

from gatewatch.audit.anchor import AnchorPlace
from gatewatch.audit.beginning import FRESH_US, sealed_before
from gatewatch.audit.verify import Verdict, verify_home
from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultReadOnly
from tests.kit.audit_stage import MemoryVault, Stage, chain_again


class GivenVault(MemoryVault):
    """Read-only, with the audit key."""

    def __init__(self) -> None:
        super().__init__()
        self.entries["gatewatch/audit-key"] = "ab" * 32

    def set(self, name: str, secret: str) -> None:
        raise VaultReadOnly("the vault is read-only")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(Home(tmp_path / "home").make(), GivenVault())


def verdicts(stage: Stage) -> list[Verdict]:
    kept = AnchorPlace(stage.vault, stage.home.audit_anchor).read(stage.key)
    return [verdict for _, verdict in verify_home(stage.home, stage.key, kept, stage.home.audit_file)]


def broken(stage: Stage) -> list[tuple[int, str]]:
    return [(each.broken.seq, each.broken.what) for each in verdicts(stage) if each.broken]


def last(stage: Stage) -> tuple[str, str]:
    with ControlStore.open(stage.home.control) as store:
        (entry,) = store.audit_entries(1)
    return entry.action, entry.result


def forge(stage: Stage) -> None:
    """No anchor and no seal is left, a record is another one, the end is cut off, and all is chained again."""
    stage.home.audit_anchor.unlink()
    with stage.tampering() as connection:
        connection.execute("DELETE FROM audit_seals")
        connection.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 5")
        connection.execute("DELETE FROM audit WHERE seq > 8")
        connection.execute("UPDATE sqlite_sequence SET seq = 8 WHERE name = 'audit'")
        chain_again(connection)


def test_sealing_begins_once_and_the_trail_tells_where(stage: Stage) -> None:
    stage.write(10)
    assert broken(stage) == []
    stage.seal()
    assert last(stage) == ("audit.begin", "ok")
    stage.write(1)
    stage.seal()
    assert (last(stage), broken(stage)) == (("price.set", "ok"), [])
    assert [verdict.sealed for verdict in verdicts(stage)] == [12, 12]


def test_a_trail_that_was_rewritten_without_its_seals_has_lost_its_anchor(stage: Stage) -> None:
    stage.write(10)
    stage.seal()
    forge(stage)
    assert broken(stage) == [(8, "lost"), (5, "changed")]  # and the second file names the record
    assert "its anchor is lost" in stage.seal().problems["trail"]
    assert last(stage) == ("audit.anchor", "lost")
    with ControlStore.open(stage.home.control) as store:
        assert store.connection.execute("SELECT seq FROM audit_seals").fetchall() == [(9,)]
    stage.write(3)
    stage.seal()
    assert broken(stage)[0] == (9, "lost")


def test_that_the_second_file_is_gone_too_hides_nothing_of_a_vault_that_is_old(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, clock=lambda: now_us() - 2 * FRESH_US) as store:
        store.set_setting("vault.backend", "env")
    stage.write(10)
    with ControlStore.open(stage.home.control) as store:
        assert sealed_before(store.connection, stage.key, None, now_us()) is not None
    stage.home.audit_anchor.write_text("{}")
    stage.home.audit_anchor.chmod(0o600)
    forge(stage)
    assert broken(stage) == [(8, "lost")]
    stage.seal()
    assert last(stage) == ("audit.anchor", "lost")


def test_a_vault_that_was_chosen_just_now_begins_a_trail_of_any_age(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, clock=lambda: now_us() - 2 * FRESH_US) as store:
        store.create_team("search")
    with ControlStore.open(stage.home.control) as store:
        store.set_setting("vault.backend", "env")
    assert broken(stage) == []
    stage.seal()
    assert last(stage) == ("audit.begin", "ok")
