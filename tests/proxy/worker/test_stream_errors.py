"""What an app reads of a stream that broke: what was whole, one error in its own dialect, and nothing after it.

Through a whole worker. Error events by the vendors: Chat and Completions have none, their SDKs raise for an `error`
object (openai 3.52, `_streaming.py`); developers.openai.com/api/reference/resources/responses/streaming-events `error`;
platform.claude.com/docs/en/build-with-claude/streaming "Error events".
"""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.dialect_worker import DIALECTS, asked, by_provider, dialect_worker
from tests.kit.provider_streams import said
from tests.kit.raw_http import RawReply, ask
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, chunk, http
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve
from tests.proxy.worker.test_stream_ends import ERRORS, FAR, MALFORMED, TEXT, spoken
from tests.proxy.worker.test_translated import deltas_of

APPS = ("chat", "completions", "responses", "messages")
AWS_HEAD = STREAM_HEAD.replace(b"text/event-stream", b"application/vnd.amazon.eventstream")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    with dialect_worker(tmp_path_factory.mktemp("worker"), listening) as worker:
        yield worker


def stream(provider: str, *frames: bytes, end: bytes = LAST_CHUNK) -> bytes:
    head = AWS_HEAD if provider == "bedrock" else STREAM_HEAD
    return head + b"".join(chunk(frame) for frame in frames) + end


def split(reply: RawReply) -> tuple[bytes, list[bytes]]:
    """The frames before the last one as they came, and the lines of the last."""
    assert reply.ended == "chunks", "an error event, and then a proper end"
    head, _, last = reply.body.removesuffix(b"\n\n").rpartition(b"\n\n")
    return head + b"\n\n", last.split(b"\n")


def is_the_error_of(app: str, lines: list[bytes]) -> dict[str, Any]:
    """The error object of the event, whose form is the app's own."""
    data: dict[str, Any] = json.loads(lines[-1].removeprefix(b"data: "))
    if app in ("chat", "completions"):
        assert len(lines) == 1
        assert data.keys() == {"error"}
        assert data["error"].keys() == {"message", "type", "param", "code"}
        return dict(data["error"])
    assert lines[0] == b"event: error"
    assert data["type"] == "error"
    if app == "responses":
        assert {"code", "message", "param", "sequence_number"} <= data.keys()
        return data
    assert data["error"]["type"] in ("api_error", "overloaded_error")
    return {"code": data["error"]["details"]["error_code"], "message": data["error"]["message"]}


async def cut_at(worker: Worker, serve: Serve, app: str, provider: str, reply: bytes) -> tuple[str, dict[str, Any]]:
    """The text that an app got, and the error behind it; the call's row is `truncated` with the same code."""
    async with serve(by_provider(**{provider: reply})):
        got = await ask(worker.port, asked(worker, app, provider, stream=True))
    assert got.status == 200, got.body
    before, last = split(got)
    error = is_the_error_of(app, last)
    row = await worker.closed(call_id=got.headers["x-gatewatch-call-id"])
    assert (row["status"], row["http_status"], row["error_kind"]) == ("truncated", 200, error["code"])
    assert row["cost_basis"] == "estimated"
    assert b"event: error" not in before
    assert b'data: {"error"' not in before, "one error, not two"
    assert not any(mark in before for mark in (b"[DONE]", b"message_stop", b"response.completed"))
    return deltas_of(app, before).text, error


