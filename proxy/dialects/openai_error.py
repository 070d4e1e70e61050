"""Errors as OpenAI shapes them, `{"error":{message,type,param,code}}`, and as its imitators bend that shape.

Keeps true: whatever a provider sends becomes a ProviderError; nothing raises. The forms are OpenAI's, Azure's (the code
is the status as text, the wait stands in the message), Mistral's and vLLM's (flat), xAI's (`{"code","error":text}`),
FastAPI's (`{"detail"}`), OpenRouter's (the code is the status, with a 200 around it) and Google's (in a list).
"""

import re
from typing import Any

import msgspec

from proxy.dialects.key_words import about_key
from proxy.dialects.provider_error import ProviderError

_STATUS_OF_WORD = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "server_error": 500,
    "internal_error": 500,
    "api_error": 500,
    "overloaded_error": 503,
    "overloaded": 503,
    "service_unavailable": 503,
}
"""OpenAI's codes and types → the status that they come with, for errors that come inside a 200."""
_TOO_LONG_WORDS = re.compile(r"maximum context length|context (?:window|length) (?:is )?exceed", re.IGNORECASE)
_WAIT = re.compile(
    r"(?:retry after|try again in) (?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,8}(?:\.\d{1,9})?) ?(ms|s))?",
    re.IGNORECASE,
)
_READ_CHARACTERS = 4096
"""Of a message, where its words are searched."""


def read_error(status: int, body: bytes) -> ProviderError:
    """The error reply of a provider."""
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        parsed = None
    return error_of(parsed, status)


def error_of(value: Any, status: int | None = None) -> ProviderError:
    """An error object, bare or under `error`, or a bare text. With no error status: the one its words stand for."""
    error = _unpacked(value)
    message = _message(error)
    code, kind = _word(error.get("code")), _word(error.get("type"))
    if status is None or 200 <= status < 300:
        status = _stated_status(code, kind, error)
    said = message or (f"The provider answered {status}." if status else "The provider described no error.")
    head = said[:_READ_CHARACTERS]
    if (code is None or code.isdigit() or code == "invalid_request_error") and _TOO_LONG_WORDS.search(head):
        code = "context_length_exceeded"
    return ProviderError(
        said,
        status=status,
        type=kind,
        code=code,
        param=_word(error.get("param")),
        retry_after=_wait(head) if status in (429, 503) else None,
        of_key=about_key("openai", status, {code, kind, *_reasons(error)}, message),
    )


def _unpacked(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        inner = value.get("error")
        if isinstance(inner, dict):
            return inner
        return {**value, "message": inner} if isinstance(inner, str) else value
    return {"message": value} if isinstance(value, str) else {}


def _message(error: dict[str, Any]) -> str:
    said = error.get("message") or error.get("detail")
    if isinstance(said, str):
        return said
    return msgspec.json.encode(said)[:_READ_CHARACTERS].decode(errors="replace") if said else ""


def _word(value: Any) -> str | None:
    return str(value)[:100] if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def _reasons(error: dict[str, Any]) -> list[str]:
    """Google's, of its `ErrorInfo`."""
    details = error.get("details")
    listed = details if isinstance(details, list) else []
    return [each["reason"] for each in listed if isinstance(each, dict) and isinstance(each.get("reason"), str)]


def _stated_status(code: str | None, kind: str | None, error: dict[str, Any]) -> int | None:
    for stated in (code, _word(error.get("status")), _word(error.get("raw_status_code"))):
        if stated and len(stated) == 3 and stated.isascii() and stated.isdigit() and "400" <= stated <= "599":
            return int(stated)
    return _STATUS_OF_WORD.get(code or "") or _STATUS_OF_WORD.get(kind or "")


def _wait(message: str) -> float | None:
    found = _WAIT.search(message)
    if not found:
        return None
    hours, minutes, number, unit = found.groups()
    seconds = float(number or 0) / (1000 if unit and unit.lower() == "ms" else 1)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds or None
