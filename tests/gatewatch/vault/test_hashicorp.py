"""Secrets in HashiCorp Vault or OpenBao, against a server that follows the documented API strictly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.hashicorp import HashicorpVault, open_vault
from gatewatch.vault.interface import VaultError
from gatewatch.vault.moving import move_vault
from gatewatch.vault.opening import Wish
from gatewatch.vault.opening import open_vault as open_vault_of
from gatewatch.vault.pepper import get_or_create_pepper
from tests.kit.kv_server import KvServer, kv_server

CANARY = "sk-canary-4f1c9a7e2b8d6350"
TOKEN = "hvs.canary-token-4f1c9a7e2b8d6350"


@pytest.fixture
def server() -> Iterator[KvServer]:
    with kv_server() as served:
        served.tokens.add(TOKEN)
        yield served


@pytest.fixture
def options(server: KvServer, tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    return {"address": server.address, "path": "gatewatch/one", "token": f"file:{token}"}


@pytest.fixture
def vault(options: dict[str, str]) -> HashicorpVault:
    return open_vault(options, "a test")


def test_secrets_are_kept_listed_replaced_and_forgotten_with_all_their_versions(
    vault: HashicorpVault, server: KvServer
) -> None:
    assert (vault.get("openai"), vault.names()) == (None, [])
    vault.set("openai", "an older one")
    vault.set("openai", CANARY)
    vault.set("gatewatch/pepper", "0" * 64)
    assert vault.get("openai") == CANARY
    assert vault.names() == ["gatewatch/pepper", "openai"]
    assert server.secrets["gatewatch/one/openai"] == [{"value": "an older one"}, {"value": CANARY}]
    vault.delete("openai")
    vault.delete("openai")
    assert (vault.get("openai"), vault.names()) == (None, ["gatewatch/pepper"])
    assert "gatewatch/one/openai" not in server.secrets


def test_a_secret_that_was_deleted_there_is_none(vault: HashicorpVault, server: KvServer) -> None:
    server.secrets["gatewatch/one/openai"] = [{"value": CANARY}, None]
    assert vault.get("openai") is None


def test_folders_that_nobody_of_us_makes_are_not_followed_for_ever(vault: HashicorpVault, server: KvServer) -> None:
    server.secrets["gatewatch/one/" + "/".join("abcdefghij" * 5)] = [{"value": CANARY}]
    vault.set("gatewatch/rotation/Ab3dEf9x/r1", "x")
    before = len(server.asked)
    assert vault.names() == ["gatewatch/rotation/Ab3dEf9x/r1"]
    assert len(server.asked) - before < 20


def test_homes_of_different_paths_do_not_see_each_other(options: dict[str, str], vault: HashicorpVault) -> None:
    vault.set("openai", CANARY)
    other = open_vault(options | {"path": "gatewatch/two"}, "a test")
    assert (other.get("openai"), other.names()) == (None, [])


@pytest.mark.parametrize("name", ["in-house.2", "a@b", "a+b", "UPPER_lower"])
def test_every_name_that_a_reference_may_have_can_be_kept(vault: HashicorpVault, name: str) -> None:
    vault.set(name, CANARY)
    assert (vault.get(name), vault.names()) == (CANARY, [name])


def test_what_another_tool_put_there_in_another_form_is_an_error_that_says_which_form(
    vault: HashicorpVault, server: KvServer
) -> None:
    server.secrets["gatewatch/one/openai"] = [{"api_key": CANARY}]
    with pytest.raises(VaultError, match="has no text in its field `value`") as refused:
        vault.get("openai")
    assert "gatewatch/one/openai" in refused.value.title
    assert CANARY not in str(refused.value)


def test_it_tells_where_it_is_and_nothing_that_opens_it(vault: HashicorpVault, server: KvServer) -> None:
    assert vault.describe() == ("hashicorp", f"a test; {server.address}, secret/gatewatch/one")
    assert TOKEN not in repr(vault) + str(vars(vault))


def test_a_home_lives_in_it_and_moves_out_again(
    tmp_path: Path, options: dict[str, str], server: KvServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWATCH_VAULT", raising=False)
    home, wish = Home(tmp_path / "home").make(), Wish(kind="hashicorp", options=options)
    with ControlStore.open(home.control) as store:
        vault = open_vault_of(home, store, wish)
        pepper = get_or_create_pepper(home, store, vault)
        vault.set("gatewatch/next/openai", CANARY)
        vault.set("gatewatch/rotation/Ab3dEf9x/r1", "an answer")
        assert get_or_create_pepper(home, store, open_vault_of(home, store, Wish(options=options))) == pepper
        moved = move_vault(home, store, Wish(options=options), "file")
        assert get_or_create_pepper(home, store, moved) == pepper
        assert moved.get("gatewatch/next/openai") == CANARY
        assert moved.get("gatewatch/rotation/Ab3dEf9x/r1") == "an answer"
    assert server.secrets == {}


def test_a_server_that_is_gone_when_it_is_needed_is_an_error(options: dict[str, str]) -> None:
    with kv_server() as short_lived:
        short_lived.tokens.add(TOKEN)
        vault = open_vault(options | {"address": short_lived.address}, "a test")
    with pytest.raises(VaultError, match="does not answer"):
        vault.get("openai")
