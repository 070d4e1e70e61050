"""Where a gateway of another machine is, the key for it, and what a failed handshake means."""

import ssl
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError, NotAllowed, Unreachable, UsageError
from gatewatch.keys import token
from gatewatch.remote_gateway import RemoteGateway, tls_failure
from tests.kit.certificates import certificate

KEY = token.mint("admin", "live")


@pytest.mark.parametrize(
    ("url", "host", "port", "shown"),
    [
        ("https://gw.example:4443", "gw.example", 4443, "https://gw.example:4443"),
        ("https://gw.example:4443/", "gw.example", 4443, "https://gw.example:4443"),
        ("https://gw.example", "gw.example", 443, "https://gw.example:443"),
        ("https://[::1]:4443", "::1", 4443, "https://[::1]:4443"),
    ],
)
def test_an_address_is_https_with_a_host(url: str, host: str, port: int, shown: str) -> None:
    remote = RemoteGateway.of(url, KEY)
    assert (remote.host, remote.port, str(remote)) == (host, port, shown)


@pytest.mark.parametrize(
    "url",
    [
        *("http://gw.example:4443", "gw.example:4443", "https://", "https://gw.example:99999", "https://gw.example/v1"),
        *("https://gw.example?key=x", "https://[::1", "unix:/run/x", "", "https://KEY@gw.example", "https://a:b@gw"),
    ],
)
def test_anything_else_is_a_usage_error_that_repeats_no_secret(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        RemoteGateway.of(url.replace("KEY", KEY), KEY)
    assert KEY not in str(refused.value)


def test_only_an_admin_key_is_taken_and_a_wrong_one_is_not_repeated() -> None:
    client = token.mint("client", "live")
    for key, said in ((client, "client key"), (KEY[:-1], "cut short"), ("", "none"), ("sk-proj-abc", "none")):
        with pytest.raises(NotAllowed, match=said) as refused:
            RemoteGateway.of("https://gw.example", key)
        assert not key or key not in str(refused.value)


def test_the_key_is_not_shown() -> None:
    remote = RemoteGateway.of("https://gw.example", KEY)
    assert KEY not in f"{remote!r} {remote}"


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for ca in (tmp_path / "empty.pem", tmp_path / "none.pem"):
        with pytest.raises(UsageError, match=f"--ca .*{ca.name}"):
            RemoteGateway.of("https://gw.example", KEY, ca=ca).tls()
    with pytest.raises(UsageError, match=r"--client-cert .*empty\.pem"):
        RemoteGateway.of("https://gw.example", KEY, client_cert=tmp_path / "empty.pem").tls()


def test_certificate_and_name_are_verified(tmp_path: Path) -> None:
    chain, _ = certificate(tmp_path, "gw.example")
    context = RemoteGateway.of("https://gw.example", KEY, ca=chain).tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1, "with --ca, no other authority vouches for it"


def _failed(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] said")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("reason", "kind", "said"),
    [
        ("WRONG_VERSION_NUMBER", Unreachable, "does not speak TLS"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", NotAllowed, "--client-cert"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", NotAllowed, "--client-cert"),
        ("SOMETHING_NEW", Unreachable, "SOMETHING_NEW"),
    ],
)
def test_a_failed_handshake_says_what_to_do(reason: str, kind: type[GatewatchError], said: str) -> None:
    told = tls_failure("https://gw.example", _failed(reason))
    assert isinstance(told, kind)
    assert said in str(told)
