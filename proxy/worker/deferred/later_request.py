"""A request whose client is not there any more: what it is answered is kept instead of sent."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from proxy.http_server.request import Headers, Request

if TYPE_CHECKING:
    from proxy.http_server.connection import ClientConnection


class LaterRequest(Request):
    """Of a deferred call that runs."""

    __slots__ = ("_parts", "reply_headers", "status", "was_cut")

    def __init__(self, path: str, headers: dict[str, str]) -> None:
        super().__init__(cast("ClientConnection", None))
        self.method, self.path = "POST", path
        self.headers = {name.encode("latin-1"): value.encode("latin-1") for name, value in headers.items()}
        self.whole = True
        self.status = 0
        self.reply_headers: Headers = []
        self._parts: list[bytes] = []
        self.was_cut = False

    @property
    def reply_body(self) -> bytes:
        return b"".join(self._parts)

    @property
    def source(self) -> str:
        """Its peer's address is in its row."""
        return ""

    def reply(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.reply_headers, self._parts = status, headers, [body]
        self.answered = True

    async def start(self, status: int, headers: Headers) -> None:
        self.status, self.reply_headers = status, headers
        self.started = True

    async def write(self, data: bytes, hurried: Callable[[], bool] = bool) -> None:
        del hurried
        self._parts.append(data)

    def finish(self, data: bytes = b"") -> None:
        self._parts.append(data)
        self.answered = True

    def cut(self) -> None:
        """What there is of the reply is no whole one."""
        self.was_cut = self.answered = True
