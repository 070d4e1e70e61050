"""Where a key may be used from, and in which language: what is known before the body is read.

Which models and routes it may take is `authorise`'s to say.
"""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from gatewatch.control.records import KeyRecord
from proxy.refusal import dialect_not_allowed, network_not_allowed

_ANTHROPIC = "anthropic-messages"
_REMEMBERED_LISTS = 4096


def check_network(key: KeyRecord, source: str) -> None:
    """`source`: the address of the caller, behind trusted proxies. Raises Refusal."""
    if key.networks is not None and not _lies_in(source, _networks(key.networks)):
        raise network_not_allowed(f"{source} is in none of {', '.join(key.networks)}")


def check_dialect(key: KeyRecord, dialect: str) -> None:
    """`dialect`: what the call is written in. Raises Refusal."""
    if key.dialects is not None and dialect not in key.dialects:
        raise dialect_not_allowed(dialect)


def check_listing(key: KeyRecord, dialect: str) -> None:
    """The list of models has two forms, and OpenAI's is that of several dialects. Raises Refusal."""
    if key.dialects is not None and all((each == _ANTHROPIC) != (dialect == _ANTHROPIC) for each in key.dialects):
        raise dialect_not_allowed(dialect)


@lru_cache(_REMEMBERED_LISTS)
def _networks(listed: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in listed)


def _lies_in(source: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(source)
    except ValueError:  # not a socket with an address
        return False
    if isinstance(address, IPv6Address) and (inner := address.ipv4_mapped):  # IPv4 as a socket for both has it
        address = inner
    return any(address in network for network in networks)
