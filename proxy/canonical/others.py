"""The caller's parameters that have no place in `Ask`, on the way to a target that may know some of them.

Keeps true: each is carried or lost, and what would be another request without it is refused, never dropped.
"""

from collections.abc import Mapping
from typing import Any

from proxy.canonical.ask import NEVER_DROPPED
from proxy.canonical.losses import Losses

_HOSTED_TOOL = ("tools[", "]")


def lose_others(others: Mapping[str, Any], losses: Losses, carried: frozenset[str] = frozenset()) -> None:
    """Loses each of `Ask.others` but those that the target is told (`carried`), in the caller's order. Raises Refusal.

    `tools[i]` is a tool that a provider runs itself: without it, another request. `tools[i].option` is one's option.
    """
    for name in others:
        if name in carried:
            continue
        if name in NEVER_DROPPED:
            losses.refuse(name, "it is kept by the provider that made it")
        if name.startswith(_HOSTED_TOOL[0]) and name.endswith(_HOSTED_TOOL[1]):
            losses.refuse(name, "it is a tool that another provider runs itself")
        losses.lose(name)
