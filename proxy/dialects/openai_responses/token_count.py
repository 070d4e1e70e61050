"""Counting the tokens of a request: `/responses/input_tokens` takes what counts as input, and nothing else."""

import msgspec

from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_responses.request_write import write_request
from proxy.dialects.provider_error import NotThisDialect

_COUNTED = frozenset(
    {"model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning"}
)


class _Count(msgspec.Struct):
    input_tokens: int


_decode = msgspec.json.Decoder(_Count).decode


def write_count(ask: Ask, to: Destination, losses: Losses) -> bytes:
    """The request that asks for the count. Raises Refusal through `losses`."""
    request = msgspec.json.decode(write_request(ask, to, losses))
    return msgspec.json.encode({name: value for name, value in request.items() if name in _COUNTED})


def read_count(reply: bytes) -> int:
    """Input tokens. Raises NotThisDialect."""
    try:
        return _decode(reply).input_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotThisDialect("no count of input tokens") from None
