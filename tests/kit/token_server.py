"""Google's token endpoint (developers.google.com/identity/protocols/oauth2/service-account), on loopback.

It gives a token only for an assertion that the service account's key signed for Google Cloud.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EMAIL = "gateway@project.iam.gserviceaccount.com"


class TokenServer:
    """`tokens` are those it gave, in their order; `held` keeps its answers back while it is cleared."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self.tokens: list[str] = []
        self.asked = 0
        self.expires_in = 3600
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.held = threading.Event()
        self.held.set()
        self.came = threading.Semaphore(0)
        self.url = ""

    @property
    def service_account(self) -> str:
        """The JSON file that Google makes, with this server as its token endpoint."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        said = {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": self.url,
        }
        return json.dumps(said)

    def answer(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        self.asked += 1
        self.came.release()
        self.held.wait(30)
        if self.refusal is not None:
            return self.refusal
        claims = self._claims(form["assertion"][0])
        if form["grant_type"] != [GRANT] or claims is None or claims["iss"] != EMAIL:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if claims["scope"] != "https://www.googleapis.com/auth/cloud-platform":
            return 400, {"error": "invalid_scope"}
        self.tokens.append(f"ya29.canary-{len(self.tokens)}")
        return 200, {"access_token": self.tokens[-1], "expires_in": self.expires_in, "token_type": "Bearer"}

    def _claims(self, assertion: str) -> dict[str, Any] | None:
        signed, _, mark = assertion.rpartition(".")
        try:
            public = self._key.public_key()
            public.verify(_decoded(mark), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return None
        claims: dict[str, Any] = json.loads(_decoded(signed.partition(".")[2]))
        return claims


@contextmanager
def token_server() -> Iterator[TokenServer]:
    state = TokenServer()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, said = state.answer(parse_qs(body))
            sent = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.held.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
