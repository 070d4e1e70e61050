"""Errors of providers that speak chat: OpenAI's shape, and what its many imitators mean by their own words.

Keeps true: whatever comes becomes a ProviderError; nothing raises. Resellers tell of an empty balance with any status
at all, and every server has its own words for a prompt that is too long, so the text is read where the code is silent.
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
_NO_MONEY = re.compile(
    r"insufficient (?:account )?(?:balance|credits?|quota|funds)|quota (?:is )?not enough|credit balance is too low"
    r"|(?:not enough|out of|used all available) credits|balance is (?:not enough|insufficient)|negative balance"
    r"|account is suspended due to insufficient|余额不足|额度不足|额度已用尽",
    re.IGNORECASE,
)
"""DeepSeek, OpenRouter, xAI, Anthropic's chat endpoint, Moonshot, new-api and what is built on it."""
_NO_MONEY_CODES = frozenset(
    {"insufficient_user_quota", "pre_consume_token_quota_failed", "insufficient_balance", "insufficient_credits"}
)
_BAD_KEY = re.compile(
    r"(?:incorrect|invalid|wrong) (?:api|access|authentication) ?(?:key|token)|api key (?:not valid|expired|is invalid)"
    r"|no auth credentials found|user not found|invalid token|无效的令牌",
    re.IGNORECASE,
)
_NO_WORDS = re.compile(r"$|[<{\[]")
"""Nothing, markup, or JSON that broke off: not for people."""
_MODEL_MISSING = re.compile(r"\bmodel\b.{0,200}\b(?:not exist|not found|no longer|unknown)", re.IGNORECASE | re.DOTALL)
_FAULTY_REQUEST = (None, 400, 413, 422)
_MONEY_STATUSES = (None, 400, 401, 402, 403, 429, 500)


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
    if error.code in _NO_MONEY_CODES or (error.status in _MONEY_STATUSES and _NO_MONEY.search(head)):
        error.quota = True
    elif error.status not in (401, 403) and error.status in (None, 400) and _BAD_KEY.search(head):
        error.key = True
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
