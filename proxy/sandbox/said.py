"""What a reply says, in no dialect's words: thinking, then text, then calls, and why it ends.

A demand says it word for word; without one, tools that must be called are called, a schema gets a sample that fits,
and all else is prose. A limit cuts in the order of speaking: thoughts use it up first.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from proxy.sandbox.answer import cut
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import Dice, count_tokens, pieces_of, prose, prose_of
from proxy.sandbox.sample_json import sample

_encode = msgspec.json.encode

REFUSAL = "I'm sorry, but I can't help with that."

REDACTED = "redacted"
"""Demanded thoughts that nobody may read."""

_HIDDEN = 64
"""How many tokens those are."""


class Tool(NamedTuple):
    """One that the request offers."""

    name: str
    schema: object = None
    free_form: bool = False
    """Takes any text, not JSON that fits a schema."""


class Call(NamedTuple):
    """One call of a tool."""

    name: str
    pieces: list[str]
    """Tokens of its arguments as JSON, or of its text."""
    free_form: bool = False

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        return len(self.pieces) + count_tokens(self.name)


class Citation(NamedTuple):
    """Where a part of the text is from."""

    url: str
    title: str
    start_index: int
    """In characters of the text."""
    end_index: int


class Said(NamedTuple):
    """One of the answers to a request."""

    thinking: list[str]
    """Tokens of the thoughts that are shown, if any were demanded."""
    thought: int
    """Tokens of all thoughts, shown or not."""
    text: list[str]
    calls: list[Call]
    finish: str
    """stop, length, tool_calls, content_filter, refusal or pause."""
    refused: bool
    """The text declines to answer."""

    @property
    def whole_text(self) -> str:
        return "".join(self.text)

    @property
    def tokens(self) -> int:
        """All but thoughts."""
        return len(self.text) + sum(call.tokens for call in self.calls)


def say(
    key: bytes,
    demands: Demands,
    *,
    must_call: Sequence[Tool] = (),
    tools: Sequence[Tool] = (),
    schema: object = None,
    any_json: bool = False,
    thought: int = 0,
    stops: Sequence[str] = (),
    limit: int | None = None,
) -> Said:
    """The answer that follows from `key` and the demands.

    One of `must_call` is called where nothing else was demanded; `schema` is a JSON schema that the text has to fit;
    `thought` is how many tokens the model thinks without showing it. Raises ApiError for demands that do not fit.
    """
    thinking = pieces_of(demands.thinking) if demands.thinking and demands.thinking != REDACTED else []
    thought = len(thinking) or thought or (_HIDDEN if demands.thinking == REDACTED else 0)
    if limit is not None:
        thought = min(thought, limit)
        thinking, limit = thinking[:thought], limit - thought
    refused = demands.finish == "refusal"
    calls = _demanded_calls(demands, tools)
    if not calls and must_call and demands.text is None and not refused:
        calls = [_sample_call(must_call[Dice(key, "tool").number(len(must_call))], key)]
    text = _text_pieces(key, demands, bool(calls), refused, schema, any_json)
    text, finish = cut(text, [] if calls else list(stops), limit)
    if limit is not None:
        calls, finish = _first_calls(calls, limit - len(text), finish)
    if calls and finish == "stop":
        finish = "tool_calls"
    return Said(thinking, thought, text, calls, demands.finish or finish, refused)


def citations(demands: Demands, text: str) -> list[Citation]:
    """The demanded ones: each where its quote stands in the text, or over the whole of it."""
    if demands.citations is None:
        return []
    found = []
    for each in demands.citations:
        start = text.find(each.quote) if each.quote else -1
        start, length = (start, len(each.quote)) if start >= 0 else (0, len(text))
        found.append(Citation(each.url, each.title, start, start + length))
    return found


def _demanded_calls(demands: Demands, tools: Sequence[Tool]) -> list[Call]:
    if demands.calls is None:
        return []
    free_form = {tool.name for tool in tools if tool.free_form}
    calls = []
    for each in demands.calls:
        text = each.arguments if isinstance(each.arguments, str) else _encode(each.arguments).decode()
        calls.append(Call(each.name, pieces_of(text), each.name in free_form))
    return calls


def _sample_call(tool: Tool, key: bytes) -> Call:
    if tool.free_form:
        return Call(tool.name, prose(key), True)
    arguments = sample(tool.schema, Dice(key, "arguments")) or {}
    return Call(tool.name, pieces_of(_encode(arguments).decode()))


def _text_pieces(key: bytes, demands: Demands, calls: bool, refused: bool, schema: object, any_json: bool) -> list[str]:
    if demands.text is not None:
        return pieces_of(demands.text)
    if refused:
        return pieces_of(REFUSAL)
    if calls:
        return []
    if demands.chunks is not None:
        return prose_of(key, demands.chunks)
    if schema is not None:
        return pieces_of(_encode(sample(schema, Dice(key, "reply"))).decode())
    if any_json:
        return pieces_of(_encode({"answer": "".join(prose(key))}).decode())
    return prose(key)


def _first_calls(calls: list[Call], limit: int, finish: str) -> tuple[list[Call], str]:
    """As many tokens of arguments as fit. A call that does not begin within the limit is not made."""
    kept: list[Call] = []
    for call in calls:
        if finish == "length" or (kept and limit <= 0):
            return kept, "length"
        if len(call.pieces) > limit:
            call, finish = call._replace(pieces=call.pieces[: max(0, limit)]), "length"
        limit -= len(call.pieces)
        kept.append(call)
    return kept, finish


def no_such_finish(finish: str, endpoint: str) -> ApiError:
    """A reply of this endpoint cannot end so."""
    return ApiError(400, f"x-sandbox-finish: {endpoint} knows no end '{finish}'.", code="invalid_value")
