"""A stream in sentences says the same as the stream itself, in fewer frames."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.call import Tokens
from proxy.routing import Coalescing
from proxy.worker.streaming.sentences import Coalescer, Sentences
from tests.kit.caller_streams import heard, payloads
from tests.kit.dialect_worker import DIALECTS, asked, dialect_worker, route
from tests.kit.provider_streams import said
from tests.kit.raw_http import ask, connect
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, Conversation, answers, chunk, delta
from tests.kit.taps import a_writer, an_exchange, translated
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve
from tests.proxy.worker.streaming.test_pieces import chat, completion, message, response
from tests.proxy.worker.test_translated import deltas_of

APPS = ("chat", "completions", "responses", "messages")
NAMES = {
    "chat": "openai-chat",
    "completions": "openai-completions",
    "responses": "openai-responses",
    "messages": "anthropic-messages",
}
FRAMES = {
    "chat": lambda text, n: chat({"content": text}),
    "completions": lambda text, n: completion(text),
    "responses": lambda text, n: response(text, n),
    "messages": lambda text, n: message({"type": "text_delta", "text": text}),
}
TEXT = "One is 3.14, e.g. this. Two follows!\nThree, at last, is the end"
SENTENCES = ["One is 3.14, e.g. this.", " Two follows!\n", "Three, at last, is the end"]
FOREVER = 3600.0


def framed(event: Any) -> bytes:
    head = b"event: %s\n" % event["type"].encode() if "type" in event else b""
    return head + b"data: " + json.dumps(event).encode() + b"\n\n"


def pieces(app: str, *texts: str) -> list[bytes]:
    return [framed(FRAMES[app](text, n)) for n, text in enumerate(texts)]


def texts_of(app: str, stream: bytes) -> list[str]:
    """The text of each frame."""
    frames = [frame + b"\n\n" for frame in stream.split(b"\n\n") if frame]
    return [deltas_of(app, frame).text for frame in frames]


def numbers_of(stream: bytes) -> list[int]:
    return [event["sequence_number"] for event in payloads(stream) if isinstance(event, dict)]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("size", [1, 3, 7])
def test_text_in_pieces_goes_out_in_sentences(app: str, size: int) -> None:
    frames = pieces(app, *(TEXT[at : at + size] for at in range(0, len(TEXT), size)))
    coalescer = Coalescer(NAMES[app], FOREVER)
    out = b"".join(coalescer.take(frame, 0.0) for frame in frames) + coalescer.rest()
    assert texts_of(app, out) == SENTENCES


@st.composite
def cuttings(draw: st.DrawFn) -> list[str]:
    """A text of many ends, cut anywhere."""
    words = st.sampled_from(
        ["a", "b.", "c. ", "!", "\n", "```\n", "3.", "14", "。", "é", "🙂", " ", '"', "e.g.", "\\", "\r"]
    )
    return draw(st.lists(st.lists(words, min_size=1, max_size=5).map("".join), max_size=30))


@given(texts=cuttings(), app=st.sampled_from(APPS), gaps=st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_however_a_text_is_cut_it_stays_the_same(texts: list[str], app: str, gaps: list[float]) -> None:
    """And what was given to hold is given back in time."""
    coalescer, now, out = Coalescer(NAMES[app], 0.5), 0.0, b""
    for frame, gap in zip(pieces(app, *texts), gaps, strict=False):
        now += gap
        if coalescer.due is not None and coalescer.due <= now:
            out += coalescer.rest()
        out += coalescer.take(frame, now)
        assert coalescer.due is None or now <= coalescer.due <= now + 0.5
    out += coalescer.rest()
    assert coalescer.due is None
    assert "".join(texts_of(app, out)) == "".join(texts)
    if app == "responses":
        numbers = numbers_of(out)
        assert numbers == list(range(len(numbers))), "without a gap"


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("provider", ["openai-chat", "anthropic-messages", "gemini"])
def test_whatever_a_provider_sends_the_app_understands_the_same(app: str, provider: str) -> None:
    """Thoughts, calls, finish and usage pass as they are, in their places."""
    reply = said(provider, TEXT, thinking="Hm. Well. So", calls=[("weather", {"city": "Rome. Or"})])
    whole = _translated(provider, app, reply.frames)
    coalescer = Coalescer(NAMES[app], FOREVER)
    frames = [frame + b"\n\n" for frame in whole.split(b"\n\n") if frame]
    out = b"".join(coalescer.take(frame, 0.0) for frame in frames) + coalescer.rest()
    assert heard(app, out) == heard(app, whole)
    assert without_text(app, out) == without_text(app, whole)
    assert len(out.split(b"\n\n")) < len(whole.split(b"\n\n"))


def without_text(app: str, stream: bytes) -> list[Any]:
    """The events that are no text, in order, without their numbers."""
    frames = [frame + b"\n\n" for frame in stream.split(b"\n\n") if frame]
    events = [payloads(frame)[0] for frame in frames if not deltas_of(app, frame).text]
    for event in events:
        if isinstance(event, dict):
            event.pop("sequence_number", None)
    return events


def _translated(provider: str, app: str, frames: list[bytes]) -> bytes:
    from tests.kit.provider_streams import dialect_of

    reader, writer = dialect_of(provider).reader(), a_writer(app)
    events = [event for frame in frames for event in reader.read(_data(frame))]
    ended = [event for event in events if type(event).__name__ != "Ended"]
    return b"".join(writer.write([event]) for event in ended) + writer.end(Tokens(input_uncached=3, output=4))


def _data(frame: bytes) -> bytes:
    return frame.partition(b"data: ")[2].strip()


async def test_what_waits_too_long_goes_out_unfinished() -> None:
    exchange = an_exchange([b"".join(said("openai-chat", "Half a").frames[:-2])], ends=False)
    tap = translated(exchange, "openai-chat", "messages")
    sentences = Sentences(tap, "anthropic-messages", 0.05)
    async with asyncio.timeout(5):
        out = await sentences.behind(await tap.next())
        while "a" not in (text := deltas_of("messages", out).text):
            out += await sentences.next()
    assert text == "Half a"


# through a whole worker


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    slow, quick = Coalescing(max_wait=FOREVER), Coalescing(max_wait=0.1)
    routes = [route(f"{each}-slow", each, coalescing=slow) for each in DIALECTS]
    routes += [route(f"{each}-quick", each, coalescing=quick) for each in DIALECTS]
    with dialect_worker(tmp_path_factory.mktemp("worker"), listening, *routes) as worker:
        yield worker


def stream(provider: str, *frames: bytes, end: bytes = LAST_CHUNK) -> bytes:
    kind = b"application/vnd.amazon.eventstream" if provider == "bedrock" else b"text/event-stream"
    return STREAM_HEAD.replace(b"text/event-stream", kind) + b"".join(map(chunk, frames)) + end


USED = ("input_tokens_uncached", "input_cache_read_tokens", "output_tokens", "cost_picos", "finish_reason", "status")


@pytest.mark.parametrize(
    ("app", "provider"), [(a, p) for a in APPS for p in DIALECTS if (a, p) != ("completions", "chat")]
)
async def test_the_app_hears_the_same_and_the_row_is_the_same(
    worker: Worker, serve: Serve, app: str, provider: str
) -> None:
    reply = stream(provider, *said(DIALECTS[provider][0], TEXT).frames)
    async with serve(answers(reply)):
        plain = await ask(worker.port, asked(worker, app, provider, stream=True))
    async with serve(answers(reply)):
        joined = await ask(worker.port, asked(worker, app, f"{provider}-slow", stream=True))
    told = [b"\n\n".join(frame for frame in each.frames if frame[:1] != b":") + b"\n\n" for each in (plain, joined)]
    assert heard(app, told[1]) == heard(app, told[0])
    assert [text for text in texts_of(app, told[1]) if text] == SENTENCES
    rows = [await worker.closed(call_id=each.headers["x-gatewatch-call-id"]) for each in (plain, joined)]
    assert [rows[1].get(name) for name in USED] == [rows[0].get(name) for name in USED]


@pytest.mark.parametrize("app", APPS)
async def test_what_is_held_goes_out_before_the_error(worker: Worker, serve: Serve, app: str) -> None:
    provider = "chat" if app != "completions" else "messages"
    frames = said(DIALECTS[provider][0], "No end at all, dear").frames
    cut = next(at for at, frame in enumerate(frames) if b"dear" in frame or b"ear" in frame) + 1
    async with serve(answers(stream(provider, *frames[:cut]))):
        got = await ask(worker.port, asked(worker, app, f"{provider}-slow", stream=True))
    before, _, last = got.body.removesuffix(b"\n\n").rpartition(b"\n\n")
    assert deltas_of(app, before + b"\n\n").text == "No end at all, dear"
    assert b"upstream_truncated" in last
    row = await worker.closed(call_id=got.headers["x-gatewatch-call-id"])
    assert (row["status"], row["error_kind"]) == ("truncated", "upstream_truncated")


async def test_what_is_held_goes_out_before_the_ceiling_ends_the_stream(worker: Worker, serve: Serve) -> None:
    frames = [delta(f"{number:04}") for number in range(60)]
    async with serve(answers(stream("chat", *frames, end=b""))):
        headers = {"x-gatewatch-max-cost-usd": "0.00002"}
        got = await ask(worker.port, asked(worker, "chat", "chat-slow", headers, stream=True))
    *before, last = got.frames
    assert b"cost_ceiling" in last
    row = await worker.closed(call_id=got.headers["x-gatewatch-call-id"])
    text = deltas_of("chat", b"\n\n".join(before) + b"\n\n").text
    assert len(text) == 4 * row["output_tokens"] > 0, "all that was paid"


async def test_a_piece_waits_no_longer_than_it_may(worker: Worker, serve: Serve) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(stream("chat", delta("Hel"), delta("lo"), end=b""))
        await conversation.gone()

    async with serve(script), connect(worker.port) as (reader, writer):
        writer.write(asked(worker, "chat", "chat-quick", stream=True))
        async with asyncio.timeout(2):
            await reader.readuntil(b'"Hello"')


@pytest.mark.parametrize("app", APPS)
async def test_who_leaves_while_text_is_held_is_followed_at_the_provider_within_a_second(
    worker: Worker, serve: Serve, app: str
) -> None:
    """The role, the first of all frames, has been heard; the text is waiting for its end."""
    frames = said("gemini", "abcdefgh").frames[:1]
    user = f"held-{app}"

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(stream("gemini", *frames, end=b""))
        await conversation.gone()

    async with serve(script) as upstream:
        async with connect(worker.port) as (reader, writer):
            headers = {"x-litellm-end-user-id": user}
            writer.write(asked(worker, app, "gemini-slow", headers, stream=True))
            await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(1):
            await (await upstream.conversation(0)).left()
    row = await worker.closed(user=user)
    assert (row["status"], row["http_status"]) == ("client_closed", 499)
    assert row["output_tokens"] > 0
