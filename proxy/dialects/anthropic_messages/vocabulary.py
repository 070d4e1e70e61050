"""The words of Messages for what the canonical form knows."""

from gatewatch.call import Tokens
from proxy.canonical.answer import Finish

DIALECT = "anthropic-messages"

NAMES = {
    "turns": "messages",
    "max_output": "max_tokens",
    "stop": "stop_sequences",
    "parallel_tools": "tool_choice.disable_parallel_tool_use",
    "format": "output_config.format",
    "user": "metadata.user_id",
}
"""Field of `Ask` → what it is called here, where that differs."""
FIELDS = {name: field for field, name in NAMES.items()}

FINISHES: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
}
STOP_REASONS: dict[Finish, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
}


def stop_reason(finish: Finish, *, calls: bool) -> str:
    """Clients run tools only for `tool_use`, which some providers do not say of a reply that ends with calls."""
    return "tool_use" if calls and finish == "stop" else STOP_REASONS[finish]


def usage_of(tokens: Tokens, searches: int = 0) -> dict[str, object]:
    """Anthropic's usage object: `input_tokens` is what neither came from the cache nor went into it."""
    written = tokens.input_cache_write_5m + tokens.input_cache_write_1h
    usage: dict[str, object] = {
        "input_tokens": tokens.input - written - tokens.input_cache_read,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": tokens.input_cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.input_cache_write_5m,
            "ephemeral_1h_input_tokens": tokens.input_cache_write_1h,
        },
        "output_tokens": tokens.output,
    }
    if tokens.output_reasoning:
        usage["output_tokens_details"] = {"thinking_tokens": tokens.output_reasoning}
    if searches:
        usage["server_tool_use"] = {"web_search_requests": searches, "web_fetch_requests": 0}
    return usage
