"""URLs of stores are read, and their secrets shown nowhere."""

import pytest

from gatewatch.errors import GatewatchError
from gatewatch.limits.shared.address import Address, read_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://store", Address(host="store")),
        ("redis://store:7000/3", Address(host="store", port=7000, database=3)),
        ("redis://:p%40ss@store", Address(host="store", password="p@ss")),
        ("redis://ann:secret@[::1]:7000", Address(host="::1", port=7000, user="ann", password="secret")),
        ("rediss://store?ca=/etc/ca.pem", Address(host="store", tls=True, ca="/etc/ca.pem")),
        ("redis://store?db=2", Address(host="store", database=2)),
        ("unix:///run/redis.sock?db=1", Address(path="/run/redis.sock", database=1)),
    ],
)
def test_a_url_says_where_the_store_is(url: str, expected: Address) -> None:
    assert read_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "store:6379",
        "http://store",
        "redis://",
        "redis://store/x",
        "redis://store:port",
        "unix://",
        "redis://s?tls=1",
    ],
)
def test_what_is_no_url_of_a_store_is_refused(url: str) -> None:
    with pytest.raises(GatewatchError, match="no URL"):
        read_url(url)


def test_nothing_shows_the_password() -> None:
    address = read_url("rediss://ann:canary-5b1f@store:7000/2")
    assert "canary" not in address.text + repr(address) + str(address)
    assert address.text == "rediss://store:7000"
    with pytest.raises(GatewatchError) as refused:
        read_url("redis://ann:canary-5b1f@store:7000/two")
    assert "canary" not in str(refused.value)


def test_a_cluster_moves_one_to_another_node_with_the_same_login() -> None:
    address = read_url("redis://:pw@store:7000")
    assert address.moved("10.0.0.2:7001") == Address(host="10.0.0.2", port=7001, password="pw")
    assert address.moved(":7001").host == "store"
