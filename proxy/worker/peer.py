"""Whose call it is, where trusted proxies stand before the gateway: X-Forwarded-For is believed from them only."""

import ipaddress
from collections.abc import Sequence

_LONGEST_CHAIN = 20


class TrustedProxies:
    """Networks whose word about the address before them counts."""

    def __init__(self, networks: Sequence[str]) -> None:
        """Raises ValueError for what is no network."""
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def source(self, peer: str, forwarded_for: bytes | None) -> str:
        """The nearest address that is not a trusted proxy's. Whatever stands left of it may be made up."""
        if not self._networks or forwarded_for is None or not self._trusts(peer):
            return peer
        source = peer
        for hop in reversed(forwarded_for.decode("latin-1").split(",")[-_LONGEST_CHAIN:]):
            address = hop.strip()
            if not _is_address(address):
                break
            source = address
            if not self._trusts(address):
                break
        return source

    def _trusts(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
