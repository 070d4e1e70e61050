"""What a key's lists may hold, beside models, and its region and data class."""

from ipaddress import ip_network

from gatewatch.errors import UsageError
from gatewatch.keys.secret_shapes import shown
from gatewatch.routing.data_class import DATA_CLASSES
from gatewatch.routing.region import AREAS, is_area

CALLER_DIALECTS = ("openai-chat", "openai-completions", "openai-responses", "anthropic-messages")
"""What a caller can speak; embeddings are asked for in `openai-chat`."""


def checked_dialects(dialects: tuple[str, ...]) -> tuple[str, ...]:
    """Raises UsageError where the list is empty or names what no caller speaks."""
    if not dialects:
        raise UsageError("an empty list of dialects would allow none", "name at least one, or leave the list out")
    for dialect in dialects:
        if dialect not in CALLER_DIALECTS:
            raise UsageError(f"no caller speaks {shown(dialect)}", f"there are: {', '.join(CALLER_DIALECTS)}")
    return tuple(dict.fromkeys(dialects))


def checked_region(region: str) -> str:
    """Raises UsageError for what is no area that a provider's region could lie in."""
    if is_area(region):
        return region
    raise UsageError(f"no region is called {shown(region)}", f"as in {', '.join(AREAS)}, or swedencentral")


def checked_data_class(data_class: str) -> str:
    """Raises UsageError for what is no class."""
    if data_class in DATA_CLASSES:
        return data_class
    raise UsageError(f"there is no data class {shown(data_class)}", f"there are: {', '.join(DATA_CLASSES)}")


def checked_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    """CIDR networks or single addresses, in their usual form. Raises UsageError."""
    if not networks:
        raise UsageError("an empty list of networks would allow none", "name at least one, or leave the list out")
    try:
        return tuple(dict.fromkeys(str(ip_network(network.strip())) for network in networks))
    except ValueError as error:
        raise UsageError(f"not a network: {error}", "as in 10.0.0.0/8, 192.0.2.17 or 2001:db8::/32") from None
