"""A gateway on another machine: where its control API is, and the admin key to show it.

Keeps true: the key goes to that address only, over TLS whose certificate was verified for that name. Standard library
only, as `control_client`.
"""

import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from gatewatch.errors import GatewatchError, NotAllowed, Unreachable, UsageError
from gatewatch.hidden import hides
from gatewatch.keys import token

_EXAMPLE = "as in --attach https://gateway.example:4443"


@hides("key")
class RemoteGateway(NamedTuple):
    """Checked, not asked anything yet."""

    host: str
    port: int
    key: str
    ca: Path | None = None
    """What has to have signed its certificate; None: the system's list."""
    client_cert: Path | None = None
    """PEM file with a certificate and its key, for a gateway that asks for one."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"

    @classmethod
    def of(cls, url: str, key: str, ca: Path | None = None, client_cert: Path | None = None) -> "RemoteGateway":
        """Raises UsageError for what is no address of a control API, NotAllowed for what is no admin key."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise UsageError("that is no address of a gateway", _EXAMPLE) from None
        if parts.scheme == "http":
            raise UsageError("a gateway is reached over https only: an admin key would be read on the way", _EXAMPLE)
        if parts.scheme != "https" or not host or parts.path.strip("/") or parts.query or parts.fragment:
            raise UsageError("that is no address of a gateway", _EXAMPLE)
        if parts.username is not None or parts.password is not None:
            raise UsageError("an address holds no key", "give the key with --admin-key-file or GATEWATCH_ADMIN_KEY")
        if token.parse(key) is None:
            raise NotAllowed(
                "what is given as the admin key is none: it is cut short, or has a typo",
                "it begins with gwk_ak_ and has 69 characters",
            )
        if not key.startswith("gwk_ak_"):
            raise NotAllowed(
                "this is a client key: it makes calls, it operates nothing",
                "make an admin key there: `gatewatch keys create NAME --team TEAM --kind admin`",
            )
        return cls(host, 443 if port is None else port, key, ca, client_cert)

    def tls(self) -> ssl.SSLContext:
        """Verifies certificate and name. Raises UsageError for files that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"--ca {self.ca} cannot be used: {error}", "a PEM file with certificates") from error
        if self.client_cert is not None:
            try:
                context.load_cert_chain(self.client_cert)
            except (OSError, ssl.SSLError) as error:
                step = "a PEM file with a certificate and its key"
                raise UsageError(f"--client-cert {self.client_cert} cannot be used: {error}", step) from error
        return context


def tls_failure(where: str, error: ssl.SSLError) -> GatewatchError:
    """What a failed handshake means for whoever wanted to attach."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if "hostname" in error.verify_message.lower() or "IP address" in error.verify_message:
            return Unreachable(
                f"The certificate of {where} is for another name: {error.verify_message}",
                "Attach by a name that stands in it.",
            )
        return Unreachable(
            f"The certificate of {where} is not trusted: {error.verify_message}.",
            "If it is your gateway, give the file of its certificate or of its authority with --ca.",
        )
    reason = error.reason or str(error)
    if reason in ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return Unreachable(f"{where} does not speak TLS.", "Is it the port of `control: {listen}`, not the apps' one?")
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason:
        return NotAllowed(f"{where} wants a certificate of yours, too.", "Give it with --client-cert FILE.")
    return Unreachable(f"No TLS with {where}: {reason}", "See the gateway's log.")
