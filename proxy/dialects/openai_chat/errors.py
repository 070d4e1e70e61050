"""Errors of providers that speak chat: OpenAI's shape, and what its many imitators mean by their own words.

Keeps true: whatever comes becomes a ProviderError; nothing raises. Every server has its own words for a prompt that is
too long, so the text is read where the code is silent.
"""

import re
from typing import Any

import msgspec

from proxy.dialects import openai_error
from proxy.dialects.provider_error import ProviderError

_READ_CHARACTERS = 4096
_TOO_LONG = re.compile(
    r"maximum (?:model )?(?:context|input) length|model's (?:maximum )?context (?:length|limit|window)"
    r"|exceeds? (?:the |its )?(?:\w+ )?(?:model's )?(?:maximum )?context (?:length|limit|size|window)"
    r"|context (?:length|window)\b[^.]{0,40}\bexceed"
    r"|too large for model with \d+ maximum context"
    r"|`inputs` tokens \+ `max_new_tokens` must be"
    r"|exceeds the maximum number of tokens allowed|prompt is too long"
    r"|current length is \d+ while limit is \d+|reduce the length of (?:the|your) (?:messages|prompt|input)",
    re.IGNORECASE,
)
"""OpenAI, vLLM, SGLang, llama.cpp, Mistral, Together (TGI), Groq, Cerebras, Google."""
_NO_WORDS = re.compile(r"$|[<{\[]")
"""Nothing, markup, or JSON that broke off: not for people."""
_MODEL_MISSING = re.compile(r"\bmodel\b.{0,200}\b(?:not exist|not found|no longer|unknown)", re.IGNORECASE | re.DOTALL)
_FAULTY_REQUEST = (None, 400, 413, 422)


def read_error(status: int, body: bytes) -> ProviderError:
    """An error reply, whatever its body is."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = _plain_text(body)
    return error_of(value, status)


def error_of(value: Any, status: int | None = None) -> ProviderError:
    """An error object, bare or under `error`, or a bare text; without a status, what its own words stand for."""
    error = openai_error.error_of(_innermost(value), status)
    head = error.message[:_READ_CHARACTERS]
    unnamed = error.code is None or error.code.isdigit() or error.code in _VAGUE
    if unnamed and error.status in _FAULTY_REQUEST and _TOO_LONG.search(head):
        error.code = "context_length_exceeded"
    elif unnamed and error.status == 404 and _MODEL_MISSING.search(head):
        error.code = "model_not_found"
    if error.code == "context_length_exceeded" and error.status is None:
        error.status = 400
    if error.of_key and _is_of_another(value):
        error.of_key = error.of_key._replace(holds=False)
    if error.retry_after is None and error.status in (429, 503):
        error.retry_after = _retry_delay(value)
    return error


_VAGUE = frozenset(
    {"invalid_request_error", "BadRequestError", "NotFoundError", "not_found_error", "bad_request", "None", "null"}
)
"""Codes that say no more than the status."""


def _plain_text(body: bytes) -> str | None:
    text = body[:_READ_CHARACTERS].decode(errors="replace").strip()
    return text if text.isprintable() and not _NO_WORDS.match(text) else None


def _innermost(value: Any) -> Any:
    """OpenRouter tells the error of the provider behind it in `metadata.raw`, as text; some wrap FastAPI's `detail`."""
    inner = value.get("error") if isinstance(value, dict) else None
    error = inner if isinstance(inner, dict) else value
    if not isinstance(error, dict):
        return value
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    told = _told(raw) if isinstance(raw, str) else None
    if told:
        return {**error, "message": f"{error.get('message') or 'Provider returned error'}: {told}"}
    details = error.get("detail") if "detail" in error else error.get("message")
    said = _validation_errors(details.get("detail") if isinstance(details, dict) else details)
    return {**error, "message": said} if said else error


def _is_of_another(value: Any) -> bool:
    """Whether OpenRouter tells of a provider behind it, which has keys of its own."""
    error = value.get("error") if isinstance(value, dict) else None
    metadata = error.get("metadata") if isinstance(error, dict) else None
    return isinstance(metadata, dict) and bool(metadata.get("provider_name"))


def _told(raw: str) -> str | None:
    raw = raw[:_READ_CHARACTERS]
    try:
        return openai_error.error_of(msgspec.json.decode(raw), 400).message
    except (msgspec.DecodeError, RecursionError):
        return _plain_text(raw.encode(errors="replace"))


def _validation_errors(details: Any) -> str | None:
    """FastAPI's list of `{"loc","msg"}`: where, and what is wrong there."""
    if not isinstance(details, list):
        return None
    said = [
        f"{'.'.join(str(step) for step in where)}: {each['msg']}"
        if isinstance(where := each.get("loc"), list)
        else each["msg"]
        for each in details[:8]
        if isinstance(each, dict) and isinstance(each.get("msg"), str)
    ]
    return "; ".join(said) or None


def _retry_delay(value: Any) -> float | None:
    """Google's `RetryInfo` and the `retry_after` that some state beside their message. Seconds."""
    if isinstance(value, list):
        value = value[0] if value else None
    error = value.get("error", value) if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    delays = [each.get("retryDelay") for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    for stated in (*delays, error.get("retry_after"), error.get("retry_after_seconds")):
        if isinstance(stated, str) and re.fullmatch(r"\d{1,6}(?:\.\d{1,9})?s?", stated):
            return float(stated.rstrip("s"))
        if isinstance(stated, int | float) and not isinstance(stated, bool) and 0 < stated < 1e6:
            return float(stated)
    return None
