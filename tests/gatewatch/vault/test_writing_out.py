"""What a read-only vault has to be given is written into a private folder, once, and changes no key."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultError
from gatewatch.vault.opening import NO_WISH, Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper
from gatewatch.vault.writing_out import secrets_to_give, write_out

CANARY = "sk-canary-4f1c9a7e2b8d6350"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def store(home: Home) -> Iterator[ControlStore]:
    with ControlStore.open(home.control) as opened:
        yield opened


def test_the_secrets_of_a_home_are_given_on_and_what_it_lacks_is_made(home: Home, store: ControlStore) -> None:
    vault = open_vault(home, store, Wish(kind="file"))
    pepper = get_or_create_pepper(home, store, vault)
    vault.set("openai", CANARY)
    vault.set("gatewatch/audit-anchor", "changes with every entry of the trail")
    entries = secrets_to_give(home, store, NO_WISH)
    assert entries.keys() == {"gatewatch/pepper", "gatewatch/audit-key", "openai"}
    assert entries["gatewatch/pepper"] == pepper.hex()
    assert len(entries["gatewatch/audit-key"]) == 64


def test_a_home_whose_pepper_is_lost_gets_no_new_one(home: Home, store: ControlStore) -> None:
    store.set_setting("pepper.check", "0123456789abcdef")
    with pytest.raises(VaultError, match="does not hold the pepper"):
        secrets_to_give(home, store, NO_WISH)


def test_a_new_home_gets_new_secrets_each_time(home: Home, store: ControlStore) -> None:
    first, second = (secrets_to_give(home, store, NO_WISH) for _ in range(2))
    assert first.keys() == second.keys() == {"gatewatch/pepper", "gatewatch/audit-key"}
    assert first != second


def test_credentials_are_private_files_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "made"
    files = write_out({"gatewatch/pepper": "0" * 64, "openai": CANARY}, folder, "systemd")
    assert {file.name: file.read_text() for file in files} == {"gatewatch.pepper": "0" * 64, "gatewatch-openai": CANARY}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_variables_stand_in_one_file(tmp_path: Path) -> None:
    (file,) = write_out({"gatewatch/pepper": "0" * 64, "in-house": CANARY}, tmp_path / "made", "env")
    assert file.read_text() == f"GATEWATCH_OWN_PEPPER={'0' * 64}\nGATEWATCH_SECRET_IN_HOUSE={CANARY}\n"


def test_what_is_there_is_never_written_over_nor_beside(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(UsageError, match="is not empty"):
        write_out({"openai": CANARY}, tmp_path, "systemd")
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


def test_what_a_variable_cannot_hold_or_tell_apart_is_refused_unseen(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="several lines") as refused:
        write_out({"vertex": f"{{\n{CANARY}\n}}"}, tmp_path / "made", "env")
    assert CANARY not in str(refused.value)
    with pytest.raises(VaultError, match="would both be GATEWATCH_SECRET_IN_HOUSE"):
        write_out({"in-house": "one", "in_house": "two"}, tmp_path / "made", "env")


def test_a_vault_that_gatewatch_writes_itself_needs_no_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is written by Gatewatch itself"):
        write_out({}, tmp_path / "made", "file")
