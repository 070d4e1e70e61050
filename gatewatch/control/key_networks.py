"""The networks that keys were used from, as prefixes: /24 of IPv4, /48 of IPv6."""

import sqlite3
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

MOST_NETWORKS = 1000
"""Kept of one key: a stolen one may be used from everywhere."""


@lru_cache(4096)
def network_of(address: str) -> str | None:
    """The network that an address belongs to; None for what is no address."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or IPv6Address(int(found))  # without its scope
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def networks_of(connection: sqlite3.Connection, key_id: str) -> dict[str, int]:
    """Network → when the key was first used from there (µs)."""
    return dict(connection.execute("SELECT network, first_used_at FROM key_networks WHERE key_id = ?", (key_id,)))


def learn(connection: sqlite3.Connection, key_id: str, network: str, at: int) -> bool:
    """Keep that a key was used from a network; whether that was news. A key that is gone, or has been everywhere, is
    not told apart any more."""
    added = connection.execute(
        "INSERT OR IGNORE INTO key_networks SELECT id, ?2, ?3 FROM virtual_keys WHERE id = ?1"
        " AND (SELECT count(*) FROM key_networks WHERE key_id = ?1) < ?4",
        (key_id, network, at, MOST_NETWORKS),
    )
    return added.rowcount == 1
