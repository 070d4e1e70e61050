import asyncio
import json

from benchmarks.mocks.sse_upstream import HEAD, Stream, cut_request, frames, writes


def test_a_stream_is_64_chunks_the_usage_and_done() -> None:
    *chunks, usage, done = frames()
    assert len(chunks) == 64
    assert all(200 < len(chunk) < 260 and b'"usage":null' in chunk for chunk in chunks)
    assert json.loads(usage.removeprefix(b"data: "))["usage"]["completion_tokens"] == 64
    assert done == b"data: [DONE]\n\n"


def test_each_event_is_one_chunk_and_one_write() -> None:
    for frame, written in zip(frames(), writes(), strict=True):
        size, _, rest = written.partition(b"\r\n")
        assert rest[: int(size, 16)] == frame
    assert writes()[-1].endswith(b"\r\n0\r\n\r\n")


def test_a_request_is_cut_after_its_body() -> None:
    request = b"POST /burst/x HTTP/1.1\r\nhost: a\r\nContent-Length: 3\r\n\r\nabc"
    assert cut_request(request + b"POST") == (b"POST /burst/x HTTP/1.1", b"POST")
    assert cut_request(request[:-1]) is None
    assert cut_request(b"POST /burst/x HTTP/1.1\r\n") is None


async def test_a_burst_answers_every_request_of_a_connection() -> None:
    server = await asyncio.get_running_loop().create_server(Stream, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(2):
            writer.write(b"POST /burst/v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
            whole = HEAD + b"".join(writes())
            assert await reader.readexactly(len(whole)) == whole
        writer.close()
        await writer.wait_closed()
