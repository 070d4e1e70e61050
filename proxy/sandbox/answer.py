"""A good reply, before it meets the wire: what every endpoint composes and every fault starts from."""

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import count_tokens
from proxy.sandbox.request_bodies import Asked

CREATED = 1_760_000_000
"""A constant, so that the same request gets the same bytes."""

DONE = b"data: [DONE]\n\n"


class Answer(Protocol):
    """One reply; both its forms say the same."""

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""

    @property
    def length(self) -> int:
        """Tokens of its longest choice: how many gaps of time it takes to write."""

    @property
    def prompt_tokens(self) -> int:
        """What the request counted."""

    def body(self) -> bytes:
        """As one JSON object."""

    def frames(self) -> list[bytes]:
        """As server-sent events, each with its blank line, `[DONE]` last."""


A = TypeVar("A", bound=Asked)


class Endpoint(Generic[A]):
    """What a path is asked and how it is answered."""

    def __init__(self, asked: type[A], compose: Callable[[A, bytes, Demands], Answer]) -> None:
        self.decoder = msgspec.json.Decoder(asked)
        self.compose = compose


class Choice(NamedTuple):
    """One of the `n` answers: its tokens, and why it ends."""

    pieces: list[str]
    finish_reason: str
    tool: str | None = None
    """The function to call; the pieces are its arguments then."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        return len(self.pieces) + (count_tokens(self.tool) if self.tool else 0)


def cut(pieces: list[str], stops: list[str], limit: int | None) -> tuple[list[str], str]:
    """Tokens up to the first stop text or the limit, whichever is sooner, and the finish reason."""
    reason = "stop"
    if stops:
        text = "".join(pieces)
        found = [at for stop in stops if (at := text.find(stop)) >= 0]
        if found:
            pieces = _first_characters(pieces, min(found))
    if limit is not None and len(pieces) > limit:
        pieces, reason = pieces[:limit], "length"
    return pieces, reason


def _first_characters(pieces: list[str], count: int) -> list[str]:
    kept: list[str] = []
    for piece in pieces:
        if count <= 0:
            break
        kept.append(piece[:count])
        count -= len(piece)
    return kept
