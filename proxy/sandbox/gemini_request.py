"""What Gemini is asked: a body read as Google reads it, with what the address adds."""

from collections.abc import Callable
from typing import Any, cast

import msgspec

from proxy.sandbox.answer import Answer, Endpoint, Place
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.gemini_messages import MESSAGES, OF_VERTEX
from proxy.sandbox.gemini_rules import Content, check_contents, check_tools
from proxy.sandbox.manners import Manners
from proxy.sandbox.proto_json import read
from proxy.sandbox.said import Tool

_JSON = "application/json"
_BUDGETS = {"gemini-2.5-pro": (128, 32_768), "gemini-2.5-flash-lite": (512, 24_576), "gemini-2.5-flash": (0, 24_576)}
_NO_BUDGET = ("gemini-2.5-flash-lite", "gemini-2.5-flash")
"""These can be told not to think."""


class GeminiAsked:
    """One request, normalised."""

    def __init__(
        self, body: dict[str, Any], model: str, *, streams: bool = False, events: bool = True, vertex: bool = False
    ) -> None:
        self.model = model
        self.vertex = vertex
        self.body = body
        self.streams = streams
        self.events = events
        """A stream comes as events; else as one JSON list."""

    def basis(self) -> tuple[object, ...]:
        said = [self.body.get(name) for name in ("contents", "systemInstruction", "tools", "content", "requests")]
        form = [self.config.get(name) for name in ("responseSchema", "responseJsonSchema", "responseMimeType", "seed")]
        return (self.model, said, self.tool_config, form)

    @property
    def contents(self) -> list[Content]:
        return cast(list[Content], self.body.get("contents", []))

    @property
    def config(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.body.get("generationConfig", {}))

    @property
    def thinking(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.config.get("thinkingConfig", {}))

    @property
    def tools(self) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], self.body.get("tools", []))

    @property
    def tool_config(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.body.get("toolConfig", {}).get("functionCallingConfig", {}))

    @property
    def thinks(self) -> bool:
        return self.model.startswith(("gemini-2.5", "gemini-3"))

    def offered(self) -> list[Tool]:
        """The functions that are declared."""
        functions = [each for tool in self.tools for each in tool.get("functionDeclarations", ())]
        return [
            Tool(each["name"], each.get("parametersJsonSchema") or json_schema(each.get("parameters")))
            for each in functions
        ]

    def must_call(self) -> list[Tool]:
        """Functions of which the mode ANY makes the model call one."""
        if self.tool_config.get("mode") != "ANY":
            return []
        allowed = self.tool_config.get("allowedFunctionNames")
        return [tool for tool in self.offered() if not allowed or tool.name in allowed]

    def schema(self) -> object:
        """What the text has to fit; None: nothing."""
        return self.config.get("responseJsonSchema") or json_schema(self.config.get("responseSchema"))

    @property
    def any_json(self) -> bool:
        return self.config.get("responseMimeType") == _JSON

    def check(self) -> None:
        """Raises ApiError for what makes no sense together."""
        check_tools(self.tools)
        self._check_config()
        self._check_thinking()
        check_contents(self.contents, self.model)

    def _check_config(self) -> None:
        config, mode = self.config, self.tool_config.get("mode")
        offered = self.offered()
        if mode in ("ANY", "VALIDATED") and not offered:
            raise ApiError(400, "Function calling config is set without function_declarations.")
        allowed = self.tool_config.get("allowedFunctionNames")
        if allowed and mode not in ("ANY", "VALIDATED"):
            raise ApiError(400, "Allowed function names should only be set when the function calling mode is ANY.")
        if allowed and not set(allowed) <= {tool.name for tool in offered}:
            raise ApiError(400, "Allowed function names should be a subset of the declared functions.")
        if self.schema() is not None and not self.any_json:
            raise ApiError(400, "A response schema needs response_mime_type 'application/json'.")
        if "responseSchema" in config and "responseJsonSchema" in config:
            raise ApiError(400, "Only one of response_schema and response_json_schema may be set.")
        if self.any_json and offered and not self.model.startswith("gemini-3"):
            raise ApiError(400, f"Function calling with a response mime type: '{_JSON}' is unsupported")
        if "logprobs" in config and not config.get("responseLogprobs"):
            raise ApiError(400, "Logprobs is only allowed when response_logprobs is true.")
        for name, low, high in _RANGES:
            if name in config and not low <= config[name] <= high:
                text = f"Unable to submit request because it has a {name} value of {config[name]} but the supported "
                raise ApiError(400, f"{text}range is from {low} (inclusive) to {high} (inclusive).")
        if len(config.get("stopSequences", ())) > 5:
            raise ApiError(400, "The number of stop sequences must be at most 5.")

    def _check_thinking(self) -> None:
        budget, level = self.thinking.get("thinkingBudget"), self.thinking.get("thinkingLevel")
        if budget is not None and level is not None:
            raise ApiError(400, "You can only set only one of thinking budget and thinking level.")
        if self.thinking and not self.thinks and not self.model.startswith("fault-"):
            raise ApiError(400, "Thinking is not supported by this model.")
        if level is not None and self.model.startswith("gemini-2.5"):
            raise ApiError(400, "Thinking level is not supported for this model.")
        for name, (low, high) in _BUDGETS.items():
            if budget is not None and self.model.startswith(name):
                off = budget == 0 and name in _NO_BUDGET
                if budget != -1 and not off and not low <= budget <= high:
                    text = f"The thinking budget {budget} is invalid. Please choose a value between {low} and {high}."
                    raise ApiError(400, text)
                return


def json_schema(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    """Google's schema as JSON schema: types in lower case, all the way down."""
    if schema is None:
        return None
    found = dict(schema)
    if "type" in found:
        found["type"] = found["type"].lower()
    if "properties" in found:
        found["properties"] = {name: json_schema(inner) for name, inner in found["properties"].items()}
    if "items" in found:
        found["items"] = json_schema(found["items"])
    if "anyOf" in found:
        found["anyOf"] = [json_schema(inner) for inner in found["anyOf"]]
    return found


_RANGES = (
    ("temperature", 0, 2),
    ("topP", 0, 1),
    ("candidateCount", 1, 8),
    ("maxOutputTokens", 1, 65_536),
    ("logprobs", 0, 20),
)


class GeminiEndpoint(Endpoint[GeminiAsked]):
    """A method of a model. `request` is what its body is called."""

    def __init__(
        self,
        compose: Callable[[GeminiAsked, bytes, Demands], Answer],
        manners: Manners,
        request: str = "GenerateContentRequest",
        *,
        vertex: bool = False,
        streams: bool = False,
    ) -> None:
        self.compose = compose
        self.manners = manners
        self._request = request
        self._vertex = vertex
        self._messages = OF_VERTEX if vertex else MESSAGES
        self._streams = streams

    def with_manners(self, manners: Manners) -> "GeminiEndpoint":
        raise NotImplementedError("Gemini has no other door")

    def read(self, body: bytes, place: Place) -> GeminiAsked:
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self.manners.not_json() from None
        model = place.model or ""
        events = place.query.get("alt") == "sse"
        asked = read(found, self._request, self._messages)
        return GeminiAsked(asked, model, streams=self._streams, events=events, vertex=self._vertex)
