"""What each fault does to the bytes, seen from a raw socket."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable

import pytest
from botocore.eventstream import ChecksumMismatch

from proxy.sandbox import broken_replies
from proxy.sandbox.faults import NAMES
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, connect, read_reply, request
from tests.proxy.sandbox.aws import messages as messages_of
from tests.proxy.sandbox.aws import post

Chat = Callable[..., Awaitable[RawReply]]

REFUSED = {
    "fault-400": 400,
    "fault-401": 401,
    "fault-402": 402,
    "fault-403": 403,
    "fault-404": 404,
    "fault-409": 409,
    "fault-413": 413,
    "fault-422": 422,
    "fault-429": 429,
    "fault-429-date": 429,
    "fault-429-quota": 429,
    "fault-429-reset": 429,
    "fault-500": 500,
    "fault-502-html": 502,
    "fault-503": 503,
    "fault-504": 504,
    "fault-529": 529,
    "fault-redirect": 302,
}
"""These are in test_faults.py."""

BODIES = {
    "fault-200-error": ("length", "length"),
    "fault-bad-crc": ("length", "chunks"),
    "fault-bad-json": ("length", "chunks"),
    "fault-bad-usage": ("length", "chunks"),
    "fault-close-after": ("length", "chunks"),
    "fault-crlf": ("length", "chunks"),
    "fault-cut-stream": ("short", "short"),
    "fault-drip": ("length", "chunks"),
    "fault-empty": ("length", "chunks"),
    "fault-error-event": ("length", "chunks"),
    "fault-gzip": ("length", "chunks"),
    "fault-gzip-bomb": ("chunks", "chunks"),
    "fault-half-frame": ("length", "chunks"),
    "fault-html": ("length", "length"),
    "fault-huge": ("length", "chunks"),
    "fault-huge-chunked": ("chunks", "chunks"),
    "fault-long-line": ("length", "chunks"),
    "fault-no-done": ("length", "chunks"),
    "fault-no-usage": ("length", "chunks"),
    "fault-other-model": ("length", "chunks"),
    "fault-reset-body": ("reset", "reset"),
    "fault-short-body": ("short", "short"),
    "fault-slow-first-byte": ("length", "chunks"),
    "fault-tiny-events": ("length", "chunks"),
    "fault-truncated-json": ("length", "length"),
}
"""Status 200: how the plain reply ends, and the stream."""

HEADLESS = {"fault-close": ConnectionAbortedError, "fault-reset": ConnectionResetError}
SILENT = {"fault-stall"}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken_replies, "_SECONDS_PER_DRIP", 0.0)


def test_these_tests_know_every_fault() -> None:
    assert set(NAMES) == REFUSED.keys() | BODIES.keys() | HEADLESS.keys() | SILENT


@pytest.mark.parametrize("fault", BODIES)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_a_reply_ends_as_its_fault_says(chat: Chat, fault: str, stream: bool) -> None:
    quick = {"x-sandbox-latency-ms": "1", "x-sandbox-bytes": "300000", "x-sandbox-chunks": "40"}
    reply = await chat(fault, headers=quick, stream=stream)
    assert reply.status == 200
    assert reply.ended == BODIES[fault][stream]


@pytest.mark.parametrize("fault", BODIES)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_it_ends_so_in_anthropics_dialect_too(messages: Chat, fault: str, stream: bool) -> None:
    quick = {"x-sandbox-latency-ms": "1", "x-sandbox-bytes": "300000", "x-sandbox-chunks": "40"}
    reply = await messages(fault, headers=quick, stream=stream)
    assert reply.status == 200
    assert reply.ended == BODIES[fault][stream]


@pytest.mark.parametrize("fault", BODIES)
@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
async def test_it_ends_so_in_binary_frames_too(sandbox: Sandbox, fault: str, operation: str) -> None:
    quick = {"x-sandbox-latency-ms": "1", "x-sandbox-bytes": "300000", "x-sandbox-chunks": "40"}
    reply = await post(sandbox, operation, fault, quick)
    assert reply.status == 200
    assert reply.ended == BODIES[fault][operation == "converse-stream"]


@pytest.mark.parametrize(
    ("fault", "harm"),
    [
        ("fault-bad-crc", ChecksumMismatch),
        ("fault-bad-json", json.JSONDecodeError),
        ("fault-crlf", None),
        ("fault-long-line", None),
        ("fault-huge", None),
    ],
)
async def test_binary_frames_are_harmed_where_the_fault_says(
    sandbox: Sandbox, fault: str, harm: type[Exception] | None
) -> None:
    stream = (await post(sandbox, "converse-stream", fault, {"x-sandbox-bytes": "300000"})).body
    if harm is None:
        assert messages_of(stream)[-1][0][":event-type"] == "metadata"
        return
    with pytest.raises(harm):
        messages_of(stream)


async def test_half_a_binary_frame_is_not_read(sandbox: Sandbox) -> None:
    stream = (await post(sandbox, "converse-stream", "fault-half-frame")).body
    whole = messages_of(stream)
    assert [headers[":event-type"] for headers, _ in whole] == ["messageStart", *["contentBlockDelta"] * 2]
    assert int.from_bytes(stream[:4]) < len(stream)


@pytest.mark.parametrize("fault", HEADLESS)
async def test_a_connection_ends_before_the_head(chat: Chat, fault: str) -> None:
    with pytest.raises(HEADLESS[fault]):
        await chat(fault)


async def test_a_stalled_stream_keeps_its_connection_and_says_nothing_more(sandbox: Sandbox) -> None:
    body = json.dumps({"model": "fault-stall", "messages": [{"role": "user", "content": "hi"}], "stream": True})
    async with connect(sandbox.port) as (reader, writer):
        writer.write(request("POST", "/v1/chat/completions", body.encode()))
        await reader.readuntil(b'"content":" is"')
        await reader.readuntil(b"\n\n\r\n")
        assert not reader.at_eof()
        assert len(sandbox.stats.connections) == 1
    async with asyncio.timeout(5):
        while sandbox.stats.connections:
            await asyncio.sleep(0)
    assert json.loads(sandbox.stats.report())["cancelled_streams"] == 1


async def test_a_page_instead_of_json(chat: Chat) -> None:
    reply = await chat("fault-html")
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.body.startswith(b"<html>")


async def test_an_error_with_status_200(chat: Chat) -> None:
    assert (await chat("fault-200-error")).json["error"]["code"] == 502


async def test_an_empty_reply(chat: Chat) -> None:
    assert (await chat("fault-empty")).body == b""
    stream = await chat("fault-empty", stream=True)
    assert stream.body == b""
    assert stream.headers["content-type"].startswith("text/event-stream")


async def test_json_with_its_end_cut_off_and_the_length_of_what_is_left(chat: Chat) -> None:
    reply = await chat("fault-truncated-json")
    assert reply.body.startswith(b'{"id":"chatcmpl-')
    with pytest.raises(ValueError, match=r"."):
        _ = reply.json


async def test_the_first_deltas_arrive_before_a_stream_is_cut(chat: Chat) -> None:
    for fault in ("fault-cut-stream", "fault-reset-body"):
        reply = await chat(fault, stream=True)
        deltas = [event["choices"][0]["delta"].get("content") for event in reply.events]
        assert deltas == ["", "This", " is"]


async def test_a_stream_may_end_cleanly_but_too_soon(chat: Chat) -> None:
    whole, cut = await chat(stream=True), await chat("fault-no-done", stream=True)
    assert whole.frames[-1] == b"data: [DONE]"
    assert len(cut.frames) >= 2
    assert {event["choices"][0]["finish_reason"] for event in cut.events} == {None}
    assert b"[DONE]" not in cut.body


async def test_half_a_frame_is_not_json_and_has_no_blank_line(chat: Chat) -> None:
    reply = await chat("fault-half-frame", stream=True)
    assert not reply.body.endswith(b"\n\n")
    *whole, half = reply.frames
    assert len(whole) == 3
    with pytest.raises(ValueError, match=r"."):
        json.loads(half.removeprefix(b"data: "))


async def test_one_frame_is_malformed_and_the_rest_is_good(chat: Chat) -> None:
    reply = await chat("fault-bad-json", stream=True)
    broken = [frame for frame in reply.frames[:-1] if not parses(frame)]
    assert broken == [reply.frames[2]]
    assert reply.frames[-1] == b"data: [DONE]"


def parses(frame: bytes) -> bool:
    try:
        json.loads(frame.removeprefix(b"data: "))
    except ValueError:
        return False
    return True


async def test_an_error_event_ends_a_stream_that_had_begun(chat: Chat) -> None:
    reply = await chat("fault-error-event", stream=True)
    assert reply.events[1]["choices"][0]["delta"] == {"content": "This"}
    assert reply.events[-1]["error"] == {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    }


async def test_frames_with_carriage_returns_say_the_same(chat: Chat) -> None:
    reply = await chat("fault-crlf", stream=True)
    assert reply.body.count(b"\n") == reply.body.count(b"\r\n") == 2 * len(reply.frames)
    assert reply.frames[-1] == b"data: [DONE]"


@pytest.mark.parametrize("fault", ["fault-huge", "fault-huge-chunked"])
@pytest.mark.parametrize("size", [5_000, 65_536, 3_000_000])
async def test_a_huge_reply_has_the_size_that_was_asked_for_and_is_json(chat: Chat, fault: str, size: int) -> None:
    reply = await chat(fault, headers={"x-sandbox-bytes": str(size)})
    assert len(reply.body) == size
    assert reply.json["choices"][0]["message"]["content"].startswith("This is the sandbox.")


async def test_a_huge_stream_is_many_good_deltas(chat: Chat) -> None:
    reply = await chat("fault-huge", headers={"x-sandbox-bytes": "200000"}, stream=True)
    assert 200_000 < len(reply.body) < 300_000
    assert reply.events[-1]["choices"][0]["finish_reason"] == "stop"


async def test_a_gzip_bomb_is_small_on_the_wire(chat: Chat) -> None:
    reply = await chat("fault-gzip-bomb", headers={"x-sandbox-bytes": "3000000"})
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.body) < 10_000
    assert len(gzip.decompress(reply.body)) == 3_000_000


async def test_gzip_comes_though_identity_was_asked_for(chat: Chat) -> None:
    identity = {"Accept-Encoding": "identity"}
    plain = await chat("fault-gzip", headers=identity)
    assert json.loads(gzip.decompress(plain.body))["object"] == "chat.completion"
    stream = await chat("fault-gzip", headers=identity, stream=True)
    assert gzip.decompress(stream.body).endswith(b"data: [DONE]\n\n")


async def test_one_line_of_a_stream_is_long(chat: Chat) -> None:
    reply = await chat("fault-long-line", headers={"x-sandbox-bytes": "2000000"}, stream=True)
    assert sorted(len(line) for line in reply.body.split(b"\n"))[-1] == 2_000_000 - 2  # without its blank line
    assert reply.events[-1]["choices"][0]["finish_reason"] == "stop"


async def test_a_dripped_reply_is_whole_in_the_end(chat: Chat) -> None:
    dripped = await chat("fault-drip", stream=True)
    assert dripped.frames[-1] == b"data: [DONE]"


async def test_a_connection_that_was_promised_to_be_kept_ends(sandbox: Sandbox) -> None:
    body = json.dumps({"model": "fault-close-after", "messages": [{"role": "user", "content": "hi"}]}).encode()
    async with connect(sandbox.port) as (reader, writer):
        writer.write(request("POST", "/v1/chat/completions", body))
        reply = await read_reply(reader)
        assert (reply.status, reply.headers["connection"]) == (200, "keep-alive")
        assert await reader.read() == b""
