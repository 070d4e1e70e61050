"""A chat request as its caller sent it → `Ask`.

Keeps true: a value of the wrong type is a 400 that names its path; a parameter without a place in `Ask` stands in
`others`, unless its value changes nothing.
"""

from typing import Any

from proxy.canonical.ask import Ask, Format, Thinking
from proxy.dialects.openai_chat import fields
from proxy.dialects.openai_chat.messages_read import read_turns
from proxy.dialects.openai_chat.neutral import changes_nothing
from proxy.dialects.openai_chat.tools_read import read_tool_choice, read_tools

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_READ = frozenset({
    "model", "messages", "tools", "functions", "tool_choice", "function_call", "parallel_tool_calls",
    "max_completion_tokens", "max_tokens", "temperature", "top_p", "top_k", "stop", "seed", "n", "presence_penalty",
    "frequency_penalty", "logprobs", "top_logprobs", "response_format", "reasoning_effort", "reasoning", "thinking",
    "include_reasoning", "verbosity", "service_tier", "stream", "stream_options", "user", "safety_identifier",
    "prompt_cache_key", "metadata", "usage",
})  # fmt: skip
"""Parameters with a place in `Ask`, and those that ask no provider for anything: `metadata` is the gateway's, and
`stream_options` and OpenRouter's `usage` are about what the caller gets."""


def read(body: dict[str, Any]) -> Ask:
    """Raises Refusal (400) with the path of what is wrong."""
    others = {name: value for name, value in body.items() if name not in _READ and not changes_nothing(name, value)}
    identifier, user = fields.text(body, "safety_identifier"), fields.text(body, "user")
    if identifier and user and identifier != user:
        others["user"] = user
    turns = read_turns(body, others)
    choice, tools = read_tool_choice(body, read_tools(body, others), others)
    return Ask(
        turns=turns,
        tools=tools,
        tool_choice=choice,
        parallel_tools=fields.boolean(body, "parallel_tool_calls"),
        max_output=_max_output(body),
        temperature=fields.number(body, "temperature"),
        top_p=fields.number(body, "top_p"),
        top_k=fields.integer(body, "top_k"),
        stop=read_stop(body),
        seed=fields.integer(body, "seed"),
        n=fields.integer(body, "n", least=1),
        presence_penalty=fields.number(body, "presence_penalty"),
        frequency_penalty=fields.number(body, "frequency_penalty"),
        logprobs=fields.boolean(body, "logprobs"),
        top_logprobs=fields.integer(body, "top_logprobs", least=0),
        format=_format(body),
        thinking=_thinking(body),
        verbosity=fields.text(body, "verbosity"),
        service_tier=fields.text(body, "service_tier"),
        stream=fields.boolean(body, "stream") or False,
        user=identifier or user,
        cache_key=fields.text(body, "prompt_cache_key"),
        others=others,
    )


def read_stop(body: dict[str, Any]) -> list[str]:
    stop = body.get("stop")
    if stop is None or stop == "":
        return []
    if isinstance(stop, str):
        return [stop]
    if not isinstance(stop, list):
        raise fields.bad_type("stop", "a string or an array of strings", stop)
    for at, each in enumerate(stop):
        if not isinstance(each, str):
            raise fields.bad_type(f"stop[{at}]", "a string", each)
    return list(stop)


def shows_reasoning(body: dict[str, Any]) -> bool:
    """Whether the caller wants to see thoughts (OpenRouter's `reasoning.exclude`, `include_reasoning`)."""
    reasoning = body.get("reasoning")
    return body.get("include_reasoning") is not False and not (
        isinstance(reasoning, dict) and reasoning.get("exclude") is True
    )


def _max_output(body: dict[str, Any]) -> int | None:
    """Both names bound the same thing: the smaller number keeps both promises."""
    stated = [fields.integer(body, name, least=1) for name in ("max_completion_tokens", "max_tokens")]
    return min((each for each in stated if each is not None), default=None)


def _format(body: dict[str, Any]) -> Format | None:
    response_format = fields.mapping(body, "response_format")
    if response_format is None:
        return None
    kind = fields.required_text(response_format, "type", "response_format")
    if kind == "text":
        return None
    if kind == "json_object":
        return Format(kind="json")
    fields.one_of(kind, ("text", "json_object", "json_schema"), "response_format.type")
    path = "response_format.json_schema"
    shape = fields.required_mapping(response_format, "json_schema", "response_format")
    return Format(
        kind="schema",
        name=fields.required_text(shape, "name", path),
        description=fields.text(shape, "description", path),
        schema=fields.mapping(shape, "schema", path) or {},
        strict=fields.boolean(shape, "strict", path),
    )


def _thinking(body: dict[str, Any]) -> Thinking | None:
    """`reasoning_effort`, OpenRouter's `reasoning`, or Anthropic's `thinking`; the first that says something."""
    thinking = Thinking(effort=fields.one_of(fields.text(body, "reasoning_effort"), _EFFORTS, "reasoning_effort"))
    reasoning = fields.mapping(body, "reasoning")
    if reasoning is not None:
        path = "reasoning"
        thinking.effort = thinking.effort or fields.one_of(
            fields.text(reasoning, "effort", path), _EFFORTS, f"{path}.effort"
        )
        thinking.budget = fields.integer(reasoning, "max_tokens", path, least=0)
        enabled = fields.boolean(reasoning, "enabled", path)
        if thinking.effort is None and thinking.budget is None and enabled is not None:
            thinking.effort = "medium" if enabled else "none"
        if (excluded := fields.boolean(reasoning, "exclude", path)) is not None:
            thinking.shown = not excluded
    elif (given := fields.mapping(body, "thinking")) is not None:
        _read_thinking(given, thinking)
    if (shown := fields.boolean(body, "include_reasoning")) is not None and thinking.shown is None:
        thinking.shown = shown
    return None if thinking == Thinking() else thinking


def _read_thinking(given: dict[str, Any], thinking: Thinking) -> None:
    kind = fields.required_text(given, "type", "thinking")
    fields.one_of(kind, ("enabled", "disabled", "adaptive", "auto"), "thinking.type")
    if thinking.effort is not None:
        return
    if kind == "disabled":
        thinking.effort = "none"
    elif (budget := fields.integer(given, "budget_tokens", "thinking", least=0)) is not None:
        thinking.budget = budget
    elif kind == "enabled":
        thinking.effort = "medium"
