"""Who pays and for what: the key decides team, project and environment, the caller may add tags.

Understands our own headers and those of LiteLLM, Portkey and Helicone, so that apps move without a change. Values from
callers are cut to size and never trusted for anything but reporting.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gatewatch.call import Call
from gatewatch.keys.secret_shapes import is_known_secret

MAX_TAGS = 32
MAX_NAME = 64
MAX_VALUE = 256
COLUMNS = ("user", "feature", "customer", "use_case", "task_id")
"""Tags with columns of their own."""

_USERS = ("safety_identifier", "user")
"""OpenAI's names of the caller's own user. Where both are said the older wins: the newer is meant to be a hash."""
_SAME_MEANING = {"_user": "user", "user_id": "user", "end_user": "user", "task": "task_id"}
_HELICONE_PROPERTY = b"helicone-property-"
_SCALAR_PARAMS = frozenset(
    (
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "top_k",
        "n",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "reasoning_effort",
        "service_tier",
        "dimensions",
        "encoding_format",
        "parallel_tool_calls",
    )
)
_SCALARS = (str, int, float, bool)
_MAX_INTEGER = 2**63 - 1


def attribute(call: Call, headers: Mapping[bytes, bytes], body: Mapping[str, Any]) -> None:
    """Fill the call's tags, its tag columns, client and parameters."""
    for name in _USERS:
        if isinstance(user := body.get(name), str) and user:
            call.user = claimed(user)
    tags: dict[str, str] = {}
    for name, value in _claims(headers, body):
        name = _SAME_MEANING.get(name, name)
        if name in COLUMNS:
            if value:
                setattr(call, name, claimed(value))
        elif name in tags or (len(tags) < MAX_TAGS and 0 < len(name) <= MAX_NAME):
            tags[claimed(name)] = claimed(value)
    if tags:
        call.tags = tags
    if agent := headers.get(b"user-agent"):
        call.client = claimed(agent[:120].decode("ascii", "replace"))
    if (retry := headers.get(b"x-stainless-retry-count")) and retry.isdigit():
        call.client_retry = int(retry[:4])
    params: dict[str, Any] = {}
    for name in _SCALAR_PARAMS & body.keys():
        value = body[name]
        if isinstance(value, _SCALARS) and not (isinstance(value, int) and abs(value) > _MAX_INTEGER):
            params[name] = claimed(value[:MAX_NAME]) if isinstance(value, str) else value
    if isinstance(tools := body.get("tools"), list):
        params["tools"] = len(tools)
    if params:
        call.params = params


def claimed(text: str) -> str:
    """A caller's text as it may stand in a row: cut to size, and nothing of it where a key is in it."""
    text = text[:MAX_VALUE]
    return "[secret]" if is_known_secret(text) else text


def _claims(headers: Mapping[bytes, bytes], body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the caller says of itself, weakest first: the body, other gateways' headers, ours. A later claim wins."""
    yield from _pairs(body.get("metadata"))
    for name, value in headers.items():
        if not name.startswith((b"x-", b"helicone-")):
            continue
        if name.startswith(_HELICONE_PROPERTY):
            yield name[len(_HELICONE_PROPERTY) :].decode("ascii", "replace"), value.decode("utf-8", "replace")
        elif name in _TEXT_HEADERS:
            yield _TEXT_HEADERS[name], value.decode("utf-8", "replace")
        elif name in _JSON_HEADERS:
            yield from _pairs(_parsed(value))
        elif name == b"x-litellm-tags":
            for tag in value.decode("utf-8", "replace").split(","):
                if tag.strip():
                    yield tag.strip(), "true"
    if tags := headers.get(b"x-gatewatch-tags"):
        yield from _pairs(_parsed(tags))
    if task := headers.get(b"x-gatewatch-task"):
        yield "task_id", task.decode("utf-8", "replace")


_TEXT_HEADERS = {
    b"helicone-user-id": "user",
    b"helicone-session-id": "session",
    b"x-portkey-trace-id": "task_id",
    b"x-litellm-customer-id": "customer",
    b"x-litellm-end-user-id": "user",
}
_JSON_HEADERS = frozenset({b"x-litellm-spend-logs-metadata", b"x-portkey-metadata"})


def _parsed(value: bytes) -> object:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    for name, entry in value.items() if isinstance(value, dict) else ():
        if isinstance(entry, _SCALARS):
            yield name, entry if isinstance(entry, str) else str(entry).lower()
