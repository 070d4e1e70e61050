"""A whole reply as a caller of the legacy completions gets it: a `text_completion`, text alone.

Keeps true: reasoning has no place here and is left out; a refusal that is told in words is the text.
"""

import time
from typing import Any

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Finish, TokenLogprob
from proxy.canonical.parts import Declined, Text
from proxy.dialects.openai_chat.usage_write import usage_object
from proxy.dialects.openai_completions.request_read import echoes, prompt_of

FINISH: dict[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "stop",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "length",
}


def write(answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
    lead = prompt_of(body) if echoes(body) else ""
    return msgspec.json.encode(
        {
            "id": reply_id(call_id),
            "object": "text_completion",
            "created": answer.created if answer.created is not None else int(time.time()),
            "model": answer.model or str(body.get("model", "")),
            "choices": [_choice(choice, at, lead) for at, choice in enumerate(answer.choices)],
            "usage": usage_object(tokens),
        }
    )


def reply_id(call_id: str) -> str:
    return f"cmpl-{call_id}"


def logprobs_object(logprobs: list[TokenLogprob], offset: int) -> dict[str, Any]:
    """The endpoint's own shape: four lists side by side. `offset`: characters before the first token."""
    offsets = []
    for each in logprobs:
        offsets.append(offset)
        offset += len(each.token)
    return {
        "tokens": [each.token for each in logprobs],
        "token_logprobs": [each.logprob for each in logprobs],
        "top_logprobs": [{one.token: one.logprob for one in each.top} for each in logprobs],
        "text_offset": offsets,
    }


def _choice(choice: Choice, index: int, lead: str) -> dict[str, Any]:
    said = "".join(part.text for part in choice.parts if isinstance(part, Text | Declined))
    return {
        "text": lead + said,
        "index": index,
        "logprobs": None if choice.logprobs is None else logprobs_object(choice.logprobs, len(lead)),
        "finish_reason": FINISH[choice.finish],
    }
