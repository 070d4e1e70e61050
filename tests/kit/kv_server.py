"""A small server of the HTTP API of HashiCorp Vault and OpenBao, as their documentation has it, and no more lenient.

Sources: developer.hashicorp.com/vault/api-docs, pages "HTTP API", "KV secrets engine version 2", "AppRole auth method".
What is not documented is answered 404 or 405, a request that is not as documented 400; each request is kept.
"""

import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

MOUNT = "secret"


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class KvServer:
    """KV version 2 at `secret/`, AppRole at `auth/approle/`. `tokens`: those that are alive."""

    def __init__(self, namespace: str = "") -> None:
        self.namespace = namespace
        self.tokens: set[str] = set()
        self.roles: dict[str, str] = {}
        self.secrets: dict[str, list[dict[str, Any] | None]] = {}
        """Path → versions; None for one that was deleted."""
        self.asked: list[Asked] = []
        self.sealed = False
        self.redirect_to = ""
        self.address = ""

    def answer(self, asked: Asked) -> tuple[int, Any]:
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        path = unquote(urlsplit(asked.path).path)
        if asked.headers.get("x-vault-request") != "true":
            return 400, {"errors": ["missing X-Vault-Request header"]}
        if asked.headers.get("x-vault-namespace", "") != self.namespace:
            return 403, {"errors": ["permission denied"]}
        if path == "/v1/auth/approle/login":
            return self._login(asked)
        if asked.headers.get("x-vault-token") not in self.tokens:
            return 403, {"errors": ["permission denied", "invalid token"]}
        kind, _, name = path.removeprefix(f"/v1/{MOUNT}/").partition("/")
        if not path.startswith(f"/v1/{MOUNT}/") or kind not in ("data", "metadata"):
            return 404, {"errors": ["no handler for route"]}
        return self._data(asked, name) if kind == "data" else self._metadata(asked, name)

    def _login(self, asked: Asked) -> tuple[int, Any]:
        if asked.method not in ("POST", "PUT"):
            return 405, {"errors": ["unsupported operation"]}
        role, secret = asked.body.get("role_id"), asked.body.get("secret_id")
        if self.roles.get(role) != secret or secret is None:
            return 400, {"errors": ["invalid role or secret ID"]}
        token = f"hvs.{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        auth = {"client_token": token, "policies": ["gatewatch"], "lease_duration": 1200, "renewable": True}
        return 200, {"request_id": "1", "auth": auth, "data": None}

    def _data(self, asked: Asked, name: str) -> tuple[int, Any]:
        versions = self.secrets.get(name, [])
        if asked.method == "GET":
            if not versions:
                return 404, {"errors": []}
            metadata = {"version": len(versions), "destroyed": False}
            if versions[-1] is None:
                return 404, {"data": {"data": None, "metadata": metadata | {"deletion_time": "2026-11-21T00:00:00Z"}}}
            return 200, {"request_id": "1", "data": {"data": versions[-1], "metadata": metadata}}
        if asked.method in ("POST", "PUT"):
            if not isinstance(asked.body, dict) or not isinstance(asked.body.get("data"), dict):
                return 400, {"errors": ["no data provided"]}
            self.secrets[name] = [*versions, asked.body["data"]]
            return 200, {"request_id": "1", "data": {"version": len(versions) + 1, "destroyed": False}}
        return 405, {"errors": ["unsupported operation"]}

    def _metadata(self, asked: Asked, name: str) -> tuple[int, Any]:
        if asked.method == "DELETE":
            self.secrets.pop(name, None)
            return 204, None
        if asked.method == "LIST" and name.endswith("/"):
            below = [path.removeprefix(name) for path in self.secrets if path.startswith(name)]
            keys = sorted({path if "/" not in path else path.partition("/")[0] + "/" for path in below})
            return (200, {"request_id": "1", "data": {"keys": keys}}) if keys else (404, {"errors": []})
        return 405, {"errors": ["unsupported operation"]}


@contextmanager
def kv_server(namespace: str = "", certificate: tuple[Path, Path] | None = None) -> Iterator[KvServer]:
    """Serves on a port of loopback; with a certificate and its key, over TLS, addressed by the name of its file."""
    served = KvServer(namespace)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, json.loads(body) if body else None)
            served.asked.append(asked)
            if served.redirect_to:
                self._send(307, None, location=served.redirect_to + self.path)
            else:
                self._send(*served.answer(asked))

        def _send(self, status: int, answer: Any, **headers: str) -> None:
            body = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme, host = "http", "127.0.0.1"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme, host = "https", certificate[0].stem
    served.address = f"{scheme}://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
