"""The sockets that the control process makes, and what TLS is spoken on them."""

import socket
import ssl
from pathlib import Path

from gatewatch.errors import GatewatchError

BACKLOG = 2048


def bind(host: str, port: int, step: str = "Take another port with --port, or 0 for a free one.") -> socket.socket:
    """A listening socket. Raises GatewatchError with the next `step` where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise GatewatchError(f"Cannot listen on {host}:{port}: {error.strerror}.", step) from error
    listening.listen(BACKLOG)
    return listening


def bind_unix(path: Path) -> socket.socket:
    """A unix socket of mode 0600; a stale one of the same name is replaced."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        server.bind(str(path))
        path.chmod(0o600)  # nobody can connect before listen(); a umask would be every thread's
        server.listen(64)
    except OSError as error:
        server.close()
        raise GatewatchError(
            f"Cannot listen on {path}: {error.strerror or error}.", "See `gatewatch doctor`."
        ) from error
    return server


def tls_context(cert: str, key: str, client_ca: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 and later with these PEM files; with `client_ca`, only for clients whose certificate it has signed.

    Raises GatewatchError that names what cannot be used.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(Path(cert).expanduser(), Path(key).expanduser())
    except (OSError, ssl.SSLError) as error:
        raise _unusable(f"{cert} and {key}", error, "They have to be PEM, and belong together.") from error
    if client_ca is not None:
        try:
            context.load_verify_locations(Path(client_ca).expanduser())
        except (OSError, ssl.SSLError) as error:
            raise _unusable(client_ca, error, "It has to be PEM, with at least one certificate.") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _unusable(what: str, error: OSError, step: str) -> GatewatchError:
    return GatewatchError(f"TLS cannot be served with {what}: {error.strerror or error}.", step)
