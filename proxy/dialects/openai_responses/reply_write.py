"""`Answer` → a whole `response` object.

Neighbouring texts and refusals are one message with several content parts. Further choices (`n`) do not exist here.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice
from proxy.canonical.parts import Declined, Reasoning, Text, ToolCall
from proxy.dialects.openai_responses.opaque import call_encrypted_content, encrypted_content, item_id
from proxy.dialects.openai_responses.output_items import (
    call_item,
    message_item,
    reasoning_item,
    refusal_part,
    text_part,
)
from proxy.dialects.openai_responses.response_shape import ResponseShape, ending


def write_reply(answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
    """The reply to the request `body`."""
    shape = ResponseShape(body, call_id)
    shape.name(answer.model, answer.created, answer.service_tier)
    choice = answer.choices[0] if answer.choices else Choice(parts=[], finish="stop")
    declined = any(isinstance(part, Declined) for part in choice.parts)
    status, reason = ending(choice.finish, declined)
    output = [msgspec.json.encode(item) for item in _items(choice, call_id)]
    return shape.response(status, output, tokens, reason)


def _items(choice: Choice, call_id: str) -> Iterator[dict[str, Any]]:
    places = count()
    content: list[dict[str, Any]] = []
    logprobs = choice.logprobs
    for part in choice.parts:
        if isinstance(part, Text):
            content.append(text_part(part.text, part.citations, logprobs))
            logprobs = None
            continue
        if isinstance(part, Declined):
            content.append(refusal_part(part.text))
            continue
        if content:
            yield message_item(item_id("msg", call_id, next(places)), content)
            content = []
        if isinstance(part, Reasoning):
            opaque = encrypted_content(part.signature, part.origin, redacted=part.redacted)
            yield reasoning_item(item_id("rs", call_id, next(places)), part.text, opaque)
        elif isinstance(part, ToolCall):
            if part.signature:
                opaque = call_encrypted_content(part.signature, part.origin)
                yield reasoning_item(item_id("rs", call_id, next(places)), "", opaque)
            arguments = part.arguments or ("" if part.free else "{}")
            id = item_id("ctc" if part.free else "fc", call_id, next(places))
            yield call_item(id, part.id, part.name, arguments, free=part.free)
    if content:
        yield message_item(item_id("msg", call_id, next(places)), content)
