"""Which requests mean the same whenever they are asked. The others are neither looked up nor kept.

Keeps true: what has effects beside its answer, or whose answer depends on the time or on what the provider remembers,
always goes to the provider.
"""

from collections.abc import Mapping
from typing import Any

from proxy.worker.pacing.priority import HEADER as PRIORITY

_OWN_TOOLS = frozenset({"function", "custom"})
"""Types of tools that the caller runs. Anthropic's of that kind need not say a type."""
_OF_A_STATE = frozenset({"previous_response_id", "conversation", "container", "prompt"})
"""Names of what the provider remembers; it may have changed."""
_NOTHING: tuple[object, ...] = (None, False, [])
_SEARCHING = frozenset({"web_search_options", "search_parameters", "enable_search", "plugins", "mcp_servers"})
"""How providers are told to look things up beside tools."""
_TELLING = _SEARCHING | _OF_A_STATE | {"background", "store", "tools"}


def is_repeatable(endpoint: str, headers: Mapping[bytes, bytes], body: Mapping[str, Any]) -> bool:
    """Whether a reply to it may be given to another."""
    if headers.get(PRIORITY, b"").strip().lower() == b"deferred":
        return False
    if endpoint == "completions":  # its `prompt` is text
        return True
    if _TELLING.isdisjoint(body):
        return True
    if any(body.get(name) not in _NOTHING for name in _SEARCHING):  # an empty object is the default search
        return False
    if any(body.get(name) is not None for name in _OF_A_STATE):
        return False
    if body.get("background") is True or (body.get("store") is True and endpoint == "chat"):
        return False
    tools = body.get("tools")
    return not isinstance(tools, list) or all(map(_is_the_callers, tools))


def _is_the_callers(tool: object) -> bool:
    return isinstance(tool, dict) and isinstance(kind := tool.get("type", "function"), str) and kind in _OWN_TOOLS
