"""The caller's parameters that have no place in `Ask`, on the way to a target that may know some of them.

Keeps true: each is carried or lost, and what would be another request without it is refused, never dropped.
"""

from typing import Any

from proxy.canonical.ask import NEVER_DROPPED, Ask
from proxy.canonical.losses import Losses

_HOSTED_TOOL = ("tools[", "]")
_WHY = {
    "item_reference": "it is kept by the provider that made it: send the items whole, with store: false",
}


def lose_others(ask: Ask, losses: Losses, carried: frozenset[str] = frozenset()) -> None:
    """Loses each of `Ask.others` but those that the target is told (`carried`), in the caller's order. Raises Refusal.

    `tools[i]` is a tool that a provider runs itself: lost, unless it must be called. `tools[i].option` is one's option.
    """
    hosted = False
    for name in ask.others:
        if name in carried:
            continue
        if name in NEVER_DROPPED:
            losses.refuse(name, _WHY.get(name, "it is kept by the provider that made it"))
        if name.startswith(_HOSTED_TOOL[0]) and name.endswith(_HOSTED_TOOL[1]):
            hosted = True
            losses.lose(name, "it is a tool that another provider runs itself")
        else:
            losses.lose(name)
    if hosted and _demands_another(ask):
        losses.refuse("tool_choice", "it demands a tool that another provider runs itself")


def _demands_another(ask: Ask) -> bool:
    """Whether a tool must be called that is none of those that are left."""
    choice: Any = ask.others.get("tool_choice")
    if choice is not None:
        return True
    if ask.tool_choice is None or ask.tool_choice.mode not in ("required", "named"):
        return False
    return not any(ask.tool_choice.mode == "required" or tool.name == ask.tool_choice.name for tool in ask.tools)
