"""What counts of Google's replies, as typed structs. A stream's chunk has the same form as a whole reply."""

from typing import Any

import msgspec

from proxy.dialects.provider_error import NotThisDialect

NAME = "gemini"
NOTHING = msgspec.Raw()
"""A raw field that is not there."""


class FunctionCall(msgspec.Struct, gc=False):
    name: str = ""
    id: str | None = None
    args: msgspec.Raw = NOTHING


class Part(msgspec.Struct, rename="camel", gc=False):
    """Pictures, code and its results have no place in the canonical form: they are skipped."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(msgspec.Struct, gc=False):
    parts: list[Part] | None = None


class Candidate(msgspec.Struct, rename="camel", gc=False):
    content: Content | None = None
    finish_reason: str | None = None
    index: int | None = None
    grounding_metadata: msgspec.Raw = NOTHING
    citation_metadata: msgspec.Raw = NOTHING
    logprobs_result: msgspec.Raw = NOTHING


class PromptFeedback(msgspec.Struct, rename="camel", gc=False):
    block_reason: str | None = None


class Reply(msgspec.Struct, rename="camel", gc=False):
    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: Any = None
    model_version: str | None = None
    response_id: str | None = None
    error: Any = None


_decode = msgspec.json.Decoder(Reply).decode
_decode_list = msgspec.json.Decoder(list[Reply]).decode


def decode_reply(data: bytes) -> Reply:
    """A reply or a chunk; errors come in a list of one, too. Raises NotThisDialect."""
    try:
        if data.lstrip()[:1] != b"[":
            return _decode(data)
        replies = _decode_list(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None
    if len(replies) != 1:
        raise NotThisDialect("a list of replies")
    return replies[0]


def compact(arguments: msgspec.Raw) -> str:
    """A call's arguments on one line; its numbers stay as they were written."""
    if arguments is NOTHING:
        return "{}"
    text = bytes(msgspec.json.format(arguments, indent=-1)).decode()
    return "{}" if text == "null" else text
