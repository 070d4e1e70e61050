"""Turns → Converse's `system` and `messages`.

Instructions stand outside the messages, so later ones are hoisted to the first, in their order. Roles take turns, so
neighbours of one role are joined; results of tools stand first in their message. Blank text is refused there, so it is
left out. Cache points stand behind what they mark, where the model knows them.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import (
    Audio,
    CacheMark,
    Declined,
    File,
    Image,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from proxy.dialects.bedrock_converse.families import Family
from proxy.dialects.bedrock_converse.media import Block, Media

NAME = "bedrock-converse"

_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}\Z")
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_.:-]")


class MessagesWriter:
    """Filled turn by turn. Raises Refusal through `losses`."""

    def __init__(self, family: Family, losses: Losses, *, images: bool) -> None:
        self.system: list[Block] = []
        self.messages: list[Block] = []
        self.tool_names: dict[str, None] = {}
        """Tools that were called, in their order."""
        self._family = family
        self._losses = losses
        self._media = Media(losses, images=images)

    def add(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            if turn.name and turn.role != "assistant":
                self._losses.lose("name", "its messages do not name their speakers")
            if turn.role in ("system", "developer"):
                self._instruct(turn)
            else:
                self._say(turn.role, turn.parts)
        for message in self.messages:
            message["content"] = _results_first(message["content"])
        if not self.messages and self.system:  # instructions alone: somebody has to ask
            self.messages, self.system = [{"role": "user", "content": self.system}], []

    def cache_point(self, mark: CacheMark | None) -> list[Block]:
        if mark is None or not self._family.cache:
            return []
        hour = {"ttl": "1h"} if mark.ttl == "1h" and self._family.cache_hour else {}
        return [{"cachePoint": {"type": "default", **hour}}]

    def _instruct(self, turn: Turn) -> None:
        for part in turn.parts:
            if not isinstance(part, Text):
                self._losses.refuse("turns", "its instructions are text")
            if part.text.strip():
                self.system += [{"text": part.text}, *self.cache_point(part.cache)]

    def _say(self, role: str, parts: Sequence[Part]) -> None:
        content = [block for part in parts for block in self._blocks(part)]
        if not content:
            return
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += content
        else:
            self.messages.append({"role": role, "content": content})

    def _blocks(self, part: Part) -> list[Block]:
        if isinstance(part, Reasoning):
            return _own_thought(part)
        if isinstance(part, Declined):
            return [{"text": part.text}] if part.text.strip() else []
        if isinstance(part, Audio):
            return [self._media.sound(part)]
        block = self._block(part)
        return [block, *self.cache_point(part.cache)] if block else []

    def _block(self, part: Text | Image | File | ToolCall | ToolResult) -> Block | None:
        if isinstance(part, Text):
            return {"text": part.text} if part.text.strip() else None
        if isinstance(part, Image):
            return self._media.image(part)
        if isinstance(part, File):
            return self._media.document(part)
        if isinstance(part, ToolCall):
            self.tool_names[part.name] = None
            return {"toolUse": {"toolUseId": call_id(part.id), "name": part.name, "input": _arguments(part)}}
        blocks = [block for each in part.parts if (block := self._block(each))]
        result: Block = {"toolUseId": call_id(part.call_id), "content": blocks}
        if part.is_error:
            result["status"] = "error"
        return {"toolResult": result}


def call_id(id: str) -> str:
    """As Bedrock takes it; other providers' ids may be longer, or have other characters."""
    if _ID.match(id):
        return id
    if len(id) <= 64:
        return _NOT_IN_IDS.sub("_", id) or "_"
    return "call_" + hashlib.blake2b(id.encode(), digest_size=16).hexdigest()


def _own_thought(thought: Reasoning) -> list[Block]:
    """Another's thoughts mean nothing there, and their absence is no loss."""
    if not thought.signature or thought.origin != NAME:
        return []
    if thought.redacted:
        return [{"reasoningContent": {"redactedContent": thought.signature}}]
    return [{"reasoningContent": {"reasoningText": {"text": thought.text, "signature": thought.signature}}}]


def _results_first(content: list[Block]) -> list[Block]:
    """A cache point stays behind the block that it marks."""
    results: list[Block] = []
    others: list[Block] = []
    here = others
    for block in content:
        if "cachePoint" not in block:
            here = results if "toolResult" in block else others
        here.append(block)
    return results + others


def _arguments(call: ToolCall) -> dict[str, Any]:
    """An object, always: free text, and what another model wrote that is no JSON, stand in `input`."""
    if not call.free:
        try:
            arguments = msgspec.json.decode(call.arguments.strip() or "{}")
        except (msgspec.DecodeError, RecursionError):
            arguments = None
        if isinstance(arguments, dict):
            return arguments
    return {"input": call.arguments}
