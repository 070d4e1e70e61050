"""A whole reply of `generateContent` → the canonical form."""

from typing import Any

from gatewatch.usage import gemini
from proxy.canonical.answer import Answer, Choice, Usage
from proxy.canonical.parts import Citation, Part, Reasoning, Text, ToolCall
from proxy.dialects.gemini.call_ids import CallIds
from proxy.dialects.gemini.citations import grounded, recited
from proxy.dialects.gemini.errors import error_of
from proxy.dialects.gemini.finish import finish_of
from proxy.dialects.gemini.logprobs import logprobs_of
from proxy.dialects.gemini.wire import NAME, NOTHING, Candidate, Reply, compact, decode_reply
from proxy.dialects.provider_error import NotThisDialect


def read(body: bytes) -> Answer:
    """Raises ProviderError where the reply says that it failed, NotThisDialect where it is none.

    A reply without candidates was blocked at its prompt; nothing is generated, and it ends by `content_filter`.
    """
    reply = decode_reply(body)
    if reply.error is not None:
        raise error_of(reply.error)
    if reply.candidates is None and reply.prompt_feedback is None and reply.usage_metadata is None:
        raise NotThisDialect("neither candidates nor a reason why there are none")
    ids = CallIds()
    choices, searches = [], 0
    for candidate in sorted(reply.candidates or (), key=lambda each: each.index or 0):
        choice, searched = _choice(candidate, reply, ids)
        choices.append(choice)
        searches += searched
    return Answer(
        choices=choices or [Choice(parts=[], finish="content_filter")],
        usage=usage_of(reply.usage_metadata, searches),
        id=reply.response_id,
        model=reply.model_version,
        service_tier=gemini.tier(reply.usage_metadata),
    )


def usage_of(raw: Any, searches: int) -> Usage:
    return Usage(raw=raw, tokens=gemini.read(raw), searches=searches, details=gemini.details(raw))


def _choice(candidate: Candidate, reply: Reply, ids: CallIds) -> tuple[Choice, int]:
    parts: list[Part] = []
    texts: dict[int, Text] = {}
    calls = 0
    for at, said in enumerate(candidate.content.parts or () if candidate.content else ()):
        if said.function_call:
            call = said.function_call
            parts.append(
                ToolCall(
                    id=call.id or ids.made(reply.response_id, candidate.index or 0, calls),
                    name=call.name,
                    arguments=compact(call.args),
                    signature=said.thought_signature,
                    origin=NAME if said.thought_signature else None,
                )
            )
            calls += 1
            continue
        origin = NAME if said.thought_signature else None
        if said.thought:
            parts.append(Reasoning(text=said.text or "", signature=said.thought_signature, origin=origin))
            continue
        if said.text:
            texts[at] = Text(text=said.text)
            parts.append(texts[at])
        if said.thought_signature:
            parts.append(Reasoning(signature=said.thought_signature, redacted=True, origin=origin))
    searches = _cite(candidate, texts)
    finish = finish_of(candidate.finish_reason, calls > 0) or ("tool_calls" if calls else "stop")
    return Choice(parts=parts, finish=finish, logprobs=logprobs_of(candidate.logprobs_result)), searches


def _cite(candidate: Candidate, texts: dict[int, Text]) -> int:
    """Hang citations on the texts that they support; how many searches were made."""

    def position(part: int, bytes_in: int) -> int | None:
        text = texts.get(part)
        return len(text.text.encode()[:bytes_in].decode(errors="ignore")) if text and bytes_in >= 0 else None

    cited: list[tuple[int, Citation]] = []
    searches = 0
    if candidate.grounding_metadata is not NOTHING:
        cited, searches = grounded(candidate.grounding_metadata, position)
    if candidate.citation_metadata is not NOTHING:
        cited += recited(candidate.citation_metadata, position)
    last = next(reversed(texts.values()), None)
    for part, citation in cited:
        if text := texts.get(part, last):
            text.citations.append(citation)
    return searches
