"""HTTP/1.1 at the sandbox's door, byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from proxy.sandbox import connection
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import connect, read_reply, request


def chat(text: str = "hi", **fields: object) -> bytes:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]} | fields
    return json.dumps(body).encode()


PATH = "/v1/chat/completions"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def line(sandbox: Sandbox) -> AsyncIterator[Streams]:
    async with connect(sandbox.port) as streams:
        yield streams


async def test_a_connection_serves_one_request_after_another(sandbox: Sandbox, line: Streams) -> None:
    reader, writer = line
    for number in range(3):
        writer.write(request("POST", PATH, chat(str(number))))
        assert (await read_reply(reader)).status == 200
    assert len(sandbox.stats.connections) == 1


async def test_pipelined_requests_are_answered_in_order(line: Streams) -> None:
    reader, writer = line
    slow = request("POST", PATH, chat("slow", stream=True), {"x-sandbox-chunk-gap-ms": "1"})
    asked = [slow, *(request("POST", PATH, chat("x" * number)) for number in range(100))]
    writer.write(b"".join(asked))
    assert (await read_reply(reader)).frames[-1] == b"data: [DONE]"
    counts = [(await read_reply(reader)).json["usage"]["prompt_tokens"] for _ in range(100)]
    assert counts == [7 + (number + 3) // 4 for number in range(100)]


async def test_a_request_may_arrive_byte_by_byte(line: Streams) -> None:
    reader, writer = line
    for byte in request("POST", PATH, chat()):
        writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert (await read_reply(reader)).status == 200


async def test_a_chunked_body_is_understood(line: Streams) -> None:
    reader, writer = line
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = chat()
    parts = [body[:10], body[10:]]
    writer.write(head % PATH.encode() + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")
    assert (await read_reply(reader)).status == 200


async def test_a_client_that_asks_first_is_told_to_continue(line: Streams) -> None:
    reader, writer = line
    data = request("POST", PATH, chat(), {"Expect": "100-continue"})
    head, _, body = data.partition(b"\r\n\r\n")
    writer.write(head + b"\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await read_reply(reader)).status == 200


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_a_connection_that_is_not_to_be_kept_ends(line: Streams, stream: bool) -> None:
    reader, writer = line
    writer.write(request("POST", PATH, chat(stream=stream), {"Connection": "close"}))
    reply = await read_reply(reader)
    assert reply.headers["connection"] == "close"
    assert reply.ended == ("chunks" if stream else "length")
    assert await reader.read() == b""


async def test_http_1_0_gets_a_stream_that_ends_with_the_connection(line: Streams) -> None:
    reader, writer = line
    writer.write(request("POST", PATH, chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    reply = await read_reply(reader)
    assert reply.ended == "eof"
    assert reply.frames[-1] == b"data: [DONE]"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"POST /v1/models HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/models HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_not_our_http_is_refused(line: Streams, nonsense: bytes) -> None:
    reader, writer = line
    writer.write(nonsense)
    reply = await read_reply(reader)
    assert reply.status == 400
    assert await reader.read() == b""


async def test_another_protocol_is_not_spoken(line: Streams) -> None:
    reader, writer = line
    writer.write(request("GET", "/v1/models", headers={"Connection": "upgrade", "Upgrade": "websocket"}) + b"\x81\x00")
    reply = await read_reply(reader)
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert await reader.read() == b""


async def test_an_endless_head_is_refused(line: Streams) -> None:
    reader, writer = line
    writer.write(b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %b\r\n" % (at, b"y" * 1000) for at in range(80)))
    assert (await read_reply(reader)).status == 431


async def test_a_body_beyond_the_cap_is_refused_and_not_kept(line: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_CAP", 1000)
    reader, writer = line
    writer.write(request("POST", PATH, b"x" * 100_000))
    reply = await read_reply(reader)
    assert (reply.status, reply.json["error"]["code"]) == (413, "request_too_large")
    writer.write(request("POST", PATH, chat()))
    assert (await read_reply(reader)).status == 200


async def test_a_defect_is_said_and_answered(
    sandbox: Sandbox, line: Streams, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = line
    monkeypatch.setattr("proxy.sandbox.provider.pace", None)
    writer.write(request("POST", PATH, chat()))
    reply = await read_reply(reader)
    assert (reply.status, reply.json["error"]["message"]) == (500, "The sandbox itself failed.")
    assert "TypeError" in capsys.readouterr().err


async def test_a_client_that_does_not_read_is_not_written_to_for_ever(sandbox: Sandbox, line: Streams) -> None:
    reader, writer = line
    writer.write(request("POST", PATH, chat(model="fault-huge"), {"x-sandbox-bytes": "1000000000"}))
    await reader.readuntil(b'"filler":"')
    (served,) = sandbox.stats.connections
    async with asyncio.timeout(5):
        while not served._unread:
            await asyncio.sleep(0)
    assert served._transport.get_write_buffer_size() < 1024 * 1024
