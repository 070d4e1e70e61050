"""Cache markers on beginnings that repeat, as each provider has them: Anthropic's `cache_control`, Bedrock's cache
points, the `prompt_cache_key` of OpenAI and of who has taken it over. Gemini and others cache by themselves.

Keeps true: the caller's request is never changed, only what a provider is sent; where the caller says a thing itself,
that stands. Two markers at most: behind tools and instructions, and behind all before the last turn.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from proxy import estimate
from proxy.canonical.ask import Ask, Turn
from proxy.canonical.parts import CacheMark, File, Image, Part, Text, ToolCall, ToolResult
from proxy.dialects.dialect import Destination
from proxy.worker.inbound import Inbound
from proxy.worker.settle import PROMPT_CACHE
from proxy.worker.shaping.prefixes import Prefixes, Repeated, last_turn

_MARKED = frozenset({"anthropic-messages", "bedrock-converse"})
_KEYED = frozenset({"openai-chat", "openai-responses"})
_LEAST = 1024
_LEAST_OF = (
    (re.compile(r"haiku-4-5|opus-4-[56]"), 4096),
    (re.compile(r"opus-4-7|3(?:-5)?-haiku"), 2048),
)
"""Tokens below which Anthropic passes over a marker, by model (platform.claude.com/docs, "Prompt caching")."""
_MARK = {"cache_control": {"type": "ephemeral"}}
_NEVER_MARKED = frozenset({"thinking", "redacted_thinking"})

Body = dict[str, Any]


class _Marks(NamedTuple):
    head: bool
    whole: bool


def look_for_repeats(inbound: Inbound, prefixes: Prefixes) -> None:
    """Note what of the request has come before, if anything; in its row, too, where that is marked."""
    call = inbound.call
    inbound.repeated = repeated = prefixes.repeated(call.team, call.endpoint, inbound.body)
    if repeated is not None and (repeated.head or repeated.whole):
        call.params = {**call.params, PROMPT_CACHE: "auto"}


def body_for(inbound: Inbound, dialect: str, to: Destination) -> Body:
    """The caller's request, for a provider that speaks its dialect."""
    body, repeated = inbound.body, inbound.repeated
    if repeated is None:
        return body
    if dialect == "anthropic-messages":
        return _marked_body(body, _marks(repeated, to.model))
    if repeated.key and to.quirks.prompt_cache_key and body.get("prompt_cache_key") is None:
        return body | {"prompt_cache_key": repeated.key}
    return body


def ask_for(inbound: Inbound, ask: Ask, dialect: str, to: Destination) -> Ask:
    """The same for one that speaks another dialect."""
    repeated = inbound.repeated
    if repeated is None:
        return ask
    if dialect in _MARKED:
        return _marked_ask(ask, _marks(repeated, to.model))
    if repeated.key and dialect in _KEYED and to.quirks.prompt_cache_key and ask.cache_key is None:
        return replace(ask, cache_key=repeated.key)
    return ask


def _marks(repeated: Repeated, model: str) -> _Marks:
    least = _least(model)
    head = estimate.tokens_of_text(model, repeated.head) >= least
    return _Marks(head, repeated.whole > repeated.head and estimate.tokens_of_text(model, repeated.whole) >= least)


@lru_cache(maxsize=1024)
def _least(model: str) -> int:
    name = model.lower().replace(".", "-")
    return next((least for pattern, least in _LEAST_OF if pattern.search(name)), _LEAST)


def _marked_body(body: Body, marks: _Marks) -> Body:
    """Of Anthropic's Messages."""
    marked = dict(body)
    if marks.head:
        name = "system" if body.get("system") else "tools"
        if (said := _marked_last(body.get(name))) is not None:
            marked[name] = said
    messages = body["messages"]
    count = last_turn(messages) if marks.whole else 0
    if count and isinstance(last := messages[count - 1], dict):
        content = _marked_last(last.get("content"))
        if content is not None:
            marked["messages"] = [*messages[: count - 1], {**last, "content": content}, *messages[count:]]
    return marked


def _marked_last(said: object) -> list[Any] | None:
    """Text, blocks or tools with a mark on the last of them that can have one; None where none can."""
    if isinstance(said, str):
        return [{"type": "text", "text": said, **_MARK}] if said.strip() else None
    if not isinstance(said, list):
        return None
    for at in range(len(said) - 1, -1, -1):
        if _takes_mark(said[at]):
            return [*said[:at], {**said[at], **_MARK}, *said[at + 1 :]]
    return None


def _takes_mark(block: object) -> bool:
    if not isinstance(block, dict) or block.get("type") in _NEVER_MARKED or block.get("defer_loading"):
        return False
    text = block.get("text")
    return block.get("type") != "text" or (isinstance(text, str) and bool(text.strip()))


def _marked_ask(ask: Ask, marks: _Marks) -> Ask:
    turns, tools = list(ask.turns), ask.tools
    led = 0
    while led < len(turns) and turns[led].role in ("system", "developer"):
        led += 1
    if marks.head:
        if led:
            turns[led - 1] = _marked_turn(turns[led - 1])
        elif tools:
            tools = [*tools[:-1], replace(tools[-1], cache=CacheMark())]
    if marks.whole and (count := _before_last_turn(turns[led:])):
        turns[led + count - 1] = _marked_turn(turns[led + count - 1])
    return replace(ask, turns=turns, tools=tools)


def _before_last_turn(turns: list[Turn]) -> int:
    """As `last_turn` has it."""
    at = len(turns) - 1
    while at > 0 and turns[at].role == "assistant":
        at -= 1
    while at > 0 and _is_results(turns[at]) and _is_results(turns[at - 1]):
        at -= 1
    return max(0, at)


def _is_results(turn: Turn) -> bool:
    return bool(turn.parts) and all(isinstance(part, ToolResult) for part in turn.parts)


def _marked_turn(turn: Turn) -> Turn:
    """With a mark on the last of its parts that can have one."""
    for at in range(len(turn.parts) - 1, -1, -1):
        part = turn.parts[at]
        if isinstance(part, Text) and not part.text.strip():
            continue
        if isinstance(part, Text | Image | File | ToolCall | ToolResult):
            parts: list[Part] = [
                *turn.parts[:at],
                replace(part, cache=part.cache or CacheMark()),
                *turn.parts[at + 1 :],
            ]
            return replace(turn, parts=parts)
    return turn
