import asyncio
import json

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.exchange import Exchange, Request
from proxy.sandbox.latency import Pace
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import connect, request


class Transcript:
    """Takes the place of the connection: what is written, and when."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    async def writable(self) -> None:
        return


def exchange(transcript: Transcript, pace: Pace, *, version_1_0: bool = False) -> Exchange:
    asked = Request()
    asked.chunks_allowed = not version_1_0
    made = Exchange(transcript, asked)  # type: ignore[arg-type]
    made.pace = pace
    return made


async def test_without_a_gap_a_stream_is_one_write() -> None:
    transcript = Transcript()
    await exchange(transcript, Pace()).send_frames([b"data: 1\n\n", b"data: 2\n\n"])
    (written,) = transcript.written
    assert written.endswith(b"\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n")


async def test_with_a_gap_every_frame_is_a_write_of_its_own() -> None:
    transcript = Transcript()
    await exchange(transcript, Pace(0, 0.0)).send_frames([b"data: 1\n\n", b"data: 2\n\n"])
    first, *rest = transcript.written
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"9\r\ndata: 1\n\n\r\n")
    assert rest == [b"9\r\ndata: 2\n\n\r\n", b"0\r\n\r\n"]


async def test_gaps_are_kept_from_the_first_write_on() -> None:
    transcript = Transcript()
    started = transcript.loop.time()
    await exchange(transcript, Pace(0, 0.01)).send_frames([b"data: 1\n\n"] * 4)
    assert transcript.loop.time() - started >= 0.03 - 0.001


async def test_without_chunks_a_stream_is_its_bytes() -> None:
    transcript = Transcript()
    await exchange(transcript, Pace(), version_1_0=True).send_frames([b"data: 1\n\n"])
    assert transcript.written[0].endswith(b"\r\nConnection: close\r\n" + _rest_of(transcript.written[0]))
    assert transcript.written[0].endswith(b"\r\n\r\ndata: 1\n\n")


def _rest_of(written: bytes) -> bytes:
    return written.partition(b"\r\nConnection: close\r\n")[2]


async def test_an_unclean_end_has_no_last_chunk() -> None:
    transcript = Transcript()
    await exchange(transcript, Pace()).send_frames([b"data: 1\n\n"], clean_end=False)
    assert transcript.written[0].endswith(b"data: 1\n\n\r\n")


async def test_a_refusal_says_nothing_about_limits() -> None:
    made = exchange(Transcript(), Pace(1.5))
    made.prompt_tokens = 100
    assert b"x-ratelimit" not in made.refusal(ApiError(500, "No."))
    good = made.plain(b"{}")
    assert b"x-ratelimit-remaining-tokens: 1999900\r\n" in good
    assert b"openai-processing-ms: 1500\r\n" in good


async def test_a_client_that_goes_away_is_noticed_between_two_frames(sandbox: Sandbox) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    async with connect(sandbox.port) as (reader, writer):
        headers = {"x-sandbox-chunk-gap-ms": "60000"}
        writer.write(request("POST", "/v1/chat/completions", json.dumps(body).encode(), headers))
        await reader.readuntil(b"\n\n\r\n")
    async with asyncio.timeout(5):
        while sandbox.stats.connections:
            await asyncio.sleep(0)
    (cancel,) = json.loads(sandbox.stats.report())["cancels"]
    assert (cancel["model"], cancel["stream"], cancel["writes"]) == ("gpt-4o", True, 1)
    assert 0 <= cancel["after_first_write_ms"] < 5000
