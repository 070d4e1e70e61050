"""What the configuration says of a server; nothing that would send a secret in the clear."""

from pathlib import Path

import pytest

from gatewatch.vault.hashicorp_options import read_options
from gatewatch.vault.interface import VaultError

GIVEN = {"address": "https://vault.example.com:8200/", "path": "/gatewatch/one/"}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAULT_ADDR", "VAULT_NAMESPACE", "VAULT_CACERT", "VAULT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_what_is_left_out_has_the_usual_values() -> None:
    options = read_options(GIVEN)
    assert (options.address, options.path) == ("https://vault.example.com:8200", "gatewatch/one")
    assert (options.mount, options.token, options.role_mount) == ("secret", "env:VAULT_TOKEN", "approle")


def test_vaults_own_variables_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "https://elsewhere:8200")
    monkeypatch.setenv("VAULT_NAMESPACE", "team-a")
    assert (read_options({"path": "x"}).address, read_options({"path": "x"}).namespace) == (
        "https://elsewhere:8200",
        "team-a",
    )
    assert read_options(GIVEN).address == "https://vault.example.com:8200"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "x"}, "address is missing"),
        ({"address": "https://v:8200"}, "path is missing"),
        (GIVEN | {"adress": "x"}, "'adress' is no option"),
        (GIVEN | {"role_id": "x"}, "role_id and secret_id go together"),
        (GIVEN | {"address": "http://vault.example.com:8200"}, "in the clear"),
        (GIVEN | {"address": "https://user:canary@vault.example.com"}, "no plain URL"),
        (GIVEN | {"address": "ftp://vault.example.com"}, "no plain URL"),
        (GIVEN | {"address": "https://[::1"}, "no plain URL"),
        (GIVEN | {"address": "https://v:99999"}, "no plain URL"),
        (GIVEN | {"address": "vault.example.com:8200"}, "no plain URL"),
    ],
)
def test_what_does_not_fit_is_an_error(given: dict[str, str], message: str) -> None:
    with pytest.raises(VaultError, match=message) as refused:
        read_options(given)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200"])
def test_an_agent_on_this_machine_may_speak_plain_http(address: str) -> None:
    assert read_options(GIVEN | {"address": address}).address == address


def test_tls_is_verified_always(tmp_path: Path) -> None:
    context = read_options(GIVEN).tls()
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    with pytest.raises(VaultError, match=r"vault_options\.ca"):
        read_options(GIVEN | {"ca": str(tmp_path / "nothing.pem")}).tls()
