"""OpenAI's batch API: a file of requests, a batch over it, files of replies and errors.

https://developers.openai.com/api/docs/guides/batch
"""

import os
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from proxy.deferring.batch_api import Line, Look, Result
from proxy.deferring.plain_exchange import Away, ask, checked_id, lines
from proxy.worker.channel import Channel

T = TypeVar("T")

_OVER = frozenset({"completed", "failed", "expired", "cancelled"})


class _File(msgspec.Struct):
    id: str


class _Error(msgspec.Struct):
    message: str | None = None


class _Errors(msgspec.Struct):
    data: list[_Error] | None = None


class _Batch(msgspec.Struct):
    id: str
    status: str = ""
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: _Errors | None = None


class _Response(msgspec.Struct):
    status_code: int
    body: msgspec.Raw = msgspec.Raw(b"{}")
    request_id: str | None = None


class _Failed(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: _Failed | None = None


_line = msgspec.json.Decoder(_Line).decode


class OpenAiBatches:
    """Stateless."""

    async def submit(self, channel: Channel, url: str, lines: Sequence[Line], mark: str, more: bytes) -> str:
        requests = b"".join(_request(line, url) for line in lines)
        boundary = f"gatewatch-{os.urandom(16).hex()}"
        content_type = f"multipart/form-data; boundary={boundary}"
        form = _form(boundary, f"{mark}.jsonl", requests)
        file = _read(await ask(channel, "POST", "/files", form, content_type=content_type, more=more), _File)
        asked = {
            "input_file_id": file.id,
            "endpoint": url,
            "completion_window": "24h",
            "metadata": {"gatewatch": mark},
        }
        made = _read(await ask(channel, "POST", "/batches", msgspec.json.encode(asked), more=more), _Batch)
        return checked_id(made.id)

    async def look(self, channel: Channel, id: str, more: bytes) -> Look:
        batch = _read(await ask(channel, "GET", f"/batches/{id}", more=more), _Batch)
        if batch.status not in _OVER:
            return Look(is_over=False)
        made = [checked_id(file) for file in (batch.output_file_id, batch.error_file_id) if file]
        given = [checked_id(batch.input_file_id)] if batch.input_file_id else []
        told = [error.message for error in (batch.errors.data or ()) if error.message] if batch.errors else []
        return Look(
            is_over=True,
            results=tuple(f"/files/{file}/content" for file in made),
            why="; ".join([batch.status, *told])[:500],
            leftovers=tuple(f"/files/{file}" for file in (*given, *made)),
        )

    async def results(self, channel: Channel, look: Look, more: bytes) -> AsyncIterator[Result]:
        for path in look.results:
            async for line in lines(channel, path, more=more):
                if line.strip():
                    yield _result(line)

    async def tidy(self, channel: Channel, look: Look, more: bytes) -> None:
        for path in look.leftovers:
            await ask(channel, "DELETE", path, more=more)

    async def stop(self, channel: Channel, id: str, more: bytes) -> None:
        await ask(channel, "POST", f"/batches/{id}/cancel", more=more)


def _request(line: Line, url: str) -> bytes:
    asked = {"custom_id": line.id, "method": "POST", "url": url, "body": msgspec.Raw(line.body)}
    return msgspec.json.encode(asked).replace(b"\n", b" ") + b"\n"


def _form(boundary: str, name: str, content: bytes) -> bytes:
    return b"".join(
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'.encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode(),
            b"Content-Type: application/jsonl\r\n\r\n",
            content,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )


def _result(line: bytes) -> Result:
    """Raises Away for what is none."""
    try:
        read = _line(line)
    except msgspec.DecodeError as error:
        raise Away(f"a line of its results is not readable: {error}", sent=True) from None
    if read.response is not None:
        return Result(
            read.custom_id, "answered", read.response.status_code, bytes(read.response.body), read.response.request_id
        )
    code = read.error.code if read.error else ""
    return Result(read.custom_id, "cancelled" if code == "batch_cancelled" else "expired")


def _read(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise Away(f"its answer is not readable: {error}", sent=True) from None
