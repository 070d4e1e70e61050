"""Turns → `system` and `messages`.

Keeps true: leading instructions (system and developer turns) are `system`. Later ones stay where they are if the model
takes `role: system` there, which Anthropic allows only after a user's message and before an assistant's or the end; all
others are hoisted to the end of `system`, in their order. Neighbours of one role are one message, and the results of
tools stand first in theirs, as Anthropic demands.
"""

from typing import Any

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Part, Text, ToolResult
from proxy.dialects.anthropic_messages.blocks_write import BlocksWriter

Message = tuple[str, list[Part]]
"""Role (`system`, `user`, `assistant`) and parts."""


def write_turns(
    turns: list[Turn], blocks: BlocksWriter, losses: Losses, *, late_system: bool
) -> tuple[str | list[dict[str, Any]] | None, list[dict[str, Any]]]:
    """(`system`, `messages`). Raises Refusal through `losses`."""
    for turn in turns:
        if turn.name and turn.role != "assistant":
            losses.lose("name", "its messages do not name their speakers")
        if turn.role in ("system", "developer") and not all(isinstance(part, Text) for part in turn.parts):
            losses.refuse("turns", "its instructions are text")
    instructions, said = arrange(turns, late_system=late_system)
    if not said:  # a prompt of instructions alone is asked as it is
        instructions, said = [], [("user", instructions)] if instructions else []
    messages = []
    for role, parts in said:
        content = blocks.blocks(parts, assistant=role == "assistant")
        if content:
            messages.append({"role": role, "content": _plain(content)})
    _trim_prefill(messages)
    system = blocks.blocks(instructions, assistant=False)
    return (_plain(system) if system else None), messages


def arrange(turns: list[Turn], *, late_system: bool) -> tuple[list[Part], list[Message]]:
    """Instructions, and messages in their order, none of them empty."""
    runs = _joined(
        ("system" if turn.role == "developer" else turn.role, [part for part in turn.parts if _says(part)])
        for turn in turns
    )
    instructions: list[Part] = []
    kept: list[Message] = []
    for place, (role, parts) in enumerate(runs):
        before = runs[place - 1][0] if place else None
        after = runs[place + 1][0] if place + 1 < len(runs) else "assistant"
        if role == "system" and not (late_system and before == "user" and after == "assistant"):
            instructions.extend(parts)
        else:
            kept.append((role, parts))
    return instructions, [
        (role, sorted(parts, key=lambda part: not isinstance(part, ToolResult))) for role, parts in _joined(kept)
    ]


def _joined(messages: Any) -> list[Message]:
    joined: list[Message] = []
    for role, parts in messages:
        if not parts:
            continue
        if joined and joined[-1][0] == role:
            joined[-1][1].extend(parts)
        else:
            joined.append((role, list(parts)))
    return joined


def _says(part: Part) -> bool:
    """Anthropic refuses text that is empty or all white."""
    return not isinstance(part, Text) or bool(part.text.strip())


def _plain(content: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """One text alone is a string."""
    only = content[0]
    return only["text"] if len(content) == 1 and only.keys() == {"type", "text"} else content


def _trim_prefill(messages: list[dict[str, Any]]) -> None:
    """Anthropic refuses white space at the end of words that are put in the assistant's mouth."""
    if not messages or messages[-1]["role"] != "assistant":
        return
    content = messages[-1]["content"]
    if isinstance(content, str):
        messages[-1]["content"] = content.rstrip()
    elif content[-1]["type"] == "text":
        content[-1]["text"] = content[-1]["text"].rstrip()
