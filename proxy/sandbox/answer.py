"""A good reply, before it meets the wire: what every endpoint composes and every fault starts from."""

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.manners import Manners
from proxy.sandbox.prose import count_tokens

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
        """As server-sent events, each with its blank line, with all that ends a stream of the dialect."""


class Place(NamedTuple):
    """What the address says."""

    model: str | None
    """The model, where it is in the path."""
    query: dict[str, str]
    path: str


class Asked(Protocol):
    """A request that fits."""

    model: str

    def basis(self) -> tuple[object, ...]:
        """What the reply follows from. Streaming, limits and attribution are no part of it."""


A = TypeVar("A", bound=Asked)

LENIENT = "lenient-"
"""Models that take any parameter, as some providers who speak somebody's dialect do."""

_top = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Endpoint(Generic[A]):
    """What a path is asked and how it is answered, in one vendor's manners.

    `known` are the parameters at the top of a body; None: the struct itself refuses what it does not know.
    """

    def __init__(
        self,
        asked: type[A],
        compose: Callable[[A, bytes, Demands], Answer],
        manners: Manners,
        known: frozenset[str] | None = None,
    ) -> None:
        self.asked = asked
        self.decoder = msgspec.json.Decoder(asked)
        self.compose = compose
        self.manners = manners
        self.known = known

    def with_manners(self, manners: Manners) -> "Endpoint[A]":
        """The same behind somebody else's door."""
        return Endpoint(self.asked, self.compose, manners, self.known)

    def read(self, body: bytes, place: Place) -> A:
        """A request's body. Raises ApiError."""
        try:
            asked = self.decoder.decode(body)
        except msgspec.ValidationError as error:
            raise self.manners.does_not_fit(error, body) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self.manners.not_json() from None
        if place.model is not None:
            asked.model = place.model
        if not asked.model:
            raise ApiError(400, "you must provide a model parameter")
        if self.known is not None and not asked.model.startswith(LENIENT):
            for name in _top.decode(body):
                if name not in self.known:
                    raise self.manners.unknown_parameter(name)
        return asked


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
