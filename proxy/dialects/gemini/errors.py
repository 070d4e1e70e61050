"""Google's errors (`google.rpc.Status`), as replies, in a list of one, and in streams.

A refused key comes as a 400. Quotas per day are used up until midnight in California, whatever `retryDelay` says;
quotas of 0 and empty accounts do not fill up at all.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from proxy.dialects.key_words import OfKey, about_key
from proxy.dialects.provider_error import ProviderError

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s\Z")
_MIDNIGHT_UTC_HOUR = 8
"""Midnight in California in winter; in summer an hour late, never early."""


def read_error(status: int, body: bytes) -> ProviderError:
    """An error reply; never raises."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:2000].decode(errors="replace").strip()
        told = text if text and "<" not in text else f"The provider answered {status}."
        return ProviderError(told, status=status)
    if isinstance(said, list) and said:
        said = said[0]
    return error_of(
        said.get("error", said) if isinstance(said, dict) else said, None if 200 <= status < 300 else status
    )


def error_of(said: object, status: int | None = None) -> ProviderError:
    """The error object. `status`: what it was sent with, where that says anything."""
    if not isinstance(said, dict):
        return ProviderError(str(said)[:2000], status=status)
    name = said.get("status") if isinstance(said.get("status"), str) else None
    message = said["message"] if isinstance(said.get("message"), str) else name or "The provider says it failed."
    details = _details(said)
    if status is None:
        number = said.get("code")
        in_range = isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599
        status = number if in_range else _STATUSES.get(name or "", 500 if name else None)
    reasons = [str(detail.get("reason")) for detail in details if "reason" in detail]
    text = message.lower()
    violations = list(_quota_violations(details))
    of_key = about_key("google", status, {name, *reasons}, message)
    if any(str(violation.get("quotaValue")) == "0" for violation in violations):
        of_key = OfKey("exhausted", for_model=True)
    return ProviderError(
        message,
        status=status,
        code=_code(name, text, of_key),
        param=_param(details),
        retry_after=_retry_after(details),
        of_key=of_key,
        daily=any("PerDay" in str(violation.get("quotaId")) for violation in violations),
    )


def _code(name: str | None, text: str, of_key: OfKey | None) -> str | None:
    if of_key and of_key.kind == "refused":
        return "invalid_api_key"
    if "exceeds the maximum number of tokens" in text:
        return "context_length_exceeded"
    if name == "NOT_FOUND" and "models/" in text:
        return "model_not_found"
    if name == "RESOURCE_EXHAUSTED":
        return "rate_limit_exceeded"
    return name.lower() if name else None


def _details(said: dict[str, Any]) -> list[dict[str, Any]]:
    details = said.get("details")
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []


def _param(details: list[dict[str, Any]]) -> str | None:
    for detail in details:
        for violation in _listed(detail, "fieldViolations"):
            if isinstance(violation.get("field"), str):
                return str(violation["field"])
    return None


def _retry_after(details: list[dict[str, Any]]) -> float | None:
    for violation in _quota_violations(details):
        if "PerDay" in str(violation.get("quotaId")):
            return _until_midnight(datetime.now(UTC))
    for detail in details:
        if said := _DELAY.match(str(detail.get("retryDelay", ""))):
            return float(said[1])
    return None


def _until_midnight(now: datetime) -> float:
    midnight = now.replace(hour=_MIDNIGHT_UTC_HOUR, minute=0, second=0, microsecond=0)
    if midnight <= now:
        midnight += timedelta(days=1)
    return (midnight - now).total_seconds()


def _quota_violations(details: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for detail in details:
        if str(detail.get("@type", "")).endswith("QuotaFailure"):
            yield from _listed(detail, "violations")


def _listed(detail: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = detail.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
