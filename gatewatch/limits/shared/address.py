"""Where a store is and how one logs in there, read from its URL. The password is in nothing that this shows.

`redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, `rediss://…` over TLS, with `?ca=FILE` for an authority of one's
own, or `unix:///PATH/OF/SOCKET[?db=DATABASE]`.
"""

import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from gatewatch.errors import GatewatchError
from gatewatch.hidden import hides

_PORT = 6379
_FORMS = "Write redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH, and keep one with a password in the vault."


@hides("password")
class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Of one store."""

    host: str = ""
    port: int = _PORT
    path: str = ""
    """Of a unix socket, instead of host and port."""
    database: int = 0
    user: str = ""
    password: str | None = None
    tls: bool = False
    ca: str | None = None
    """File with the certificates that the store's own has to be signed by; None: the system's."""

    @property
    def text(self) -> str:
        """For people: no name and no password."""
        return f"unix://{self.path}" if self.path else f"{'rediss' if self.tls else 'redis'}://{self.place}"

    @property
    def place(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext | None:
        """For TLS. Raises OSError where the file of the authority cannot be read."""
        return ssl.create_default_context(cafile=self.ca) if self.tls else None

    def moved(self, place: str) -> "Address":
        """The same store at another of its nodes: `HOST:PORT`, without a host the same one."""
        host, _, port = place.rpartition(":")
        return msgspec.structs.replace(self, host=host.strip("[]") or self.host, port=int(port), path="")


def read_url(url: str) -> Address:
    """Raises GatewatchError, which repeats nothing of the URL."""
    try:
        parts = urlsplit(url.strip())
        asked: dict[str, Any] = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        database = asked.get("db") or (parts.path.strip("/") if parts.scheme != "unix" else "")
        found = Address(
            host=parts.hostname or "",
            port=parts.port or _PORT,
            path=unquote(parts.path) if parts.scheme == "unix" else "",
            database=int(database or 0),
            user=unquote(parts.username or ""),
            password=None if parts.password is None else unquote(parts.password),
            tls=parts.scheme == "rediss",
            ca=asked.get("ca"),
        )
    except ValueError:
        raise GatewatchError("stores.limits is no URL of a store (it is not shown)", _FORMS) from None
    known = found.path if parts.scheme == "unix" else found.host and parts.scheme in ("redis", "rediss")
    if not known or asked.keys() - {"db", "ca"}:
        raise GatewatchError("stores.limits is no URL of a store (it is not shown)", _FORMS)
    return found
