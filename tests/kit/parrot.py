"""A provider that repeats the key it was sent wherever a reply has room for it, as some do in their errors.

The model's name says how: `parrot-401`, `parrot-400-code`, `parrot-stream`. It answers every dialect alike: in OpenAI's
form, with Anthropic's and Google's words beside.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "x-parrot-key")

WAYS = (
    *("400", "401", "402", "403", "404", "422", "429", "500", "503"),
    *("400-code", "400-text", "500-html", "200-error", "200-empty", "redirect", "cut", "stream", "stream-cut"),
)
"""What may follow `parrot-`."""


class Parrot:
    """`keys`: what it was sent."""

    def __init__(self) -> None:
        self.address = ""
        self.keys: set[str] = set()


@contextmanager
def parrot() -> Iterator[Parrot]:
    """Listens on a port of loopback."""
    bird = Parrot()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("401", self._key())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            text = body.decode(errors="replace") + self.path
            way = next((way for way in sorted(WAYS, key=len, reverse=True) if f"parrot-{way}" in text), "400")
            self._answer(way, self._key())

        def _key(self) -> str:
            found = next((self.headers[name] for name in KEY_HEADERS if name in self.headers), "")
            bird.keys.add(found.removeprefix("Bearer "))
            return found.removeprefix("Bearer ")

        def _answer(self, way: str, key: str) -> None:
            status, _, how = way.partition("-")
            said = f"Incorrect API key provided: {key}. You sent 'Bearer {key}', or {json.dumps(key)}."
            error: dict[str, Any] = {"message": said, "type": "invalid_request_error", "param": None, "code": None}
            if how == "code":
                error |= {"type": key, "param": key, "code": key, "status": key}
            whole = {"type": "error", "error": error, "request_id": "req_1"}
            match way:
                case "200-error":
                    self._send(200, json.dumps(whole).encode())
                case "200-empty":
                    self._send(200, json.dumps({"echo": key}).encode())
                case "redirect":
                    self._send(302, b"", location=f"http://127.0.0.1:1/?key={key}")
                case "500-html":
                    self._send(500, f"<html><body>{said}</body></html>".encode(), "text/html")
                case "400-text":
                    self._send(400, said.encode(), "text/plain")
                case "cut":
                    self._send(200, f'{{"id": "{key}'.encode(), length=1000)
                case "stream" | "stream-cut":
                    frames = (
                        f"event: error\ndata: {json.dumps(whole)}\n\n" if way == "stream" else f'data: {{"id": "{key}'
                    )
                    self._send(200, frames.encode(), "text/event-stream")
                case _:
                    self._send(int(status), json.dumps(whole).encode())

        def _send(self, status: int, body: bytes, kind: str = "application/json", length: int = 0, **more: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(length or len(body)))
            self.send_header("x-request-id", "req_1")
            self.send_header("connection", "close")
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    bird.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield bird
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
