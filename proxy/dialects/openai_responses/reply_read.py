"""A provider's whole `response` → `Answer`. Items that are not known are skipped."""

from collections.abc import Iterator

import msgspec

from proxy.canonical.answer import Answer, Choice, TokenLogprob
from proxy.canonical.parts import Declined, Part, Reasoning, Text, ToolCall
from proxy.dialects.openai_responses.annotations import citation_of, tokens_of
from proxy.dialects.openai_responses.opaque import NAME
from proxy.dialects.openai_responses.reply_shape import (
    Item,
    Response,
    finish_of,
    pieces_of,
    raise_if_failed,
    said,
    usage_of,
)
from proxy.dialects.provider_error import NotThisDialect


class _Reply(Response):
    object: str | None = None


_decode = msgspec.json.Decoder(_Reply).decode


def read_reply(body: bytes) -> Answer:
    """Raises ProviderError (an error with status 200), NotThisDialect."""
    try:
        reply = _decode(body)
        if reply.output is None and reply.error is None:
            raise NotThisDialect("no response of the Responses API: it has no output")
        raise_if_failed(reply)
        logprobs: list[TokenLogprob] = []
        parts = [part for item in reply.output or () for part in _parts(item, logprobs)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None
    called = any(isinstance(part, ToolCall) for part in parts)
    declined = any(isinstance(part, Declined) for part in parts)
    finish = finish_of(reply, called=called, declined=declined)
    return Answer(
        choices=[Choice(parts=parts, finish=finish, logprobs=logprobs or None)],
        usage=usage_of(reply),
        id=said(reply.id),
        model=said(reply.model),
        created=reply.created,
        service_tier=said(reply.service_tier),
    )


def _parts(item: Item, logprobs: list[TokenLogprob]) -> Iterator[Part]:
    if item.type == "message":
        for piece in pieces_of(item.content):
            if piece.type == "output_text" and piece.text is not None:
                citations = [found for each in piece.annotations or () if (found := citation_of(each))]
                logprobs += tokens_of(piece.logprobs) or ()
                yield Text(text=piece.text, citations=citations)
            elif piece.type == "refusal" and piece.refusal is not None:
                yield Declined(text=piece.refusal)
    elif item.type == "reasoning":
        yield from _reasoning(item)
    elif call := call_of(item):
        yield call


def _reasoning(item: Item) -> Iterator[Part]:
    text = "\n\n".join(piece.text or "" for piece in pieces_of(item.summary))
    text = text or "".join(piece.text or "" for piece in pieces_of(item.content))
    signature = said(item.encrypted_content) or None
    if text or signature:
        origin = NAME if signature else None
        yield Reasoning(text=text, signature=signature, redacted=not text, id=said(item.id), origin=origin)


def call_of(item: Item) -> ToolCall | None:
    """The call of a function or of a custom tool; None for any other item, and for half a call."""
    free = item.type == "custom_tool_call"
    arguments = said(item.input if free else item.arguments) or ""
    if (free or item.type == "function_call") and isinstance(item.call_id, str) and isinstance(item.name, str):
        return ToolCall(id=item.call_id, name=item.name, arguments=arguments, free=free)
    return None
