"""The events of a stream. Whoever reads a provider's frames makes them, whoever writes the caller's frames takes them.

A part begins with its first event and ends with `PartEnded`, with the first event of another kind of part, or with its
choice. Only tool calls may be open side by side; `tool` counts them within their choice, from 0.
"""

import msgspec

from proxy.canonical.answer import Finish, TokenLogprob, Usage
from proxy.canonical.parts import Citation

MOST_CHOICES = 128
"""Nobody may ask for more (OpenAI's `n`)."""


class Started(msgspec.Struct, kw_only=True):
    """First of all, once."""

    id: str | None = None
    model: str | None = None
    created: int | None = None
    service_tier: str | None = None
    usage: Usage | None = None
    """What is known of the input at the start (Anthropic says it)."""


class TextAdded(msgspec.Struct, kw_only=True):
    text: str
    choice: int = 0
    logprobs: list[TokenLogprob] | None = None


class Cited(msgspec.Struct, kw_only=True):
    """Belongs to the text part that is open, or ended last."""

    citation: Citation
    choice: int = 0


class DeclinedAdded(msgspec.Struct, kw_only=True):
    """More of the model's refusal."""

    text: str
    choice: int = 0


class ReasoningAdded(msgspec.Struct, kw_only=True):
    text: str
    choice: int = 0


class ReasoningSigned(msgspec.Struct, kw_only=True):
    """Ends a reasoning part. `redacted`: there was no text, the signature is all of it."""

    signature: str | None
    origin: str
    redacted: bool = False
    id: str | None = None
    choice: int = 0


class ToolCalled(msgspec.Struct, kw_only=True):
    """A tool call begins; its arguments follow."""

    id: str
    name: str
    tool: int
    choice: int = 0
    free: bool = False
    signature: str | None = None
    origin: str | None = None


class ArgumentsAdded(msgspec.Struct, kw_only=True):
    text: str
    tool: int
    choice: int = 0


class PartEnded(msgspec.Struct, kw_only=True):
    """The part that is open has ended; with `tool`, that tool call."""

    choice: int = 0
    tool: int | None = None


class Finished(msgspec.Struct, kw_only=True):
    """A choice has ended."""

    reason: Finish
    choice: int = 0
    stop_sequence: str | None = None


class UsageSeen(msgspec.Struct, kw_only=True):
    """May come several times: the last one counts."""

    usage: Usage
    service_tier: str | None = None
    """How the call was served, where the provider says so only at the end."""


class Ended(msgspec.Struct):
    """The provider has marked the end of its stream. Nothing follows."""


Event = (
    Started
    | TextAdded
    | Cited
    | DeclinedAdded
    | ReasoningAdded
    | ReasoningSigned
    | ToolCalled
    | ArgumentsAdded
    | PartEnded
    | Finished
    | UsageSeen
    | Ended
)
