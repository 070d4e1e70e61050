"""The sockets that the control process makes."""

import socket
from pathlib import Path

from gatewatch.errors import GatewatchError

BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """The data plane's listening socket, inherited by workers. Raises GatewatchError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise GatewatchError(
            f"Cannot listen on {host}:{port}: {error.strerror}.", "Take another port with --port, or 0 for a free one."
        ) from error
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
