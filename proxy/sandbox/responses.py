"""`/v1/responses` and its token counter. Streamed and plain replies of one request have the same output and usage."""

from typing import Any

import msgspec

from proxy.sandbox.answer import CREATED
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import key_of, prose
from proxy.sandbox.responses_items import Message
from proxy.sandbox.responses_output import output_items
from proxy.sandbox.responses_request import CountAsked, FunctionTool, ResponseAsked
from proxy.sandbox.responses_stream import events
from proxy.sandbox.responses_tokens import input_tokens
from proxy.sandbox.said import no_such_finish, say
from proxy.sandbox.seals import item_id
from proxy.sandbox.usage import cached_tokens, reasoning_tokens, reported, responses_usage

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponseAnswer:
    """One response."""

    def __init__(self, asked: ResponseAsked, key: bytes, demands: Demands) -> None:
        if demands.finish == "pause":
            raise no_such_finish("pause", "the Responses API")
        self.asked = asked
        self.stream = bool(asked.stream)
        self.model = demands.model or asked.model
        items = asked.items()
        self.prompt_tokens = input_tokens(asked, items)
        effort = asked.reasoning.effort if asked.reasoning else None
        self.said = say(
            key,
            _with_summary(asked, key, effort, demands),
            must_call=asked.must_call(),
            tools=asked.offered(),
            schema=asked.schema(),
            any_json=asked.any_json,
            thought=reasoning_tokens(asked.model, effort, key),
            limit=asked.max_output_tokens,
        )
        self.length = max(1, self.said.tokens)
        self.items = output_items(asked, key, demands, self.said)
        self.id = item_id("resp", key, asked.store is not False)
        first = items[0].content if items and isinstance(items[0], Message) else ""
        beginning = asked.instructions or (first if isinstance(first, str) else str(asked.input))
        cached = cached_tokens(asked.model, beginning, self.prompt_tokens)
        thought = self.said.thought
        usage = responses_usage(self.prompt_tokens, self.said.tokens + thought, cached=cached, reasoning=thought)
        self.usage = reported(usage, demands)

    def body(self) -> bytes:
        return msgspec.json.encode(self.response())

    def frames(self) -> list[bytes]:
        return events(self.asked, self.response, self.items)

    @property
    def incomplete(self) -> str | None:
        """Why the response ended too soon."""
        return _INCOMPLETE.get(self.said.finish)

    def response(self, status: str = "") -> dict[str, Any]:
        """The response object: done, or as it is while its output is on the way (`in_progress`)."""
        done = not status
        asked = self.asked
        reply: dict[str, Any] = {
            "id": self.id,
            "object": "response",
            "created_at": CREATED,
            "status": status or ("incomplete" if self.incomplete else "completed"),
            "background": False,
            "error": None,
            "incomplete_details": {"reason": self.incomplete} if done and self.incomplete else None,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "max_tool_calls": asked.max_tool_calls,
            "metadata": asked.metadata or {},
            "model": self.model,
            "output": [each.item for each in self.items] if done else [],
            "parallel_tool_calls": asked.parallel_tool_calls is not False,
            "previous_response_id": asked.previous_response_id,
            "prompt_cache_key": asked.prompt_cache_key,
            "reasoning": _reasoning(asked),
            "safety_identifier": asked.safety_identifier,
            "service_tier": "default" if done else asked.service_tier or "auto",
            "temperature": 1.0 if asked.temperature is None else asked.temperature,
            "text": _text(asked),
            "tool_choice": asked.tool_choice or "auto",
            "tools": [_tool(tool) for tool in asked.tools or ()],
            "top_logprobs": asked.top_logprobs or 0,
            "top_p": 1.0 if asked.top_p is None else asked.top_p,
            "truncation": asked.truncation or "disabled",
            "usage": None,
            "user": asked.user,
        }
        if done:
            reply["completed_at"] = None if self.incomplete else CREATED
            reply["usage"] = self.usage
        return reply


class TokenCountAnswer:
    """`/v1/responses/input_tokens`."""

    stream = False
    length = 1

    def __init__(self, asked: CountAsked, _key: bytes, _demands: Demands) -> None:
        self.prompt_tokens = input_tokens(asked, asked.items())

    def body(self) -> bytes:
        return msgspec.json.encode({"object": "response.input_tokens", "input_tokens": self.prompt_tokens})

    def frames(self) -> list[bytes]:
        raise TypeError("a count is never streamed")


def _with_summary(asked: ResponseAsked, key: bytes, effort: str | None, demands: Demands) -> Demands:
    """Of a model that thinks, whoever asks for a summary gets one."""
    wanted = asked.reasoning and (asked.reasoning.summary or asked.reasoning.generate_summary)
    if demands.thinking is not None or not wanted or not reasoning_tokens(asked.model, effort, key):
        return demands
    return msgspec.structs.replace(demands, thinking="".join(prose(key_of(key.hex(), "summary"))))


def _reasoning(asked: ResponseAsked) -> dict[str, Any]:
    given = asked.reasoning
    return {"effort": given.effort if given else None, "summary": given.summary if given else None}


def _text(asked: ResponseAsked) -> dict[str, Any]:
    form: dict[str, Any] = {"type": "text"}
    if asked.text and asked.text.format:
        given = msgspec.to_builtins(asked.text.format)
        form = {name: value for name, value in given.items() if value is not None}
    return {"format": form, "verbosity": (asked.text.verbosity if asked.text else None) or "medium"}


def _tool(tool: Any) -> dict[str, Any]:
    given = msgspec.to_builtins(tool)
    shown = {name: value for name, value in given.items() if value is not None}
    if isinstance(tool, FunctionTool):
        shown |= {"strict": tool.strict is not False, "parameters": tool.parameters, "description": tool.description}
    return shown
