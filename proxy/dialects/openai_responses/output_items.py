"""The items of an output, as JSON values."""

from collections.abc import Sequence
from typing import Any

from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation
from proxy.dialects.openai_responses.annotations import annotation_of, logprobs_of


def text_part(
    text: str, citations: Sequence[Citation] = (), logprobs: Sequence[TokenLogprob] | None = None
) -> dict[str, Any]:
    return {
        "type": "output_text",
        "text": text,
        "annotations": [annotation_of(citation, len(text)) for citation in citations],
        "logprobs": logprobs_of(logprobs),
    }


def refusal_part(text: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": text}


def message_item(id: str, content: list[Any], status: str = "completed") -> dict[str, Any]:
    return {"id": id, "type": "message", "status": status, "role": "assistant", "content": content}


def reasoning_item(id: str, text: str, encrypted_content: str | None) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text}] if text else []
    return {"id": id, "type": "reasoning", "summary": summary, "encrypted_content": encrypted_content}


def call_item(
    id: str, call_id: str, name: str, arguments: str, *, free: bool, status: str = "completed"
) -> dict[str, Any]:
    """A function call, or the call of a custom tool."""
    if free:
        return {"id": id, "type": "custom_tool_call", "call_id": call_id, "name": name, "input": arguments}
    return {
        "id": id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }
