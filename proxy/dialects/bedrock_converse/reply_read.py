"""A whole reply of Converse → the canonical form."""

from typing import Any

import msgspec

from gatewatch.usage import bedrock
from proxy.canonical.answer import Answer, Choice, Usage
from proxy.canonical.parts import Part, Reasoning, Text, ToolCall
from proxy.dialects.bedrock_converse.finish import finish_of
from proxy.dialects.bedrock_converse.messages_write import NAME
from proxy.dialects.bedrock_converse.wire import NOTHING, ContentBlock, ReasoningContent, Reply, decode_reply
from proxy.dialects.provider_error import NotThisDialect


def read(body: bytes) -> Answer:
    """Raises NotThisDialect. The reply names neither itself nor its model."""
    try:
        reply: Reply = decode_reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None
    parts = [part for block in (reply.output.message.content if reply.output.message else ()) for part in _parts(block)]
    beside = reply.additional_model_response_fields
    choice = Choice(
        parts=parts,
        finish=finish_of(reply.stop_reason),
        stop_sequence=beside.stop_sequence if beside else None,
    )
    tier = reply.service_tier.type if reply.service_tier else None
    return Answer(choices=[choice], usage=usage_of(reply.usage), service_tier=tier)


def read_count(body: bytes) -> int:
    """A reply of CountTokens → input tokens. Raises NotThisDialect."""
    try:
        return msgspec.json.decode(body, type=_Count).input_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None


def usage_of(raw: Any) -> Usage:
    return Usage(raw=raw, tokens=bedrock.read(raw))


class _Count(msgspec.Struct, rename="camel"):
    input_tokens: int


def _parts(block: ContentBlock) -> list[Part]:
    if block.text is not None:
        return [Text(text=block.text)] if block.text else []
    if block.citations_content:
        cited = block.citations_content
        return [Text(text=cited.text, citations=[each.citation() for each in cited.citations or ()])]
    if block.reasoning_content:
        return [_thought(block.reasoning_content)]
    if block.tool_use and block.tool_use.type is None:
        call = block.tool_use
        return [ToolCall(id=call.tool_use_id, name=call.name, arguments=_arguments(call.input))]
    return []


def _thought(said: ReasoningContent) -> Reasoning:
    if said.redacted_content is not None:
        return Reasoning(signature=said.redacted_content, redacted=True, origin=NAME)
    words = said.reasoning_text
    if words is None:
        return Reasoning()
    return Reasoning(text=words.text, signature=words.signature, origin=NAME if words.signature else None)


def _arguments(given: msgspec.Raw) -> str:
    """On one line; numbers stay as they were written."""
    return "{}" if given is NOTHING else bytes(msgspec.json.format(given, indent=-1)).decode()
