"""A piece of text among the frames of a stream, in each dialect that apps speak.

Keeps true: a frame is a piece only where all that it says is text; whatever says more (a finish, a call, usage,
probabilities, what nobody knows) is none.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

Event = dict[str, Any]
Found = tuple[Event, str, object]
"""Where the text stands: in which object, under which name; and which of several texts it belongs to."""

_PASSING = frozenset({"sequence_number", "obfuscation", "created"})
"""Fields that differ between pieces of the same text."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


class Piece(NamedTuple):
    """Of one text."""

    text: str
    place: object
    """Which of several texts it belongs to."""
    frame: bytes
    """As it came."""
    event: Event
    """As it came, without the text."""
    holder: Event
    """Where in `event` the text stands."""
    name: str

    def is_like(self, other: "Piece") -> bool:
        """Whether their texts may stand in one frame."""
        return self.place == other.place and _lasting(self.event) == _lasting(other.event)

    def with_text(self, text: str) -> bytes:
        """The frame with another text."""
        self.holder[self.name] = text
        data = _encode(self.event)
        self.holder[self.name] = ""
        head = self.frame.partition(b"data:")[0]
        return b"%sdata: %s\n\n" % (head, data)


def piece_of(dialect: str, frame: bytes, data: bytes | None) -> Piece | None:
    """None: it is no piece of text, or not one alone. `data`: the frame's payload."""
    if data is None or not frame.startswith((b"data:", b"event:")) or frame.strip().count(b"\n") > 1:
        return None
    try:
        event = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = _FINDERS[dialect](event)
    if found is None:
        return None
    holder, name, place = found
    text = holder[name]
    if type(text) is not str or not text:
        return None
    holder[name] = ""
    return Piece(text, place, frame, event, holder, name)


def _lasting(event: Event) -> Event:
    return {name: value for name, value in event.items() if name not in _PASSING}


def _chat(event: Event) -> Found | None:
    choice = _only_choice(event)
    delta = choice.get("delta") if choice else None
    if choice is None or type(delta) is not dict or "content" not in delta:
        return None
    if _says_more(choice, "index", "delta") or _says_more(delta, "content", "role"):
        return None
    return delta, "content", choice.get("index")


def _completions(event: Event) -> Found | None:
    choice = _only_choice(event)
    if choice is None or "text" not in choice or _says_more(choice, "index", "text"):
        return None
    return choice, "text", choice.get("index")


def _only_choice(event: Event) -> Event | None:
    choices = event.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return None
    if event.get("usage") is not None or event.get("error") is not None:
        return None
    return choices[0]


def _responses(event: Event) -> Found | None:
    if event.get("type") != "response.output_text.delta" or "delta" not in event or event.get("logprobs"):
        return None
    return event, "delta", (event.get("output_index"), event.get("content_index"))


def _messages(event: Event) -> Found | None:
    delta = event.get("delta")
    if event.get("type") != "content_block_delta" or type(delta) is not dict or delta.keys() != {"type", "text"}:
        return None
    return (delta, "text", event.get("index")) if delta["type"] == "text_delta" else None


def _says_more(said: Event, *names: str) -> bool:
    return any(value is not None and name not in names for name, value in said.items())


_FINDERS: Mapping[str, Callable[[Event], Found | None]] = MappingProxyType(
    {
        "openai-chat": _chat,
        "openai-completions": _completions,
        "openai-responses": _responses,
        "anthropic-messages": _messages,
    }
)
