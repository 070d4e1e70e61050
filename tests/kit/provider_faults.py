"""How a provider goes wrong, byte by byte: each fault is a script for a connection, in a vendor's words."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import cycle

from tests.kit.provider_voices import Voice
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, Conversation, Received, Script, chunk, http

Fault = Callable[[Voice], Script]
Answer = Callable[[Voice, Received], bytes]
Then = Callable[[Conversation], Awaitable[None]]

FROM_A = "What A says."
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


async def stays(conversation: Conversation) -> None:
    """The connection is kept."""


async def closes(conversation: Conversation) -> None:
    conversation.close()


async def resets(conversation: Conversation) -> None:
    conversation.reset()


async def is_silent(conversation: Conversation) -> None:
    """Until the gateway leaves."""
    await conversation.gone()


def says(*answers: Answer, then: Then = stays) -> Fault:
    """One answer after the other, over all connections; the last goes on."""

    def fault(voice: Voice) -> Script:
        left = list(answers)

        async def script(conversation: Conversation) -> None:
            while True:
                asked = await conversation.request()
                answer = left.pop(0) if len(left) > 1 else left[0]
                conversation.send(answer(voice, asked))
                await then(conversation)
                if then is not stays:
                    return

        return script

    return fault


def good(voice: Voice, asked: Received) -> bytes:
    """A whole reply: 10 tokens in, 2 out."""
    return whole(asked, voice.reply(FROM_A, voice.usage(10, 2)), voice.stream("What A ", "says."))


def whole(asked: Received, plain: bytes, stream: bytes) -> bytes:
    """As it was asked for."""
    return streamed(stream) if asked.json.get("stream") else http(200, plain)


def streamed(*frames: bytes) -> bytes:
    """A whole stream, each part a chunk."""
    return begun(*frames) + LAST_CHUNK


def begun(*frames: bytes) -> bytes:
    """A stream that does not end."""
    return STREAM_HEAD + b"".join(map(chunk, frames))


def nothing(voice: Voice, asked: Received) -> bytes:
    del voice, asked
    return b""


def status(number: int, *headers: str, type: str | None = None, code: str | None = None) -> Answer:
    """An error that says what it got, key and all, as some providers do."""

    def answer(voice: Voice, asked: Received) -> bytes:
        key = asked.headers.get("authorization") or asked.headers.get("x-api-key", "")
        return http(
            number, voice.error(number, f"The provider's own words, for {key}.", type=type, code=code), *headers
        )

    return answer


def page(number: int) -> Answer:
    """A page of the proxy in front."""
    return lambda voice, asked: http(number, PAGE, content_type="text/html")


def in_n_seconds(seconds: float) -> str:
    """An HTTP date."""
    return format_datetime(datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC), usegmt=True)


def half(answer: Answer) -> Answer:
    """Only the first half of the bytes."""

    def cut(voice: Voice, asked: Received) -> bytes:
        told = answer(voice, asked)
        head, _, body = told.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n" + body[: len(body) // 2]

    return cut


def first_piece(voice: Voice, asked: Received) -> bytes:
    """A stream of which one piece comes."""
    del asked
    return begun(voice.begin(), voice.piece("What A "))


def drips(voice: Voice) -> Script:
    """A piece of a stream, or a byte of a plain reply, every twentieth of a second, for ever."""

    async def script(conversation: Conversation) -> None:
        asked = await conversation.request()
        if stream := bool(asked.json.get("stream")):
            conversation.send(begun(voice.begin()))
        else:
            conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
        leaving = asyncio.ensure_future(conversation.gone())
        for byte in cycle(voice.reply("x" * 1000, None)):
            conversation.send(chunk(voice.piece("drip ")) if stream else bytes([byte]))
            if (await asyncio.wait([leaving], timeout=0.05))[0]:
                return

    return script


def endless(head: bytes, block: bytes, *, most: int = 2**30) -> Script:
    """As much as the gateway takes, up to a gigabyte."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(head)
        for _ in range(most // len(block)):
            conversation.send(block)
            await conversation.flushed()
        await conversation.gone()

    return script


def without_end(voice: Voice) -> Script:
    """A reply of a gigabyte whose length nobody knows beforehand."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return endless(head + chunk(b'{"id":"'), chunk(b"x" * 2**20))


def bomb(voice: Voice) -> Script:
    """A gigabyte of blanks as a megabyte of gzip."""
    pressing = zlib.compressobj(9, wbits=31)
    block = b" " * 2**20
    packed = b"".join(pressing.compress(block) for _ in range(64)) + pressing.flush()
    return says(lambda voice, asked: http(200, packed, "content-encoding: gzip"))(voice)
