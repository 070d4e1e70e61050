"""A whole reply of a provider that speaks chat → `Answer`.

Keeps true: what is not text where text is due is skipped; an error with status 200 is an error; a reply with tool calls
ends with `tool_calls`, whatever its provider says (forced calls end with `stop` at OpenAI itself).
"""

import secrets
from typing import Any

import msgspec

from gatewatch.usage import openai
from proxy.canonical.answer import Answer, Choice, Finish, TokenLogprob, Usage
from proxy.canonical.parts import Citation, Declined, Part, Reasoning, Text, ToolCall
from proxy.dialects.openai_chat.errors import error_of
from proxy.dialects.openai_chat.reasoning_details import ORIGIN, read_details
from proxy.dialects.provider_error import NotThisDialect, ProviderError

_FINISH: dict[object, Finish] = {
    "length": "length",
    "model_length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
}
"""Beside OpenAI's own: Mistral, Together, Zhipu. Whatever else a provider says is an ordinary stop."""
_BROKEN = {"error": 502, "insufficient_system_resource": 503, "abort": 502}
"""Words of OpenRouter and Mistral, DeepSeek and vLLM for a reply that did not come to its end → status."""


class Reply(msgspec.Struct):
    """Every field may be anything: providers differ."""

    choices: list[dict[str, Any]] | None = None
    id: Any = None
    model: Any = None
    created: Any = None
    service_tier: Any = None
    usage: Any = None
    error: Any = None
    object: Any = None
    message: Any = None
    detail: Any = None


_decode = msgspec.json.Decoder(Reply).decode


def read(body: bytes) -> Answer:
    """Raises ProviderError, NotThisDialect."""
    try:
        reply = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as defect:
        raise NotThisDialect("the reply is no chat completion") from defect
    if reply.error:
        raise error_of(reply.error)
    if not reply.choices:
        if reply.object == "error" or reply.message or reply.detail:
            raise error_of(msgspec.json.decode(body))
        raise NotThisDialect("the reply has no choices")
    return Answer(
        choices=[_choice(choice) for choice in reply.choices],
        usage=usage_of(reply.usage),
        id=text_or_none(reply.id),
        model=text_or_none(reply.model),
        created=reply.created if isinstance(reply.created, int) and not isinstance(reply.created, bool) else None,
        service_tier=text_or_none(reply.service_tier),
    )


def usage_of(usage: object) -> Usage:
    return Usage(raw=usage, tokens=openai.read(usage), details=openai.details(usage))


def finish_of(reason: object, *, called: bool, declined: bool = False) -> Finish:
    """`declined`: the model refused in words, which ends with `stop` like any other reply.

    Raises ProviderError where the word says that the reply broke off.
    """
    if isinstance(reason, str) and reason in _BROKEN:
        raise ProviderError(f"The provider broke off: {reason}.", status=_BROKEN[reason])
    finish = _FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    if finish != "stop":
        return finish
    return "tool_calls" if called else "refusal" if declined else "stop"


def logprobs_of(logprobs: object) -> list[TokenLogprob] | None:
    """OpenAI's `logprobs.content`; None for any other shape."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list):
        return None
    try:
        return [_logprob(each) for each in content]
    except (msgspec.ValidationError, AttributeError, TypeError):
        return None


def citation_of(annotation: object) -> Citation | None:
    """A `url_citation`; None for any other annotation."""
    cited = annotation.get("url_citation") if isinstance(annotation, dict) else None
    if not isinstance(cited, dict) or not isinstance(url := cited.get("url"), str):
        return None
    start, end = cited.get("start_index"), cited.get("end_index")
    known = type(start) is int and type(end) is int and 0 <= start <= end
    return Citation(
        url=url,
        title=text_or_none(cited.get("title")),
        quote=text_or_none(cited.get("content")),
        start=start if known else None,
        end=end if known else None,
        native=annotation if isinstance(annotation, dict) else None,
    )


def content_parts(content: object) -> list[tuple[bool, str]]:
    """Content as text, or as Mistral's list of chunks → (whether it is a thought, text)."""
    if isinstance(content, str):
        return [(False, content)] if content else []
    said: list[tuple[bool, str]] = []
    for chunk in content if isinstance(content, list) else ():
        if not isinstance(chunk, dict):
            continue
        if isinstance(text := chunk.get("text"), str) and text:
            said.append((False, text))
        elif chunk.get("type") == "thinking":
            said += [(True, text) for _, text in content_parts(chunk.get("thinking"))]
    return said


