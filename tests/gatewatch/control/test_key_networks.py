"""The networks that a key was used from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.key_networks import MOST_NETWORKS, learn, network_of, networks_of
from gatewatch.control.store import ControlStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="alice") as opened:
        yield opened


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("unix", None),
        ("", None),
        ("203.0.113.77, 10.0.0.1", None),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str | None) -> None:
    assert network_of(address) == network


def test_a_network_is_news_once_per_key(store: ControlStore) -> None:
    one, _ = store.create_key("one", team="search", create_team=True, pepper=bytes(32))
    two, _ = store.create_key("two", team="search", pepper=bytes(32))
    generation = store.generation()
    assert learn(store.connection, one.id, "203.0.113.0/24", 5)
    assert not learn(store.connection, one.id, "203.0.113.0/24", 9)
    assert learn(store.connection, two.id, "203.0.113.0/24", 9)
    assert networks_of(store.connection, one.id) == {"203.0.113.0/24": 5}
    assert not learn(store.connection, "nobody00", "203.0.113.0/24", 5)
    assert store.generation() == generation, "no worker reads its keys again for this"


def test_no_key_fills_the_store(store: ControlStore) -> None:
    key, _ = store.create_key("one", team="search", create_team=True, pepper=bytes(32))
    with store.change():
        learnt = [learn(store.connection, key.id, f"10.{n >> 8}.{n & 255}.0/24", n) for n in range(MOST_NETWORKS + 5)]
    assert learnt.count(True) == len(networks_of(store.connection, key.id)) == MOST_NETWORKS
