"""What a wire format has to say for itself: as the language of a caller, and as the language of a provider.

Keeps true: a dialect knows its own format and the canonical form, never another dialect.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from gatewatch.call import Tokens
from gatewatch.models.facts import ModelFacts
from gatewatch.providers.quirks import Quirks
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.events import Event
from proxy.canonical.losses import Losses
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import Refusal

COMMENT = b": keep-alive\n\n"
"""What readers of server-sent events pass over."""

Framing = Literal["sse", "aws"]
"""Server-sent events, or AWS's binary event streams."""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of where a request goes."""

    provider: str
    model: str
    quirks: Quirks = Quirks()
    facts: ModelFacts = ModelFacts()


class StreamWriter(Protocol):
    """Writes one stream in the caller's dialect."""

    def write(self, events: Sequence[Event]) -> bytes:
        """Events → whole frames; b"" where nothing can be said yet. `Ended` is never among them."""

    def end(self, tokens: Tokens) -> bytes:
        """What is still outstanding, and the mark of the end. `tokens`: what the ledger says the call used."""


class CallerDialect(Protocol):
    """The side that apps speak."""

    name: str
    names: Mapping[str, str]
    """Field of `Ask` → what it is called here, where that differs."""
    statuses: Mapping[int, int]
    """Status of a refusal → what its callers know in its place."""
    keep_alive: bytes
    """What its streams may have between any two frames, and before the first, without meaning."""

    def read(self, body: dict[str, Any]) -> Ask:
        """The request, duplicate keys and NaN already refused. Raises Refusal (400) that names the parameter."""

    def write(self, answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
        """A whole reply. `tokens`: what the ledger says the call used. `body`: the caller's request."""

    def writer(self, body: dict[str, Any], call_id: str) -> StreamWriter:
        """For a streamed reply to the request `body`."""

    def error(self, refusal: Refusal, call_id: str) -> bytes:
        """The body of an error reply."""

    def error_event(self, refusal: Refusal, call_id: str) -> bytes:
        """The one event that ends a broken stream."""


class StreamReader(Protocol):
    """Reads one stream in a provider's dialect."""

    def read(self, data: bytes) -> list[Event]:
        """The payload of one frame → events; what it does not know it skips.

        Raises ProviderError for an error event, NotThisDialect for malformed data.
        """

    def closed(self) -> list[Event]:
        """The provider closed the stream cleanly: `Ended` where this dialect ends so, and nothing where it is cut."""


class ProviderDialect(Protocol):
    """The side that providers speak."""

    name: str
    endpoints: frozenset[str]
    """Endpoints of ours that are this dialect's own: their requests and replies pass as they are."""
    headers: Mapping[str, str]
    """Request headers that every call has, beside those of HTTP and of the key."""
    key_header: str
    """The request header of the key: `authorization` (with `Bearer`), or one that holds the bare key."""
    framing: Framing
    """How its streams are cut into frames."""
    passed_headers: tuple[bytes, ...]
    """Request headers of a caller of the same dialect that go on to the provider."""

    def path(self, endpoint: str, model: str, stream: bool) -> str:
        """Path and query below the base URL; the model's name is escaped."""

    def forward(self, body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
        """The caller's request of this same dialect, unknown fields and all, with the destination's model."""

    def write(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        """The request in this dialect. Raises Refusal through `losses`."""

    def read(self, body: bytes) -> Answer:
        """A whole reply; parts that it does not know it skips. Raises ProviderError (an error with status 200),
        NotThisDialect."""

    def reader(self) -> StreamReader:
        """For one stream."""

    def read_error(self, status: int, body: bytes) -> ProviderError:
        """An error reply, whatever its body is; never raises. With a status 2xx: the one its own words stand for."""


@runtime_checkable
class TokenCounter(Protocol):
    """A provider dialect whose API counts the tokens of a request."""

    def write_count(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        """The request that asks for the count. Raises Refusal through `losses`."""

    def read_count(self, reply: bytes) -> int:
        """Input tokens. Raises ProviderError, NotThisDialect."""


@runtime_checkable
class Embedder(Protocol):
    """A provider dialect with embeddings of its own form."""

    def write_embeddings(self, body: dict[str, Any], to: Destination, losses: Losses) -> bytes:
        """OpenAI's embeddings request → this dialect's. Raises Refusal."""

    def read_embeddings(self, reply: bytes, body: dict[str, Any]) -> tuple[bytes, object]:
        """(OpenAI's reply without usage, the raw usage or None). Raises ProviderError, NotThisDialect."""
