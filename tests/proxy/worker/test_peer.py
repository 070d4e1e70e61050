"""A caller cannot make up its own address; behind trusted proxies the real one is seen."""

import pytest

from proxy.worker.peer import TrustedProxies

BEHIND = TrustedProxies(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "source"),
    [
        ("10.0.0.5", b"203.0.113.7", "203.0.113.7"),
        ("10.0.0.5", b"1.2.3.4, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.0.0.5", b"evil, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.5", b"203.0.113.7, not-an-address", "10.0.0.5"),
        ("10.0.0.5", b"10.0.0.6", "10.0.0.6"),
        ("::1", b"2001:db8::1", "2001:db8::1"),
        ("198.51.100.1", b"203.0.113.7", "198.51.100.1"),
        ("10.0.0.5", None, "10.0.0.5"),
        ("local", b"203.0.113.7", "local"),
        ("10.0.0.5", b"\xff\xfe", "10.0.0.5"),
    ],
)
def test_the_nearest_address_that_is_no_trusted_proxy(peer: str, forwarded_for: bytes | None, source: str) -> None:
    assert BEHIND.source(peer, forwarded_for) == source


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert TrustedProxies([]).source("127.0.0.1", b"203.0.113.7") == "127.0.0.1"
