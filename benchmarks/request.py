"""What every candidate is asked: the same bodies, sent to the door of a scenario."""

import json
from typing import NamedTuple

_QUESTION = "lorem ipsum dolor sit amet " * 28


_INSTRUCTIONS = "You are a helpful assistant."
_ASKED: dict[str, dict[str, object]] = {
    "chat": {
        "messages": [{"role": "system", "content": _INSTRUCTIONS}, {"role": "user", "content": _QUESTION}],
    },
    "messages": {
        "system": _INSTRUCTIONS,
        "messages": [{"role": "user", "content": _QUESTION}],
        "max_tokens": 1000,
    },
    "responses": {"instructions": _INSTRUCTIONS, "input": _QUESTION},
    "gemini": {
        "systemInstruction": {"parts": [{"text": _INSTRUCTIONS}]},
        "contents": [{"role": "user", "parts": [{"text": _QUESTION}]}],
    },
}


class Door(NamedTuple):
    """Where a candidate takes the calls of one scenario."""

    port: int
    path: str
    model: str = "gpt-4o"
    key: str = "none"
    speaks: str = "chat"
    """The wire format of the request: a key of `_ASKED`."""
    more: tuple[tuple[str, str], ...] = ()
    """Further request headers."""

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **dict(self.more)}

    def body(self, *, stream: bool) -> str:
        """A request of about 900 bytes."""
        asked = dict(_ASKED[self.speaks])
        if self.speaks != "gemini":
            asked |= {"model": self.model, "temperature": 0.2}
            if stream:
                asked["stream"] = True
        return json.dumps(asked, separators=(",", ":"))

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