def arguments_text(arguments: object) -> str:
    """Arguments are JSON in a string; some send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else msgspec.json.encode(arguments).decode()


def call_signature(extra_content: object) -> str | None:
    """Google's place of a thought signature on its chat endpoint."""
    google = extra_content.get("google") if isinstance(extra_content, dict) else None
    return text_or_none(google.get("thought_signature")) if isinstance(google, dict) else None


def new_call_id() -> str:
    """For providers that give their calls no id."""
    return f"call_{secrets.token_hex(12)}"


def signed(parts: list[Reasoning]) -> list[Reasoning]:
    for part in parts:
        if part.signature is not None:
            part.origin = ORIGIN
    return parts


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _choice(choice: dict[str, Any]) -> Choice:
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    parts = _parts(message)
    called = any(isinstance(part, ToolCall) for part in parts)
    declined = any(isinstance(part, Declined) for part in parts)
    finish = finish_of(choice.get("finish_reason"), called=called, declined=declined)
    matched = text_or_none(choice.get("stop_reason")) if finish == "stop" else None
    return Choice(
        parts=parts,
        finish="stop_sequence" if matched else finish,
        stop_sequence=matched,
        logprobs=logprobs_of(choice.get("logprobs")),
    )


def _parts(message: dict[str, Any]) -> list[Part]:
    parts: list[Part] = list(_reasoning(message))
    for thought, text in content_parts(message.get("content")):
        parts.append(Reasoning(text=text) if thought else Text(text=text))
    annotations = message.get("annotations")
    if isinstance(annotations, list) and parts and isinstance(last := parts[-1], Text):
        last.citations = [each for each in map(citation_of, annotations) if each is not None]
    if refusal := text_or_none(message.get("refusal")):
        parts.append(Declined(text=refusal))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict) and (read_call := _tool_call(call)) is not None:
            parts.append(read_call)
    if isinstance(function := message.get("function_call"), dict) and (name := text_or_none(function.get("name"))):
        parts.append(ToolCall(id=new_call_id(), name=name, arguments=arguments_text(function.get("arguments"))))
    return parts


def _reasoning(message: dict[str, Any]) -> list[Reasoning]:
    """Details know more than the plain text beside them, which says the same again."""
    plain = text_or_none(message.get("reasoning_content")) or text_or_none(message.get("reasoning"))
    details = message.get("reasoning_details")
    thoughts = signed(read_details(details)) if isinstance(details, list) else []
    if plain and not any(part.text for part in thoughts):
        if len(thoughts) == 1 and not thoughts[0].redacted:
            thoughts[0].text = plain
        else:
            thoughts.insert(0, Reasoning(text=plain))
    return thoughts


def _tool_call(call: dict[str, Any]) -> ToolCall | None:
    call_id = text_or_none(call.get("id")) or new_call_id()
    if isinstance(custom := call.get("custom"), dict):
        if (name := text_or_none(custom.get("name"))) is None:
            return None
        return ToolCall(id=call_id, name=name, arguments=arguments_text(custom.get("input")), free=True)
    function = call.get("function")
    name = text_or_none(function.get("name")) if isinstance(function, dict) else None
    if name is None or not isinstance(function, dict):
        return None
    signature = call_signature(call.get("extra_content"))
    return ToolCall(
        id=call_id,
        name=name,
        arguments=arguments_text(function.get("arguments")) or "{}",
        signature=signature,
        origin=ORIGIN if signature else None,
    )


def _logprob(each: dict[str, Any]) -> TokenLogprob:
    top = each.get("top_logprobs")
    return TokenLogprob(
        token=msgspec.convert(each.get("token"), str),
        logprob=msgspec.convert(each.get("logprob"), float),
        bytes=msgspec.convert(each.get("bytes"), list[int] | None),
        top=[_logprob(one) for one in top] if isinstance(top, list) else [],
    )
