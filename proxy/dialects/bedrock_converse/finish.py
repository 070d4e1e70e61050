"""Why a reply ends, in Bedrock's words → the canonical reason.

What is new, or malformed, is never taken for an answer.
"""

from proxy.canonical.answer import Finish

_REASONS: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
}


def finish_of(reason: str) -> Finish:
    return _REASONS.get(reason, "content_filter")
