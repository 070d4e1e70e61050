"""A request to Responses → `Ask`.

Keeps true: what has no place in `Ask` and changes the request stands in `Ask.others` under its own name; what changes
nothing (null, the documented default, hints, the gateway's own attribution) does not.
"""

from typing import Any, Literal

import msgspec

from proxy.canonical.ask import Ask, Format, Thinking, Turn
from proxy.canonical.parts import Text
from proxy.dialects.openai_responses.items_read import read_items
from proxy.dialects.openai_responses.tools_read import read_choice, read_tools
from proxy.dialects.openai_responses.typed import typed
from proxy.refusal import bad_request

ENCRYPTED_REASONING = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"

_CONSUMED = frozenset({"metadata", "client_metadata", "stream_options", "prompt_cache_retention", "max_tool_calls"})
"""The gateway's own, what Codex says of its installation, hints, and what counts the calls of hosted tools alone."""
CHANGES_NOTHING: dict[str, tuple[Any, ...]] = {
    "store": (False, True),
    "background": (False,),
    "truncation": ("disabled",),
}
_STATE = ("previous_response_id", "conversation", "prompt")
"""Where the input may stand instead."""


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    name: str = "reply"
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class _Text(msgspec.Struct):
    format: _Format | None = None
    verbosity: str | None = None


class _Reasoning(msgspec.Struct):
    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None
    context: str | None = None
    mode: str | None = None


class _CacheOptions(msgspec.Struct):
    prewarm: bool | None = None
    comparison_response_id: str | None = None


class _Request(msgspec.Struct):
    """The parameters that are read; all others are looked at by name."""

    model: Any = None
    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    text: _Text | None = None
    reasoning: _Reasoning | None = None
    include: list[str] | None = None
    service_tier: str | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: _CacheOptions | None = None
    stream: bool | None = None


_READ = frozenset(_Request.__struct_fields__)


def read_request(body: dict[str, Any]) -> Ask:
    """Raises Refusal (400) that names the parameter."""
    said = typed(body, _Request)
    others = _others(body, said)
    tools = read_tools(said.tools or [], others)
    choice = None
    if said.tool_choice is not None:
        choice, tools = read_choice(said.tool_choice, tools, others)
    logprobs = bool(said.top_logprobs) or LOGPROBS in (said.include or ())
    return Ask(
        turns=_turns(body, said, others),
        tools=tools,
        tool_choice=choice,
        parallel_tools=said.parallel_tool_calls,
        max_output=said.max_output_tokens,
        temperature=said.temperature,
        top_p=said.top_p,
        logprobs=logprobs or None,
        top_logprobs=said.top_logprobs or None,
        format=_format(said.text),
        thinking=_thinking(said.reasoning),
        verbosity=said.text.verbosity if said.text else None,
        service_tier=said.service_tier,
        stream=said.stream is True,
        user=said.safety_identifier or said.user,
        cache_key=said.prompt_cache_key,
        others=others,
    )


def _turns(body: dict[str, Any], said: _Request, others: dict[str, Any]) -> list[Turn]:
    turns = [Turn(role="system", parts=[Text(text=said.instructions)])] if said.instructions else []
    if isinstance(said.input, str):
        return [*turns, Turn(role="user", parts=[Text(text=said.input)])]
    if said.input is None and not any(body.get(name) for name in _STATE):
        raise bad_request("missing_required_parameter", "Missing required parameter: 'input'.", param="input")
    return turns + read_items(said.input or [], others)


def _others(body: dict[str, Any], said: _Request) -> dict[str, Any]:
    others = {
        name: value
        for name, value in body.items()
        if name not in _READ
        and name not in _CONSUMED
        and value is not None
        and value not in CHANGES_NOTHING.get(name, ())
    }
    if included := [each for each in said.include or () if each not in (ENCRYPTED_REASONING, LOGPROBS)]:
        others["include"] = included
    if (options := said.prompt_cache_options) and (options.prewarm or options.comparison_response_id):
        others["prompt_cache_options"] = body["prompt_cache_options"]
    if reasoning := said.reasoning:
        if reasoning.context not in (None, "auto"):
            others["reasoning.context"] = reasoning.context
        if reasoning.mode not in (None, "standard"):
            others["reasoning.mode"] = reasoning.mode
    return others


def _format(text: _Text | None) -> Format | None:
    form = text.format if text else None
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        return Format(kind="json")
    if form.schema is None:
        raise bad_request("missing_required_parameter", "A schema is missing.", param="text.format.schema")
    return Format(kind="schema", name=form.name, description=form.description, schema=form.schema, strict=form.strict)


def _thinking(reasoning: _Reasoning | None) -> Thinking | None:
    if reasoning is None:
        return None
    shown = True if reasoning.summary or reasoning.generate_summary else None
    return Thinking(effort=reasoning.effort, shown=shown) if reasoning.effort or shown else None
