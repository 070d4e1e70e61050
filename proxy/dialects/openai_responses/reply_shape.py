"""What is read of a provider's `response` object, whole or at the end of a stream."""

from typing import Any

import msgspec

from gatewatch.usage import openai
from proxy.canonical.answer import Finish, Usage
from proxy.dialects.openai_error import error_of
from proxy.dialects.openai_responses.annotations import LogprobSaid
from proxy.dialects.provider_error import NotThisDialect, ProviderError

_NOTHING = msgspec.Raw(b"null")
_PRICED_CALLS = frozenset(
    {
        *("function_call", "custom_tool_call", "local_shell_call", "apply_patch_call", "computer_call"),
        *("mcp_call", "tool_search_call", "web_search_call", "file_search_call"),
    }
)
"""Items that the caller acts upon, that cost their tokens alone, or that are counted (platform.openai.com, Pricing).
Any other call is of a tool that the provider runs, and charges for as no usage object tells."""


class Piece(msgspec.Struct):
    """Of a message's content, or of a reasoning item."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    annotations: list[Any] | None = None
    logprobs: list[LogprobSaid] | None = None


class Item(msgspec.Struct):
    """Of the output. Which fields count says its type; those that differ by type are looked at when it is known."""

    type: str = ""
    id: Any = None
    call_id: Any = None
    name: Any = None
    arguments: Any = None
    input: Any = None
    encrypted_content: Any = None
    action: Any = None
    environment: Any = None
    content: msgspec.Raw = _NOTHING
    summary: msgspec.Raw = _NOTHING


class Response(msgspec.Struct):
    """What a call is not lost for has no type here: it is taken where it has the right one."""

    id: Any = None
    status: Any = None
    error: Any = None
    incomplete_details: Any = None
    model: Any = None
    created_at: Any = None
    service_tier: Any = None
    output: list[Item] | None = None
    usage: Any = None
    tool_usage: Any = None

    @property
    def created(self) -> int | None:
        at = self.created_at
        return int(at) if isinstance(at, int | float) and 0 < at < 1e11 else None


_pieces = msgspec.json.Decoder(list[Piece] | None).decode


def pieces_of(raw: msgspec.Raw) -> list[Piece]:
    """Raises msgspec.DecodeError for what is no list of pieces."""
    return _pieces(raw) or []


def said(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def raise_if_failed(response: Response) -> None:
    """Raises ProviderError for a response that is none."""
    if response.error is not None or response.status in ("failed", "cancelled"):
        raise failure_of(response)


def failure_of(response: Response) -> ProviderError:
    """What is said of a response that failed."""
    return error_of(response.error or f"The provider's response is {said(response.status) or 'failed'}.")


def finish_of(response: Response, *, called: bool, declined: bool) -> Finish:
    """Why it ended. `called`: there are tool calls in it. Raises NotThisDialect for a response that has not."""
    if response.status in ("queued", "in_progress"):
        raise NotThisDialect(f"a response that is {response.status} is no reply")
    if response.status == "incomplete":
        details = response.incomplete_details
        filtered = isinstance(details, dict) and details.get("reason") == "content_filter"
        return "content_filter" if filtered else "length"
    return "tool_calls" if called else "refusal" if declined else "stop"


def usage_of(response: Response) -> Usage:
    """The usage object, and what OpenAI charges for beside it."""
    output = response.output or ()
    return Usage(
        raw=response.usage,
        tokens=openai.read(response.usage),
        searches=_searches(response),
        file_searches=sum(item.type == "file_search_call" for item in output),
        unpriced_pieces=_drew(response) or any(_is_unpriced(item) for item in output),
    )


def _is_unpriced(item: Item) -> bool:
    if item.type == "shell_call":  # the caller's own shell, unless it says that it is not
        return isinstance(item.environment, dict) and item.environment.get("type") != "local"
    return item.type.endswith("_call") and item.type not in _PRICED_CALLS


def _drew(response: Response) -> bool:
    """Images have their own model's prices, and their items need not be among the output."""
    said = response.tool_usage.get("image_gen") if isinstance(response.tool_usage, dict) else None
    return isinstance(said, dict) and bool(said.get("total_tokens"))


def _searches(response: Response) -> int:
    said = response.tool_usage.get("web_search") if isinstance(response.tool_usage, dict) else None
    counted = said.get("num_requests") if isinstance(said, dict) else None
    if isinstance(counted, int) and counted >= 0:
        return counted
    return sum(item.type == "web_search_call" and _is_search(item.action) for item in response.output or ())


def _is_search(action: Any) -> bool:
    """Pages that are opened or searched in cost nothing."""
    return not isinstance(action, dict) or action.get("type", "search") == "search"
