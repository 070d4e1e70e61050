"""Reasoning state of other dialects in the messages of a chat caller, on their way to a provider that speaks chat.

Keeps true: what we wrapped for a caller never reaches a provider that cannot know it; the caller's own messages are not
changed. Plain messages cost a few dictionary looks and no copy.
"""

from typing import Any

from proxy.canonical.signatures import unwrap

_LISTS = ("reasoning_details", "thinking_blocks")


def without_foreign_state(messages: Any, reasoning_field: str) -> Any:
    """The same object where there is nothing to take out.

    `reasoning_field`: where this provider takes plain thoughts.
    """
    if not isinstance(messages, list):
        return messages
    cleaned: list[Any] | None = None
    for at, message in enumerate(messages):
        # the hot path of most calls: no function is called for an ordinary message
        if type(message) is dict and (
            "tool_calls" in message or "reasoning_details" in message or "thinking_blocks" in message
        ):
            own = _cleaned(message, reasoning_field)
            if own is not message:
                cleaned = cleaned or list(messages)
                cleaned[at] = own
    return messages if cleaned is None else cleaned


def _cleaned(message: dict[str, Any], reasoning_field: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in _LISTS:
        entries = message.get(name)
        if isinstance(entries, list) and any(map(_is_foreign, entries)):
            changes[name] = [each for each in entries if not _is_foreign(each)]
    if changes and reasoning_field != "reasoning_content":
        changes["reasoning_content"] = None  # the same thoughts in plain words, which came from us as well
    calls = message.get("tool_calls")
    if isinstance(calls, list) and any(map(_is_sealed, calls)):
        changes["tool_calls"] = [_unsealed(call) if _is_sealed(call) else call for call in calls]
    if not changes:
        return message
    return {name: value for name, value in {**message, **changes}.items() if value or name not in changes}


def _is_foreign(entry: Any) -> bool:
    """Of `reasoning_details` or `thinking_blocks`."""
    if not isinstance(entry, dict):
        return False
    seal = entry.get("signature") or entry.get("data")
    return isinstance(seal, str) and unwrap(seal) is not None


def _is_sealed(call: Any) -> bool:
    extra = call.get("extra_content") if isinstance(call, dict) else None
    google = extra.get("google") if isinstance(extra, dict) else None
    seal = google.get("thought_signature") if isinstance(google, dict) else None
    return isinstance(seal, str) and unwrap(seal) is not None


def _unsealed(call: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if name != "extra_content"}
