"""What Converse is asked: a body read as AWS reads it, with the model of the path."""

import re
from collections.abc import Callable
from typing import Any, cast

import msgspec

from proxy.sandbox.answer import Answer, Endpoint, Place
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_manners import BEDROCK
from proxy.sandbox.bedrock_reader import read
from proxy.sandbox.bedrock_shapes import MODEL_ID
from proxy.sandbox.claude_generation import Generation, generation
from proxy.sandbox.demands import Demands
from proxy.sandbox.faults import PREFIX
from proxy.sandbox.manners import Manners
from proxy.sandbox.said import Tool

Block = dict[str, Any]

_MODEL_ID = re.compile(MODEL_ID)


class ConverseAsked:
    """One request, or the prompt of one that is only counted."""

    def __init__(self, body: dict[str, Any], model: str, *, streams: bool = False) -> None:
        self.model = model
        self.body = body
        self.streams = streams

    def basis(self) -> tuple[object, ...]:
        names = ("messages", "system", "toolConfig", "outputConfig", "additionalModelRequestFields")
        return (self.model, [self.body.get(name) for name in names])

    @property
    def messages(self) -> list[Block]:
        return cast(list[Block], self.body.get("messages", []))

    @property
    def system(self) -> list[Block]:
        return cast(list[Block], self.body.get("system", []))

    @property
    def config(self) -> Block:
        return cast(Block, self.body.get("inferenceConfig", {}))

    @property
    def tools(self) -> list[Block]:
        """With the cache points between them."""
        return cast(list[Block], self.body.get("toolConfig", {}).get("tools", []))

    @property
    def tool_choice(self) -> Block:
        return cast(Block, self.body.get("toolConfig", {}).get("toolChoice", {}))

    @property
    def fields(self) -> Block:
        """What goes to the model itself, in its own words."""
        return cast(Block, self.body.get("additionalModelRequestFields", {}))

    @property
    def reply_fields(self) -> list[str]:
        return cast(list[str], self.body.get("additionalModelResponseFieldPaths", []))

    @property
    def claude(self) -> Generation | None:
        return generation(self.model) if "claude" in self.model else None

    @property
    def thinks(self) -> bool:
        """Whether Claude was told to."""
        thinking = self.fields.get("thinking")
        return isinstance(thinking, dict) and thinking.get("type") in ("enabled", "adaptive")

    @property
    def shows_thinking(self) -> bool:
        display = self.fields["thinking"].get("display") if self.thinks else None
        return display == "summarized" or (display is None and (self.claude is None or self.claude.shows_thinking))

    @property
    def forces_a_tool(self) -> bool:
        return "any" in self.tool_choice or "tool" in self.tool_choice

    def offered(self) -> list[Tool]:
        specs = [tool["toolSpec"] for tool in self.tools if "toolSpec" in tool]
        return [Tool(spec["name"], spec["inputSchema"]["json"]) for spec in specs]

    def must_call(self) -> list[Tool]:
        """Tools of which one has to be called."""
        if not self.forces_a_tool:
            return []
        name = self.tool_choice.get("tool", {}).get("name")
        return [tool for tool in self.offered() if name in (None, tool.name)]

    def schema(self) -> object:
        """What the text has to fit. Raises ApiError where it is no JSON."""
        form = self.body.get("outputConfig", {}).get("textFormat")
        if form is None:
            return None
        try:
            return msgspec.json.decode(form["structure"]["jsonSchema"]["schema"], type=dict)
        except msgspec.DecodeError:
            raise ApiError(400, "outputConfig.textFormat.structure.jsonSchema.schema: invalid JSON schema.") from None


class BedrockEndpoint(Endpoint[ConverseAsked]):
    """An operation on a model."""

    def __init__(
        self,
        compose: Callable[[ConverseAsked, bytes, Demands], Answer],
        request: str = "ConverseRequest",
        *,
        streams: bool = False,
    ) -> None:
        self.compose = compose
        self.manners = BEDROCK
        self._request = request
        self._streams = streams

    def with_manners(self, manners: Manners) -> "BedrockEndpoint":
        raise NotImplementedError("Bedrock has no other door")

    def read(self, body: bytes, place: Place) -> ConverseAsked:
        model = place.model or ""
        if not model.startswith(PREFIX) and not _MODEL_ID.fullmatch(model):
            text = (
                f"1 validation error detected: Value '{model}' at 'modelId' failed to satisfy constraint: Member must "
            )
            raise ApiError(400, f"{text}satisfy regular expression pattern: {MODEL_ID}")
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self.manners.not_json() from None
        return ConverseAsked(read(found, self._request), model, streams=self._streams)
