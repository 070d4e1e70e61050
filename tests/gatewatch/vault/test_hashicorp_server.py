"""One request to a server: its answer, or an error that says what to look at. Over real sockets, and real TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.vault.hashicorp_options import read_options
from gatewatch.vault.hashicorp_server import NotLetIn, Server
from gatewatch.vault.interface import VaultError
from tests.kit.certificates import certificate
from tests.kit.kv_server import KvServer, kv_server

TOKEN = "canary-token-4f1c9a7e2b8d6350"
PLACE = "/v1/secret/data/x"


@pytest.fixture
def served() -> Iterator[KvServer]:
    with kv_server() as server:
        server.tokens.add(TOKEN)
        yield server


def to(server: KvServer, **options: str) -> Server:
    return Server(read_options({"address": server.address, "path": "gatewatch", **options}))


def test_an_answer_nothing_and_no_content(served: KvServer) -> None:
    asks = to(served)
    assert asks.ask("GET", PLACE, TOKEN) is None
    assert asks.ask("POST", PLACE, TOKEN, {"data": {"value": "v"}})["data"]["version"] == 1
    assert asks.ask("GET", PLACE, TOKEN)["data"]["data"] == {"value": "v"}
    assert asks.ask("DELETE", PLACE.replace("data", "metadata"), TOKEN) == {}


def test_the_namespace_goes_with_every_request() -> None:
    with kv_server("team-a") as server:
        server.tokens.add(TOKEN)
        assert to(server, namespace="team-a").ask("GET", PLACE, TOKEN) is None
        with pytest.raises(NotLetIn):
            to(server, namespace="team-b").ask("GET", PLACE, TOKEN)


def test_a_sealed_server_is_told(served: KvServer) -> None:
    served.sealed = True
    with pytest.raises(VaultError, match="is sealed: Vault is sealed") as refused:
        to(served).ask("GET", PLACE, TOKEN)
    assert "unseal" in refused.value.next_step


def test_a_token_that_is_refused_is_told_and_not_repeated(served: KvServer) -> None:
    with pytest.raises(NotLetIn, match="does not let us do this: permission denied") as refused:
        to(served).ask("GET", PLACE, "another-" + TOKEN)
    assert TOKEN not in str(refused.value)


def test_what_is_refused_is_told_with_the_servers_reason(served: KvServer) -> None:
    with pytest.raises(VaultError, match="answers 400: no data provided"):
        to(served).ask("POST", PLACE, TOKEN, {"value": "v"})


def test_no_redirect_is_followed_so_the_token_goes_nowhere_else(served: KvServer) -> None:
    with kv_server() as other:
        served.redirect_to = other.address
        with pytest.raises(VaultError, match="answers 307"):
            to(served).ask("GET", PLACE, TOKEN)
        assert other.asked == []


def test_a_certificate_that_nobody_vouches_for_ends_it_before_the_token_is_sent(tmp_path: Path) -> None:
    pair = certificate(tmp_path, "localhost")
    with kv_server(certificate=pair) as server:
        server.tokens.add(TOKEN)
        with pytest.raises(VaultError, match=r"does not answer: .*CERTIFICATE_VERIFY_FAILED") as refused:
            to(server).ask("GET", PLACE, TOKEN)
        assert TOKEN not in str(refused.value)
        assert server.asked == []
        assert to(server, ca=str(pair[0])).ask("GET", PLACE, TOKEN) is None


def test_a_certificate_of_another_name_ends_it_too(tmp_path: Path) -> None:
    pair = certificate(tmp_path, "vault.example.com")
    with kv_server(certificate=pair) as server:
        server.address = server.address.replace("vault.example.com", "localhost")
        with pytest.raises(VaultError, match="does not answer"):
            to(server, ca=str(pair[0])).ask("GET", PLACE, TOKEN)
        assert server.asked == []


def test_the_proxies_of_the_environment_are_not_used(served: KvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert to(served).ask("GET", PLACE, TOKEN) is None


def test_where_nobody_listens_the_address_is_named() -> None:
    with kv_server() as server:
        asks = to(server)
    with pytest.raises(VaultError, match=f"the vault at {server.address} does not answer"):
        asks.ask("GET", PLACE, TOKEN)
