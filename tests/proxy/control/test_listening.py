"""The sockets of a gateway."""

import socket
import ssl
import stat
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError
from proxy.control.listening import bind, bind_unix, tls_context
from tests.kit.certificates import certificate


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_a_free_port_is_taken_and_connections_wait_for_the_first_worker() -> None:
    with bind("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname(), timeout=5) as client:
        assert client.getpeername() == listening.getsockname()


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(GatewatchError, match=f"127.0.0.1:{port}") as refused:
            bind("127.0.0.1", port)
    assert "--port" in refused.value.next_step
    assert refused.value.exit_code == 1


def test_the_port_of_a_gateway_that_has_just_ended_is_free() -> None:
    with bind("127.0.0.1", 0) as listening:
        address = listening.getsockname()
        with socket.create_connection(address, timeout=5) as client:
            accepted, _ = listening.accept()
            accepted.close()  # the side that closes first keeps the port in TIME_WAIT
            assert client.recv(1) == b""
    bind(*address).close()


def test_an_address_that_is_not_ours_is_an_error_and_no_traceback() -> None:
    with pytest.raises(GatewatchError, match=r"192\.0\.2\.1"):
        bind("192.0.2.1", 0)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_ipv6_works_too() -> None:
    with bind("::1", 0) as listening:
        assert listening.family == socket.AF_INET6


def test_a_unix_socket_is_this_user_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with bind_unix(path):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_socket_of_a_dead_gateway_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    bind_unix(path).close()
    with bind_unix(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


@pytest.mark.parametrize("name", ["gone/control.sock", "long" * 40])
def test_a_place_where_no_socket_can_be_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(GatewatchError, match=str(tmp_path)):
        bind_unix(tmp_path / name)


def test_tls_is_1_2_or_later_and_asks_for_a_certificate_only_where_told(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "gw.example")
    alone = tls_context(str(chain), str(key))
    assert alone.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert alone.verify_mode is ssl.CERT_NONE
    assert tls_context(str(chain), str(key), str(chain)).verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(GatewatchError, match="TLS cannot be served with"):
        tls_context(str(chain), str(tmp_path / "none.key"))
