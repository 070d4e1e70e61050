"""Whether a provider's address may be used, as far as that shows without asking a name server.

Names are resolved by the worker, which checks every address again and connects to the one it checked.
"""

import re
import socket
import unicodedata
from urllib.parse import urlsplit

from gatewatch.public_address import is_public

_PRIVATE_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\.?", re.IGNORECASE)
_NEXT = "or say allow_private: true for this provider, if that is meant"


def objection(base_url: str, allow_private: bool) -> tuple[str, str] | None:
    """(what is wrong, what would be allowed), or None. Never shows a password that stands in the URL."""
    try:
        url = urlsplit(base_url)
        port = url.port
    except ValueError:
        return "no URL", "an address such as https://api.example.com/v1"
    if url.username is not None or url.password is not None:
        return "a URL with a user or password in it", "the address alone; the key belongs into api_key"
    if not re.fullmatch(r"[!-~]+", base_url):
        return "a URL with characters that are not ASCII", "a host in its ASCII form (xn--…) and an escaped path"
    if url.scheme not in ("http", "https") or not url.hostname or port == 0:
        return "no http(s) URL", "an address such as https://api.example.com/v1"
    if url.query or url.fragment or "?" in base_url or "#" in base_url:
        return "a URL with a query or fragment", "the address alone; keys belong into api_key, the rest into query"
    if "{" in base_url.replace("{model}", "") or "{" in url.netloc:
        return "a placeholder that nothing fills in", "{model}, in the path"
    if allow_private:
        return None if _is_host(url.hostname) else ("no host name", "a host name or an IP address")
    if url.scheme != "https":
        return "http, which would send the key in the clear", f"https, {_NEXT}"
    return _host_objection(url.hostname)


def _host_objection(host: str) -> tuple[str, str] | None:
    address = literal_address(host)
    if address:
        return None if is_public(address) else (f"the private address {address}", f"a public address, {_NEXT}")
    if not _is_host(host):
        return "no host name", "a host name or an IP address"
    name = host.rstrip(".").lower()
    if "." not in name or name.endswith(tuple(f".{end}" for end in _PRIVATE_NAMES)) or name in _PRIVATE_NAMES:
        return f"the private name {name}", f"a public name, {_NEXT}"
    return None


def literal_address(host: str) -> str | None:
    """The IP address that `host` is for a resolver, in whatever way it is written (`127.1`, `0x7f000001`)."""
    host = unicodedata.normalize("NFKC", host).partition("%")[0].rstrip(".")
    try:
        if ":" in host:
            return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, host))
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _is_host(host: str) -> bool:
    """A host whose last part is a number is an address or nothing."""
    if literal_address(host):
        return True
    last = host.rstrip(".").rpartition(".")[2]
    return bool(_NAME.fullmatch(host)) and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last, re.IGNORECASE)
