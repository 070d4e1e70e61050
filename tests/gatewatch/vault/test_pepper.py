"""The pepper: one per home, however many ask at once, and never replaced behind the keys' back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultError
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.pepper import NAME, get_or_create_pepper

FILE = Wish(kind="file")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()


@pytest.fixture
def store(home: Home) -> Iterator[ControlStore]:
    with ControlStore.open(home.control) as opened:
        yield opened


def test_the_pepper_is_made_once_and_stands_in_the_vault_only(home: Home, store: ControlStore) -> None:
    pepper = get_or_create_pepper(home, store, open_vault(home, store, FILE))
    assert len(pepper) == 32
    assert get_or_create_pepper(home, store, open_vault(home, store)) == pepper
    for path in home.root.rglob("*"):
        if path.is_file():
            assert pepper not in path.read_bytes()
            assert pepper.hex().encode() not in path.read_bytes()


ASKER = """
import hashlib, pathlib, sys
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper
print("ready", flush=True)
sys.stdin.readline()
home = Home(pathlib.Path(sys.argv[1])).make()
store = ControlStore.open(home.control)
print(hashlib.sha256(get_or_create_pepper(home, store, open_vault(home, store, Wish(kind="file")))).hexdigest())
"""


def test_processes_that_ask_first_at_once_get_the_same_pepper(home: Home) -> None:
    askers = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, str(home.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for asker in askers:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "ready\n"
    for asker in askers:
        assert asker.stdin is not None
        asker.stdin.write("go\n")
        asker.stdin.flush()
    answers = [asker.communicate()[0] for asker in askers]
    assert len(set(answers)) == 1
    assert len(answers[0]) == 65


@pytest.mark.parametrize("loss", ["entry", "file", "another"])
def test_a_lost_pepper_is_an_error_and_not_a_new_one(home: Home, store: ControlStore, loss: str) -> None:
    vault = open_vault(home, store, FILE)
    get_or_create_pepper(home, store, vault)
    if loss == "entry":
        vault.delete(NAME)
    elif loss == "file":
        home.vault.unlink()
    else:
        vault.set(NAME, "ab" * 32)
    with pytest.raises(VaultError, match="does not hold the pepper") as refused:
        get_or_create_pepper(home, store, open_vault(home, store))
    assert "backup" in refused.value.next_step
    assert "ab" * 32 not in str(refused.value)


def test_an_entry_that_is_no_pepper_is_not_taken_for_one(home: Home, store: ControlStore) -> None:
    vault = open_vault(home, store, FILE)
    vault.set(NAME, "")
    with pytest.raises(VaultError):
        get_or_create_pepper(home, store, vault)


def test_a_process_that_died_before_noting_its_new_pepper_does_no_harm(home: Home, store: ControlStore) -> None:
    vault = open_vault(home, store, FILE)
    vault.set(NAME, "ab" * 32)
    assert get_or_create_pepper(home, store, vault) == bytes.fromhex("ab" * 32)
    vault.set(NAME, "cd" * 32)
    with pytest.raises(VaultError):
        get_or_create_pepper(home, store, vault)
