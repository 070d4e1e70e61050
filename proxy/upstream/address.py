"""Which addresses an upstream's name may lead to. The address that was checked is the one connected to."""

import asyncio
import re
import socket
from urllib.parse import urlsplit

from gatewatch.public_address import is_public

_VISIBLE = re.compile(r"[!-\[\]-~]+")
"""What may stand in a request line and a Host header as it is; no backslash, which some read as a slash."""


class Origin:
    """Scheme, host and port of a base URL, and its path prefix. Raises ValueError for anything but http(s)."""

    def __init__(self, base_url: str) -> None:
        url = urlsplit(base_url) if _VISIBLE.fullmatch(base_url) else urlsplit("")
        if url.scheme not in ("http", "https") or not url.hostname or "@" in url.netloc or url.query or url.fragment:
            raise ValueError(
                "a base URL is http(s)://host:port/path in visible ASCII, without user, query and fragment"
            )
        if url.port == 0:
            raise ValueError("port 0 is none")
        self.tls = url.scheme == "https"
        self.host = url.hostname
        self.port = url.port or (443 if self.tls else 80)
        self.path = url.path.rstrip("/")
        default = self.port == (443 if self.tls else 80)
        name = f"[{self.host}]" if ":" in self.host else self.host
        self.authority = name if default else f"{name}:{self.port}"


async def resolve(origin: Origin, allow_private: bool) -> list[str]:
    """The addresses to try, in the resolver's order. Raises OSError where there is none, or one may not be used."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise OSError(
                    f"{origin.host} leads to {address}, which is not a public address; "
                    "set allow_private: true for this provider if that is meant"
                )
    return addresses
