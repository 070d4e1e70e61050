"""Requests of Messages as callers write them.

Keeps true: every parameter that is there, and not null or without effect, stands in the `Ask` or in its `others`.
`metadata` is the gateway's for attribution; only `user_id` is told to a provider.
"""

from typing import Any

from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice, Turn
from proxy.canonical.parts import CacheMark, Part
from proxy.dialects.anthropic_messages.blocks_read import BlocksReader, cache_mark
from proxy.dialects.anthropic_messages.fields import boolean, integer, invalid, number, objects, text, texts
from proxy.refusal import Refusal

_READ = frozenset(
    {
        "cache_control",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "output_format",
        "service_tier",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    }
)
_WITHOUT_EFFECT: dict[str, tuple[object, ...]] = {"speed": ("standard",)}
"""Parameter → values that are its default."""
_HINTS = frozenset({"diagnostics"})
"""About the provider's own cache: nothing is lost where another caches by itself."""

_TOOL_FIELDS = frozenset(
    {"type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming"}
)
_TIERS = {"auto": None, "standard_only": "default"}
_MODES = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}


def read_request(body: dict[str, Any], *, counting: bool = False) -> Ask:
    """Raises Refusal (400) that names the parameter. `counting`: a count of tokens, which has no `max_tokens`."""
    others: dict[str, Any] = {}
    blocks = BlocksReader(others)
    turns = _system(body.get("system"), blocks) + _turns(body, blocks)
    ask = Ask(
        turns=turns,
        tools=_tools(body, others),
        max_output=integer(body, "max_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        top_k=integer(body, "top_k"),
        stop=texts(body, "stop_sequences"),
        stream=boolean(body, "stream") or False,
        others=others,
    )
    if ask.max_output is None and not counting:
        raise Refusal(400, "missing_required_parameter", "max_tokens: Field required", param="max_tokens")
    _choose_tools(body, ask)
    _shape_output(body, ask)
    _mark_last(body, turns)
    if user := text(_object(body, "metadata"), "user_id", "metadata.user_id"):
        ask.user = user
    tier = text(body, "service_tier")
    if tier is not None:
        ask.service_tier = _TIERS.get(tier, tier)
    for name, value in body.items():
        if name not in _READ and name not in _HINTS and not _says_nothing(name, value):
            others[name] = value
    return ask


def _system(system: object, blocks: BlocksReader) -> list[Turn]:
    parts = blocks.text_parts(system, "system") if system is not None else []
    return [Turn(role="system", parts=parts)] if parts else []


def _turns(body: dict[str, Any], blocks: BlocksReader) -> list[Turn]:
    messages = objects(body, "messages")
    if not messages:
        raise Refusal(400, "missing_required_parameter", "messages: at least one message is required", param="messages")
    return [_turn(message, f"messages[{place}]", blocks) for place, message in enumerate(messages)]


def _turn(message: dict[str, Any], at: str, blocks: BlocksReader) -> Turn:
    role, content = message.get("role"), message.get("content")
    for name, value in message.items():
        if name not in ("role", "content") and value is not None:
            blocks.others[f"{at}.{name}"] = value
    parts: list[Part]
    if role == "system":
        parts = blocks.text_parts(content, f"{at}.content")
        return Turn(role="system", parts=parts)
    if role == "user" or role == "assistant":
        return Turn(role=role, parts=blocks.parts(content, f"{at}.content"))
    raise invalid(f"{at}.role", "'user', 'assistant' or 'system'")


def _tools(body: dict[str, Any], others: dict[str, Any]) -> list[Tool]:
    tools = []
    for place, tool in enumerate(objects(body, "tools")):
        at = f"tools[{place}]"
        if tool.get("type") not in (None, "custom"):
            others[at] = tool
            continue
        name, schema = text(tool, "name", f"{at}.name"), tool.get("input_schema")
        if not name:
            raise invalid(f"{at}.name", "a name")
        if not isinstance(schema, dict):
            raise invalid(f"{at}.input_schema", "a JSON schema")
        for option, value in tool.items():
            if option not in _TOOL_FIELDS and value and not (option == "allowed_callers" and value == ["direct"]):
                others[f"{at}.{option}"] = value
        tools.append(
            Tool(
                name=name,
                description=text(tool, "description", f"{at}.description"),
                schema=schema,
                strict=boolean(tool, "strict", f"{at}.strict"),
                cache=cache_mark(tool),
            )
        )
    return tools


def _choose_tools(body: dict[str, Any], ask: Ask) -> None:
    choice = _object(body, "tool_choice")
    if not choice:
        return
    mode = _MODES.get(str(choice.get("type")))
    if mode is None:
        raise invalid("tool_choice.type", "'auto', 'any', 'tool' or 'none'")
    name = text(choice, "name", "tool_choice.name")
    if mode == "named" and not name:
        raise invalid("tool_choice.name", "the name of a tool")
    ask.tool_choice = ToolChoice(mode=mode, name=name if mode == "named" else None)  # type: ignore[arg-type]
    if boolean(choice, "disable_parallel_tool_use", "tool_choice.disable_parallel_tool_use"):
        ask.parallel_tools = False


def _shape_output(body: dict[str, Any], ask: Ask) -> None:
    """Thinking, effort and the form of the reply."""
    config = _object(body, "output_config")
    effort = text(config, "effort", "output_config.effort")
    thinking = _object(body, "thinking")
    kind = thinking.get("type")
    if kind in ("disabled", "between_tools"):
        ask.thinking = Thinking(budget=0)
    elif kind in ("enabled", "adaptive"):
        budget = integer(thinking, "budget_tokens", "thinking.budget_tokens") if kind == "enabled" else None
        display = thinking.get("display")
        ask.thinking = Thinking(effort=effort, budget=budget, shown=None if display is None else display != "omitted")
    elif thinking:
        raise invalid("thinking.type", "'enabled', 'disabled', 'adaptive' or 'between_tools'")
    elif effort is not None:
        ask.thinking = Thinking(effort=effort)
    wanted = config.get("format") or body.get("output_format")
    if wanted is not None:
        schema = wanted.get("schema") if isinstance(wanted, dict) and wanted.get("type") == "json_schema" else None
        if not isinstance(schema, dict):
            raise invalid("output_config.format", "of type 'json_schema', with a schema")
        ask.format = Format(kind="schema", schema=schema)
    for name, value in config.items():
        if name not in ("effort", "format") and value is not None:
            ask.others[f"output_config.{name}"] = value


def _mark_last(body: dict[str, Any], turns: list[Turn]) -> None:
    """A `cache_control` of the whole request is one on its last block that can have it."""
    mark = cache_mark(body)
    if mark is None:
        return
    for turn in reversed(turns):
        for part in reversed(turn.parts):
            if hasattr(part, "cache"):
                part.cache = part.cache or CacheMark(ttl=mark.ttl)
                return


def _says_nothing(name: str, value: object) -> bool:
    if value is None or value in ([], {}) or value in _WITHOUT_EFFECT.get(name, ()):
        return True
    return name == "context_management" and isinstance(value, dict) and _keeps_all(value.get("edits"))


def _keeps_all(edits: object) -> bool:
    """Claude Code asks by it that no thinking be cleared, which nobody else does anyway."""
    return isinstance(edits, list) and all(isinstance(edit, dict) and edit.get("keep") == "all" for edit in edits)


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name, "an object")
    return value
