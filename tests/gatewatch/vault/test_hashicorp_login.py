"""Getting in: a token, a role, and a token that has expired meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.vault.hashicorp_login import Login
from gatewatch.vault.hashicorp_options import read_options
from gatewatch.vault.hashicorp_server import NotLetIn
from gatewatch.vault.interface import VaultError
from gatewatch.vault.references import SecretError
from tests.kit.kv_server import KvServer, kv_server

PLACE = "/v1/secret/data/gatewatch/one/openai"
SECRET_ID = "canary-secret-id-4f1c9a7e2b8d6350"


@pytest.fixture
def server() -> Iterator[KvServer]:
    with kv_server() as served:
        yield served


def login(server: KvServer, **options: str) -> Login:
    return Login(read_options({"address": server.address, "path": "gatewatch/one", **options}))


def test_a_token_is_read_when_it_is_needed_and_again_when_it_was_renewed(server: KvServer, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    asks = login(server, token=f"file:{token}")
    assert server.asked == []
    for text in ("first", "second"):
        token.write_text(text)
        server.tokens = {text}
        assert asks.ask("GET", PLACE) is None
    assert [asked.headers["x-vault-token"] for asked in server.asked] == ["first", "first", "second"]


def test_a_role_gets_a_token_and_another_one_when_that_has_expired(server: KvServer, tmp_path: Path) -> None:
    secret_id = tmp_path / "secret-id"
    secret_id.write_text(SECRET_ID)
    secret_id.chmod(0o600)
    server.roles["gateway"] = SECRET_ID
    asks = login(server, role_id="gateway", secret_id=f"file:{secret_id}")
    assert asks.ask("GET", PLACE) is None
    assert asks.ask("GET", PLACE) is None
    server.tokens.clear()
    assert asks.ask("GET", PLACE) is None
    paths = [asked.path for asked in server.asked]
    assert paths == ["/v1/auth/approle/login", PLACE, PLACE, PLACE, "/v1/auth/approle/login", PLACE]


def test_a_token_that_stays_refused_is_an_error_after_one_more_try(
    server: KvServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "canary-of-the-token")
    asks = login(server)
    for _ in range(2):
        with pytest.raises(NotLetIn, match="permission denied; invalid token") as refused:
            asks.ask("GET", PLACE)
        assert "canary" not in str(refused.value)
    assert len(server.asked) == 1 + 2, "the second time the kept token was tried first"


def test_a_role_that_is_refused_is_told_without_its_secret(server: KvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_ID", SECRET_ID)
    with pytest.raises(VaultError, match="answers 400: invalid role or secret ID") as refused:
        login(server, role_id="gateway", secret_id="env:SECRET_ID").ask("GET", PLACE)
    assert SECRET_ID not in str(refused.value)


def test_a_token_that_is_not_there_is_named_and_one_in_the_clear_is_not_repeated(
    server: KvServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_TOKEN", raising=False)
    with pytest.raises(SecretError, match="VAULT_TOKEN"):
        login(server).ask("GET", PLACE)
    with pytest.raises(SecretError) as refused:
        login(server, token="hvs.canary4f1c9a7e2b8d6350").ask("GET", PLACE)
    assert "canary" not in str(refused.value)
    with pytest.raises(VaultError, match="token is none"):
        login(server, token="none").ask("GET", PLACE)
