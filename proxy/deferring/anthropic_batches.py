"""Anthropic's Message Batches: the requests in one body, a list of results.

https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from proxy.deferring.batch_api import Line, Look, Result
from proxy.deferring.plain_exchange import Away, ask, checked_id, lines
from proxy.worker.channel import Channel

_PATH = "/v1/messages/batches"
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""An error's type → the status that it has where a request is sent alone."""


class _Batch(msgspec.Struct):
    id: str
    processing_status: str = ""


class _ErrorType(msgspec.Struct):
    type: str = ""


class _Error(msgspec.Struct):
    error: _ErrorType = msgspec.field(default_factory=_ErrorType)


class _Outcome(msgspec.Struct):
    type: str
    message: msgspec.Raw = msgspec.Raw(b"{}")
    error: msgspec.Raw = msgspec.Raw(b"{}")


class _Line(msgspec.Struct):
    custom_id: str
    result: _Outcome


_batch = msgspec.json.Decoder(_Batch).decode
_line = msgspec.json.Decoder(_Line).decode
_error = msgspec.json.Decoder(_Error).decode


class AnthropicBatches:
    """Stateless."""

    async def submit(self, channel: Channel, url: str, lines: Sequence[Line], mark: str, more: bytes) -> str:
        del url, mark
        requests = [{"custom_id": line.id, "params": msgspec.Raw(line.body)} for line in lines]
        made = _read(await ask(channel, "POST", _PATH, msgspec.json.encode({"requests": requests}), more=more))
        return checked_id(made.id)

    async def look(self, channel: Channel, id: str, more: bytes) -> Look:
        batch = _read(await ask(channel, "GET", f"{_PATH}/{id}", more=more))
        if batch.processing_status != "ended":
            return Look(is_over=False)
        return Look(is_over=True, results=(f"{_PATH}/{id}/results",), leftovers=(f"{_PATH}/{id}",))

    async def results(self, channel: Channel, look: Look, more: bytes) -> AsyncIterator[Result]:
        for path in look.results:
            async for line in lines(channel, path, more=more):
                if line.strip():
                    yield _result(line)

    async def tidy(self, channel: Channel, look: Look, more: bytes) -> None:
        for path in look.leftovers:
            await ask(channel, "DELETE", path, more=more)

    async def stop(self, channel: Channel, id: str, more: bytes) -> None:
        await ask(channel, "POST", f"{_PATH}/{id}/cancel", more=more)


def _result(line: bytes) -> Result:
    """Raises Away for what is none."""
    try:
        read = _line(line)
        outcome = read.result
        if outcome.type == "succeeded":
            return Result(read.custom_id, "answered", 200, bytes(outcome.message))
        if outcome.type == "errored":
            status = _STATUSES.get(_error(outcome.error).error.type, 500)
            return Result(read.custom_id, "answered", status, bytes(outcome.error))
    except msgspec.DecodeError as error:
        raise Away(f"a line of its results is not readable: {error}", sent=True) from None
    return Result(read.custom_id, "cancelled" if outcome.type == "canceled" else "expired")


def _read(answer: bytes) -> _Batch:
    try:
        return _batch(answer)
    except msgspec.DecodeError as error:
        raise Away(f"its answer is not readable: {error}", sent=True) from None
