"""What every candidate is asked: the same bodies, sent to the door of a scenario."""

import json
from typing import NamedTuple

_QUESTION = "lorem ipsum dolor sit amet " * 28


class Door(NamedTuple):
    """Where a candidate takes the calls of one scenario."""

    port: int
    path: str
    model: str = "gpt-4o"
    key: str = "none"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    def body(self, *, stream: bool) -> str:
        """A request of about 900 bytes."""
        messages = [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": _QUESTION},
        ]
        asked = {"model": self.model, "messages": messages, "temperature": 0.2}
        return json.dumps({**asked, "stream": True} if stream else asked, separators=(",", ":"))

    def request(self, *, stream: bool) -> bytes:
        """The whole request as it goes to the socket."""
        body = self.body(stream=stream).encode()
        fields = {"Host": f"127.0.0.1:{self.port}", **self.headers(), "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Doors(NamedTuple):
    """The doors of one candidate."""

    plain: Door
    burst: Door
    paced: Door
