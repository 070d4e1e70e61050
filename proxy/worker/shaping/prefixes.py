"""Beginnings of requests that come again: tools and instructions, and a conversation up to its last turn.

Keeps true: what is remembered are hashes, each team's apart from every other's, so many and for so long; nothing is
found in a request of which nothing was seen before, that is too short to be cached by anybody, or whose caller has set
cache markers. A conversation that has grown is found by any of its earlier ends.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

SHORTEST = 2700
"""Bytes: no provider caches less than 1,024 tokens, and no text has more than one for 2.7 bytes."""
CACHED_SECONDS = 300.0
"""How long providers keep what is marked, from its last use: what comes more rarely is only written, never read."""
REMEMBERED_SECONDS = 3600.0
REMEMBERED = 8192
_LONG_HEAD = 4096
"""Bytes of tools and instructions by which alone requests belong together."""
_MARKERS = (b'"cache_control":', b'"prompt_cache_breakpoint":')
_OWN_WORD = frozenset({"cache_control", "prompt_cache_options"})
"""Parameters by which callers say themselves what is to be cached."""
_INSTRUCTIONS = ("system", "developer")
_RESULTS = ("function_call_output", "custom_tool_call_output")

_encode = msgspec.json.Encoder(order="deterministic").encode


class Repeated(NamedTuple):
    """What of a request has come before. Bytes as JSON; 0: it has not come lately, or there is none."""

    head: int
    """Of its tools and instructions."""
    whole: int
    """Of these and all messages before its last turn."""
    key: str | None
    """Names its beginning; None: it has not come before."""


class Prefixes:
    """Of one worker."""

    def __init__(self, most: int = REMEMBERED, clock: Callable[[], float] = time.monotonic) -> None:
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._most = most
        self._clock = clock

    def repeated(self, team: str | None, endpoint: str, body: dict[str, Any]) -> Repeated | None:
        """What of it has come before; and from now on all of it has."""
        shape = _shape(endpoint, body)
        if shape is None or not _OWN_WORD.isdisjoint(body):
            return None
        now, (head, messages) = self._clock(), shape
        raw = _encode(head) if any(head) else b""
        hashed = blake2b(_encode([team, endpoint]), digest_size=16)
        hashed.update(raw)
        head_id, head_bytes = hashed.digest(), len(raw)
        count, whole_bytes, ends = last_turn(messages), head_bytes, []
        marked = [raw]
        for at, message in enumerate(messages):
            raw = _encode(message)
            marked.append(raw)
            whole_bytes += len(raw) if at < count else 0
            hashed.update(raw)
            ends.append(hashed.digest())
        if any(marker in raw for raw in marked for marker in _MARKERS):
            return None
        anchor = head_id if head_bytes >= _LONG_HEAD or not ends else ends[0]
        known = self._is_known(anchor, now, REMEMBERED_SECONDS)
        has_head = bool(head_bytes) and self._is_known(head_id, now, CACHED_SECONDS)
        has_more = any(self._is_known(end, now, CACHED_SECONDS) for end in reversed(ends[:count]))
        for noted in {anchor, *ends[max(0, count - 1) :], *((head_id,) if head_bytes else ())}:
            self._note(noted, now)
        if not (known or has_head or has_more):
            return None
        key = f"gw-{anchor.hex()}" if known else None
        return Repeated(head_bytes if has_head else 0, whole_bytes if has_more else 0, key)

    def _is_known(self, hashed: bytes, now: float, seconds: float) -> bool:
        seen = self._seen.get(hashed)
        return seen is not None and now - seen <= seconds

    def _note(self, hashed: bytes, now: float) -> None:
        self._seen[hashed] = now
        self._seen.move_to_end(hashed)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)


def last_turn(messages: list[Any]) -> int:
    """How many messages stand before the last turn: what was last asked, or the results of tools; and what is put in
    the model's mouth behind it."""
    at = len(messages) - 1
    while at > 0 and _role(messages[at]) == "assistant":
        at -= 1
    while at > 0 and _is_result(messages[at]) and _is_result(messages[at - 1]):
        at -= 1
    return max(0, at)


def _shape(endpoint: str, body: dict[str, Any]) -> tuple[list[object], list[Any]] | None:
    """(what stands before the messages, messages); None where a request does not say all that the model reads."""
    if endpoint == "messages":
        messages = body.get("messages")
        return ([body.get("tools"), body.get("system")], messages) if isinstance(messages, list) else None
    if endpoint == "chat":
        return _led([body.get("tools"), None], body.get("messages"))
    if endpoint == "responses" and not (body.get("previous_response_id") or body.get("conversation")):
        said = body.get("input")
        return _led([body.get("tools"), body.get("instructions")], [said] if isinstance(said, str) else said)
    return None


def _led(head: list[object], messages: object) -> tuple[list[object], list[Any]] | None:
    """With the instructions that lead the messages in the head."""
    if not isinstance(messages, list):
        return None
    count = 0
    while count < len(messages) and _role(messages[count]) in _INSTRUCTIONS:
        count += 1
    return [*head, *messages[:count]], messages[count:]


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _is_result(message: object) -> bool:
    return isinstance(message, dict) and (message.get("role") == "tool" or message.get("type") in _RESULTS)
