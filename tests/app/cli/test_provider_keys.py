import argparse

import pytest

from app.cli.provider_keys import resolver
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.references import SecretError


@pytest.fixture
def args(home: Home) -> argparse.Namespace:
    return argparse.Namespace(home=str(home.root), config=None, vault=None, passphrase_fd=None, ask_passphrase=False)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_VAULT", "file")
    return Home(tmp_path_factory.mktemp("home"))


def test_a_key_of_the_environment_needs_no_vault(
    args: argparse.Namespace, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-1")
    with resolver(args, home, "env:SOME_KEY") as resolve:
        assert resolve("env:SOME_KEY") == "sk-1"
    assert not home.control.exists()


def test_a_key_of_the_vault_is_read_from_it(args: argparse.Namespace, home: Home) -> None:
    with ControlStore.open(home.make().control) as store:
        open_vault(home, store, Wish(kind="file")).set("openai", "sk-2")
    with resolver(args, home, "vault:openai") as resolve:
        assert resolve("vault:openai") == "sk-2"
        with pytest.raises(SecretError):
            resolve("vault:other")


def test_no_vault_is_made_where_there_is_none(args: argparse.Namespace, home: Home) -> None:
    with resolver(args, home, "vault:openai") as resolve, pytest.raises(SecretError):
        resolve("vault:openai")
    assert not home.vault.exists()
