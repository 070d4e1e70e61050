"""The caller's request as a small model is asked it that shall answer shortly: its length capped, a hint behind its
instructions, in the caller's own dialect.

Keeps true: the caller's request itself is not changed. What makes a model think for long is left out: nothing would be
left of so short an answer.
"""

from collections.abc import Callable
from typing import Any

from proxy.estimate import LENGTHS
from proxy.routing import ShortAnswer

_LIMITS = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
    "messages": ("max_tokens",),
}
"""What endpoints call it, the best name first."""
_THINKING = frozenset({"thinking", "thinking_budget", "reasoning", "reasoning_effort"})
_INSTRUCTIONS = ("system", "developer")

Body = dict[str, Any]


def shortly(endpoint: str, body: Body, short: ShortAnswer) -> Body | None:
    """None for what has no short answer (embeddings, counts)."""
    names, hinted = _LIMITS.get(endpoint), _HINTED.get(endpoint)
    if names is None or hinted is None:
        return None
    asked = {name: value for name, value in body.items() if name not in LENGTHS and name not in _THINKING}
    own = [name for name in names if type(body.get(name)) is int]
    for name in own or names[:1]:
        asked[name] = min(body[name], short.max_tokens) if own else short.max_tokens
    if isinstance(output := asked.get("output_config"), dict) and "effort" in output:
        asked["output_config"] = {name: value for name, value in output.items() if name != "effort"}
    return hinted(asked, short.hint)


def _chat(body: Body, hint: str) -> Body:
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    count = 0
    while count < len(messages) and _instructs(messages[count]):
        count += 1
    if not count:
        return body | {"messages": [{"role": "system", "content": hint}, *messages]}
    last = messages[count - 1]
    told = last | {"content": _behind(last.get("content"), hint)}
    return body | {"messages": [*messages[: count - 1], told, *messages[count:]]}


def _instructs(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") in _INSTRUCTIONS


def _completions(body: Body, hint: str) -> Body:
    """Before the prompt, which a model goes on writing. Token ids stay as they are."""
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return body | {"prompt": f"{hint}\n\n{prompt}"}
    if isinstance(prompt, list):
        return body | {"prompt": [f"{hint}\n\n{each}" if isinstance(each, str) else each for each in prompt]}
    return body


def _responses(body: Body, hint: str) -> Body:
    return body | {"instructions": _behind(body.get("instructions"), hint)}


def _messages(body: Body, hint: str) -> Body:
    return body | {"system": _behind(body.get("system"), hint)}


def _behind(said: object, hint: str) -> object:
    """Text or blocks of text, and the hint."""
    if isinstance(said, list):
        return [*said, {"type": "text", "text": hint}]
    return f"{said}\n\n{hint}" if isinstance(said, str) and said else hint


_HINTED: dict[str, Callable[[Body, str], Body]] = {
    "chat": _chat,
    "completions": _completions,
    "responses": _responses,
    "messages": _messages,
}