PAIRS = [(app, provider) for app in APPS for provider in DIALECTS if (app, provider) != ("completions", "chat")]
"""Completions go straight to a provider of chat, which has frames of their own for them."""


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_stream_that_ends_before_its_mark(worker: Worker, serve: Serve, app: str, provider: str) -> None:
    reply = stream(provider, *spoken(DIALECTS[provider][0]))
    text, error = await cut_at(worker, serve, app, provider, reply)
    assert (text, error["code"]) == (TEXT[: 4 * FAR], "upstream_truncated")


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_stream_whose_connection_breaks_in_a_frame(
    worker: Worker, serve: Serve, app: str, provider: str
) -> None:
    """The length of the next chunk has come, and half of it."""
    half = spoken(DIALECTS[provider][0], FAR + 1)[-1]
    whole = stream(provider, *spoken(DIALECTS[provider][0]), end=b"%x\r\n%s" % (len(half), half[:-10]))

    async def script(conversation: Any) -> None:
        await conversation.request()
        conversation.send(whole)
        await conversation.flushed()

    async with serve(script):
        got = await ask(worker.port, asked(worker, app, provider, stream=True))
    before, last = split(got)
    assert deltas_of(app, before).text == TEXT[: 4 * FAR]
    assert is_the_error_of(app, last)["code"] == "upstream_truncated"


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_stream_with_an_error_event(worker: Worker, serve: Serve, app: str, provider: str) -> None:
    dialect = DIALECTS[provider][0]
    reply = stream(provider, *spoken(dialect), ERRORS[dialect], *said(dialect, TEXT).frames)
    text, error = await cut_at(worker, serve, app, provider, reply)
    assert (text, error["message"]) == (TEXT[: 4 * FAR], "Too much at once")


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_stream_with_a_frame_that_is_no_json(worker: Worker, serve: Serve, app: str, provider: str) -> None:
    dialect = DIALECTS[provider][0]
    reply = stream(provider, *spoken(dialect), MALFORMED[dialect], *said(dialect, TEXT).frames)
    text, error = await cut_at(worker, serve, app, provider, reply)
    assert (text, error["code"]) == (TEXT[: 4 * FAR], "upstream_invalid")


@pytest.mark.parametrize("app", APPS)
async def test_a_bare_error_of_googles_inside_a_stream(worker: Worker, serve: Serve, app: str) -> None:
    bare = b'[{"error": {"code": 503, "message": "Too much at once", "status": "UNAVAILABLE"}}]'
    text, error = await cut_at(worker, serve, app, "gemini", stream("gemini", *spoken("gemini"), bare))
    assert (text, error["code"]) == (TEXT[: 4 * FAR], "upstream_overloaded")


def own_error(provider: str) -> bytes:
    return {
        "messages": b'{"type":"error","error":{"type":"overloaded_error","message":"Too much at once"}}',
        "gemini": b'[{"error":{"code":503,"message":"Too much at once","status":"UNAVAILABLE"}}]',
    }.get(provider, b'{"error":{"message":"Too much at once","type":"server_error","code":503}}')


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("app", "provider"), [pair for pair in PAIRS if pair[1] != "bedrock"])
async def test_a_200_with_an_error_is_an_error(
    worker: Worker, serve: Serve, app: str, provider: str, streamed: bool
) -> None:
    """Nothing of a reply has gone out yet, so it is one with its status."""
    async with serve(by_provider(**{provider: http(200, own_error(provider))})):
        got = await ask(worker.port, asked(worker, app, provider, stream=streamed))
    assert got.status == (529 if app == "messages" else 503)
    told = got.json["error"]
    assert told["message"] == "Too much at once"
    row = await worker.closed(call_id=got.headers["x-gatewatch-call-id"])
    assert (row["status"], row["error_kind"]) == ("error", "upstream_overloaded")


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_an_error_first_of_all_in_a_stream_is_an_error_reply(
    worker: Worker, serve: Serve, app: str, provider: str
) -> None:
    dialect = DIALECTS[provider][0]
    async with serve(by_provider(**{provider: stream(provider, ERRORS[dialect])})):
        got = await ask(worker.port, asked(worker, app, provider, stream=True))
    assert got.status >= 500
    assert got.json["error"]["message"] == "Too much at once"
    assert (await worker.closed(call_id=got.headers["x-gatewatch-call-id"]))["status"] == "error"


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_good_stream_has_its_usage_in_the_row_and_its_cost_before_the_end(
    worker: Worker, serve: Serve, app: str, provider: str
) -> None:
    dialect = DIALECTS[provider][0]
    async with serve(by_provider(**{provider: stream(provider, *said(dialect, TEXT).frames)})):
        got = await ask(worker.port, asked(worker, app, provider, stream=True))
    assert deltas_of(app, b"\n\n".join(f for f in got.body.split(b"\n\n") if not f.startswith(b":"))).text == TEXT
    row = await worker.closed(call_id=got.headers["x-gatewatch-call-id"])
    assert (row["status"], row.get("cost_basis", "computed")) == ("ok", "computed")
    assert row["cost_picos"] > 0
    assert row["dialect"] == dialect
    assert got.body.count(b": gatewatch call_id=") == 1
