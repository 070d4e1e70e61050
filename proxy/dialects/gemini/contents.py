"""Turns → Google's `systemInstruction` and `contents`.

Instructions stand outside the turns, so later ones are hoisted to the first, in their order. Neighbours of one role
are joined. Gemini 3 refuses function calls of the current turn without a thought signature; for calls that another
model made, Google documents a value in its place (ai.google.dev/gemini-api/docs/thought-signatures), on the first call
of each step, where its own would stand.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, Declined, File, Image, Part, Reasoning, Text, ToolCall, ToolResult
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.media import audio_part, media_part
from proxy.dialects.gemini.model_generation import is_before_3

NAME = "gemini"
UNSIGNED = "skip_thought_signature_validator"

Json = dict[str, Any]


class Contents:
    """Filled turn by turn. Raises Refusal through `losses`."""

    def __init__(self, to: Destination, losses: Losses, *, typed: bool) -> None:
        self.system: list[Json] = []
        self.contents: list[Json] = []
        self._losses = losses
        self._typed = typed
        self._newest = not is_before_3(to.model)
        self._images = to.quirks.images
        self._tool_names: dict[str, str] = {}

    def add(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            if turn.name and turn.role != "assistant":
                self._losses.lose("name", "its messages have no names")
            if turn.role in ("system", "developer"):
                self.system += self._instructions(turn)
            else:
                self._join("model" if turn.role == "assistant" else "user", self._parts(turn.parts))
        for content in self.contents:
            if self._newest and content["role"] == "model":
                _sign_first_call(content["parts"])
        if not self.contents and self.system:  # instructions alone: somebody has to ask
            self.contents = [{"role": "user", "parts": self.system}]
            self.system = []

    def _instructions(self, turn: Turn) -> list[Json]:
        parts = []
        for part in turn.parts:
            if isinstance(part, Text):
                parts += [{"text": part.text}] if part.text else []
            else:
                self._losses.refuse("turns", "its instructions are text")
        return parts

    def _join(self, role: str, parts: list[Json]) -> None:
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": parts})

    def _parts(self, parts: Sequence[Part]) -> list[Json]:
        said: list[Json] = []
        behind: list[Json] = []
        for part in parts:
            if isinstance(part, Text | Declined):
                said += [{"text": part.text}] if part.text else []
            elif isinstance(part, Image | File):
                said += self._medium(part)
            elif isinstance(part, Audio):
                said.append(audio_part(part))
            elif isinstance(part, Reasoning):
                said += _own_thought(part)
            elif isinstance(part, ToolCall):
                said.append(self._call(part))
            else:
                response, images = self._result(part)
                said.append(response)
                behind += images
        return said + behind

    def _medium(self, part: Image | File) -> list[Json]:
        if isinstance(part, Image):
            if not self._images:
                self._losses.refuse("turns", "it takes no images")
            labels = []
        else:
            if part.cite:
                self._losses.lose("citations", "it does not cite files of the request")
            labels = [{"text": text} for text in (part.name, part.context) if text]
        if part.source.text is not None:
            return [*labels, {"text": part.source.text}]
        return [*labels, media_part(part.source, self._losses, typed=self._typed)]

    def _call(self, call: ToolCall) -> Json:
        self._tool_names[call.id] = call.name
        said: Json = {"functionCall": {"id": call.id, "name": call.name, "args": _arguments(call)}}
        if call.signature and call.origin == NAME:
            said["thoughtSignature"] = call.signature
        return said

    def _result(self, result: ToolResult) -> tuple[Json, list[Json]]:
        """The function's response, and the images that stand behind it where it cannot hold them itself."""
        text = "\n".join(part.text for part in result.parts if isinstance(part, Text))
        media = []
        for part in result.parts:
            if not isinstance(part, Text):
                media += self._medium(part)
        texts = [part["text"] for part in media if "text" in part]
        media = [part for part in media if "text" not in part]
        response: Json = {
            "id": result.call_id,
            "name": result.name or self._tool_names.get(result.call_id, result.call_id),
            "response": {"error" if result.is_error else "output": "\n".join([text, *texts] if text else texts)},
        }
        if media and self._newest:
            response["parts"] = media
        return {"functionResponse": response}, [] if self._newest else media


def _own_thought(thought: Reasoning) -> list[Json]:
    """Its signature is all that Google wants back, in its place; another's thoughts mean nothing to it."""
    if not thought.signature or thought.origin != NAME:
        return []
    if thought.redacted or not thought.text:
        return [{"text": "", "thoughtSignature": thought.signature}]
    return [{"text": thought.text, "thought": True, "thoughtSignature": thought.signature}]


def _sign_first_call(parts: list[Json]) -> None:
    first = next((part for part in parts if "functionCall" in part), None)
    if first:
        first.setdefault("thoughtSignature", UNSIGNED)


def _arguments(call: ToolCall) -> Json:
    """An object, always: free text, and what another model wrote that is no JSON, stand in `input`."""
    if not call.free:
        try:
            arguments = msgspec.json.decode(call.arguments or "{}")
        except (msgspec.DecodeError, RecursionError):
            arguments = None
        if isinstance(arguments, dict):
            return arguments
    return {"input": call.arguments}
