"""However a call ends, its row says so once: status, error kind, tokens and what they cost.

Figures by hand from published prices of gpt-4o-mini: 0.15 in, 0.075 cached, 0.60 out, USD per million tokens.
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from tests.kit.raw_http import RawReply, connect, read_reply
from tests.kit.scripted_upstream import (
    DONE,
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    Script,
    answers,
    chat_reply,
    chunk,
    delta,
    event,
    http,
    silence,
    usage_event,
)
from tests.kit.waiting import eventually
from tests.kit.worker_process import PROVIDER_SECRET, Worker
from tests.proxy.worker.conftest import CACHED, ESTIMATED_INPUT, IN, LIMIT, OUT, Serve

Chat = Callable[..., Awaitable[RawReply]]
Asked = Callable[..., bytes]

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
COST = 60 * IN + 40 * CACHED + 20 * OUT
FRAMES = delta("Hel") + delta("lo") + delta("", "stop")


def stream(*frames: bytes, end: bytes = LAST_CHUNK) -> bytes:
    return STREAM_HEAD + b"".join(chunk(frame) for frame in frames) + end


def ending(row: dict[str, Any]) -> tuple[object, ...]:
    """status, http_status, error_kind, cost_basis (what is not in the journal has its default)."""
    return row["status"], row["http_status"], row.get("error_kind"), row.get("cost_basis", "computed")


def cost(row: dict[str, Any]) -> int | None:
    found: int | None = row.get("cost_picos", 0)
    return found


def rows(worker: Worker, reply: RawReply) -> list[dict[str, Any]]:
    """The lines of the call behind a reply, in their order."""
    return worker.records_of(call_id=reply.headers["x-gatewatch-call-id"])


async def breaking(before: bytes, how: str, conversation: Conversation) -> None:
    """Answer a request by some bytes, and end the connection behind them."""
    await conversation.request()
    conversation.send(before)
    await conversation.flushed()
    getattr(conversation, how)()


def then(before: bytes, how: str) -> Script:
    return lambda conversation: breaking(before, how, conversation)


# whole replies


async def test_a_plain_reply_arrives_as_it_came_with_its_cost_and_one_row(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    body = b'{ "choices" : [{"message":{"content":"h\\u00e9"}}],\n"usage":' + json.dumps(USAGE).encode() + b', "x":1.0}'
    async with serve(answers(http(200, body, "x-request-id: up-1", "set-cookie: a=b"))) as upstream:
        reply = await chat()
    assert (reply.status, reply.body) == (200, body)
    assert reply.headers["x-gatewatch-cost-usd"] == "0.000024"
    assert Decimal(reply.headers["x-gatewatch-cost-usd"]) * 10**12 == COST
    assert reply.headers["x-request-id"] == reply.headers["x-gatewatch-call-id"]
    assert (reply.headers["x-gatewatch-provider"], reply.headers["x-gatewatch-model"]) == ("openai", "gpt-4o-mini")
    assert reply.headers["x-gatewatch-attempts"] == "1"
    assert "set-cookie" not in reply.headers
    opened, attempt, closed = rows(worker, reply)
    assert (opened["k"], attempt["k"], closed["k"]) == ("open", "attempt", "close")
    assert ending(closed) == ("ok", 200, None, "computed")
    assert cost(closed) == COST
    assert (closed["input_uncached_tokens"], closed["input_cache_read_tokens"], closed["output_tokens"]) == (60, 40, 20)
    assert closed["output_reasoning_tokens"] == 5
    assert closed["usage"] == USAGE
    assert (attempt["n"], attempt["http_status"], attempt["upstream_request_id"]) == (1, 200, "up-1")
    assert opened["cost_basis"] == "estimated"
    assert opened["input_uncached_tokens"] == ESTIMATED_INPUT
    (request,) = upstream.requests
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {PROVIDER_SECRET}"
    assert worker.key not in request.head.decode("latin-1")
    assert request.json["model"] == "gpt-4o-mini"


async def test_a_stream_passes_frame_by_frame_and_costs_what_a_plain_reply_costs(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    async with serve(answers(stream(FRAMES, usage_event(USAGE), DONE))) as upstream:
        reply = await chat(stream=True)
    closed = rows(worker, reply)[-1]  # it stands there when [DONE] is here
    call_id = reply.headers["x-gatewatch-call-id"]
    assert reply.ended == "chunks"
    assert reply.body == FRAMES + f": gatewatch call_id={call_id} cost_usd=0.000024\n\n".encode() + DONE
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert ending(closed) == ("ok", 200, None, "computed")
    assert cost(closed) == COST
    assert closed["usage"] == USAGE
    assert (closed["finish_reason"], closed["served_model"]) == ("stop", "gpt-4o-mini-2024-07-18")
    assert 0 < closed["ttft_us"] <= closed["latency_us"]
    assert upstream.requests[0].json["stream_options"] == {"include_usage": True}


async def test_a_client_that_asks_for_usage_gets_it(serve: Serve, chat: Chat) -> None:
    async with serve(answers(stream(FRAMES, usage_event(USAGE), DONE))):
        reply = await chat(stream=True, stream_options={"include_usage": True})
    assert reply.body.startswith(FRAMES + usage_event(USAGE) + b": gatewatch ")
    assert reply.body.endswith(DONE)


async def test_usage_inside_the_last_piece_is_taken_and_the_piece_passes(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    last = event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": USAGE})
    async with serve(answers(stream(delta("Hello"), last, DONE))):
        reply = await chat(stream=True)
    assert last in reply.body
    assert cost(rows(worker, reply)[-1]) == COST


@pytest.mark.parametrize(
    ("path", "asked_for", "body", "expected"),
    [
        (
            "embeddings",
            {"model": "openai/text-embedding-3-small", "input": "hello"},
            {"object": "list", "data": [{"embedding": [0.1]}], "usage": {"prompt_tokens": 8, "total_tokens": 8}},
            8 * 20_000,
        ),
        (
            "completions",
            {"prompt": "hello"},
            {"choices": [{"text": "hi"}], "usage": {"prompt_tokens": 2, "completion_tokens": 1}},
            2 * IN + OUT,
        ),
    ],
)
async def test_the_other_endpoints_are_served_alike(
    worker: Worker, serve: Serve, chat: Chat, path: str, asked_for: dict[str, Any], body: object, expected: int
) -> None:
    async with serve(answers(http(200, json.dumps(body).encode()))) as upstream:
        reply = await chat(path=path, **asked_for)
    assert reply.status == 200
    assert upstream.requests[0].line == f"POST /v1/{path} HTTP/1.1"
    closed = rows(worker, reply)[-1]
    assert (closed["endpoint"], ending(closed)[:2], cost(closed)) == (path, ("ok", 200), expected)


async def test_a_long_plain_reply_streams_through_and_is_settled_at_its_end(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    body = chat_reply(USAGE, "x" * 200_000)
    pieces = b"".join(chunk(body[at : at + 7000]) for at in range(0, len(body), 7000)) + LAST_CHUNK
    for head, sent in (
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body), body),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n", pieces),
    ):
        async with serve(answers(head + sent)):
            reply = await chat()
        assert (reply.status, reply.body) == (200, body)
        assert "x-gatewatch-cost-usd" not in reply.headers
        assert cost(rows(worker, reply)[-1]) == COST


# usage that is missing, or nonsense


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="missing"),
        pytest.param({}, id="empty"),
        pytest.param({"prompt_tokens": -100, "completion_tokens": 20}, id="negative"),
        pytest.param({"prompt_tokens": "100", "completion_tokens": "20"}, id="texts"),
        pytest.param({"prompt_tokens": None, "completion_tokens": None}, id="null"),
        pytest.param({"prompt_tokens": 1.5, "completion_tokens": 2.5}, id="fractions"),
        pytest.param({"prompt_tokens": 10**30, "completion_tokens": 1}, id="absurd"),
        pytest.param([1, 2], id="a list"),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}, id="9 of 5"
        ),
    ],
)
async def test_without_a_sound_usage_both_kinds_of_reply_are_estimated_alike(
    worker: Worker, serve: Serve, chat: Chat, usage: object
) -> None:
    text = "x" * 80
    async with serve(answers(http(200, chat_reply(usage, text)))):
        plain = await chat()
    frames = [delta(text[:40]), delta(text[40:], "stop"), *([] if usage is None else [usage_event(usage)])]
    async with serve(answers(stream(*frames, DONE))):
        streamed = await chat(stream=True)
    for reply in (plain, streamed):
        assert reply.status == 200
        closed = rows(worker, reply)[-1]
        assert ending(closed) == ("ok", 200, None, "estimated")
        assert cost(closed) == ESTIMATED_INPUT * IN + 20 * OUT


async def test_usage_without_end_does_not_break_the_call(worker: Worker, serve: Serve, chat: Chat) -> None:
    nested = b'{"prompt_tokens":100,"completion_tokens":20,"x":' + b"[" * 900 + b"]" * 900 + b"}"
    async with serve(answers(http(200, b'{"choices":[{"message":{"content":"hi"}}],"usage":' + nested + b"}"))):
        reply = await chat()
    assert (reply.status, reply.ended) in ((200, "length"), (502, "length"))
    assert len([row for row in rows(worker, reply) if row["k"] == "close"]) == 1


async def test_another_model_in_the_reply_is_noted_and_priced_as_asked(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    async with serve(answers(http(200, chat_reply(USAGE, model="gpt-5-pro\x1b[2J")))):
        reply = await chat()
    closed = rows(worker, reply)[-1]
    assert closed["served_model"] == "gpt-5-pro\x1b[2J"
    assert cost(closed) == COST


async def test_a_model_without_a_price_is_unpriced(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(answers(http(200, chat_reply(USAGE)))):
        reply = await chat(model="unpriced")
    assert reply.headers["x-gatewatch-cost-usd"] == "unpriced"
    closed = rows(worker, reply)[-1]
    assert ending(closed) == ("ok", 200, None, "unpriced")
    assert closed["cost_picos"] is None


# a provider's refusals


@pytest.mark.parametrize(
    ("status", "body", "expected", "kind"),
    [
        (400, b'{"error":{"message":"m","type":"t","param":"p","code":"bad_thing"}}', 400, "bad_thing"),
        (404, b'{"error":{"message":"m","code":"model_not_found"}}', 404, "model_not_found"),
        (413, b'{"error":{"message":"m"}}', 413, "upstream_refused"),
        (422, b"<html>", 422, "upstream_refused"),
        (401, b'{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}', 502, "upstream_auth"),
        (403, b"{}", 502, "upstream_auth"),
        (402, b"{}", 502, "upstream_auth"),
        (429, b'{"error":{"message":"m","code":"insufficient_quota"}}', 502, "upstream_auth"),
        (429, b'{"error":{"message":"m","code":"rate_limit_exceeded"}}', 429, "upstream_rate_limited"),
        (500, b"", 502, "upstream_error"),
        (502, b"<html>Bad gateway</html>", 502, "upstream_error"),
        (503, b"{}", 503, "upstream_overloaded"),
        (529, b"{}", 503, "upstream_overloaded"),
        (302, b"", 502, "upstream_invalid"),
        (201, chat_reply(USAGE), 502, "upstream_error"),
        (204, b"", 502, "upstream_error"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_errors_status_is_an_error_that_cost_nothing(
    worker: Worker, serve: Serve, chat: Chat, status: int, body: bytes, expected: int, kind: str, streamed: bool
) -> None:
    raw = b"HTTP/1.1 204 X\r\n\r\n" if status == 204 else http(status, body)
    model = f"{status}-{streamed}" if kind == "upstream_auth" else "chat"
    again = kind in ("upstream_overloaded", "upstream_rate_limited")
    async with serve(answers(*[raw] * (3 if again else 1))) as upstream:
        reply = await chat(model=model, stream=streamed)
        tries = len(upstream.requests)
    assert 1 <= tries <= (3 if again else 1)  # as far as the target has retries left
    assert reply.status == expected
    assert list(reply.json["error"]) == ["message", "type", "param", "code"]
    assert reply.json["error"]["code"] == kind
    assert "<" not in reply.json["error"]["message"]
    opened, *attempts, closed = rows(worker, reply)
    assert len(attempts) == tries
    attempt = attempts[-1]
    assert ending(closed) == ("error", expected, kind, "computed")
    assert cost(closed) == 0
    assert (attempt["status"], attempt["http_status"], attempt["error_kind"]) == ("error", status, kind)
    assert opened["k"] == "open"


async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(serve: Serve, chat: Chat) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/chat/completions"
        for status in (301, 302, 303, 307, 308):
            async with serve(answers(http(status, b"", f"location: {url}"))):
                reply = await chat()
            assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_invalid")
            assert url not in reply.body.decode()
            assert "location" not in reply.headers
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (b"<html>login</html>", "text/html", "upstream_invalid"),
        (b"<html>login</html>", "application/json", "upstream_invalid"),
        (b"", "application/json", "upstream_invalid"),
        (b"{", "application/json", "upstream_invalid"),
        (chat_reply(USAGE)[:-20], "application/json", "upstream_invalid"),
        (b"null", "application/json", "upstream_invalid"),
        (b"[]", "application/json", "upstream_invalid"),
        (b"{}", "application/json", "upstream_invalid"),
        (b'{"choices":null}', "application/json", "upstream_invalid"),
        (b'{"choices":"x"}', "application/json", "upstream_invalid"),
        (b'{"choices":[{"message":"x"}]}', "application/json", "upstream_invalid"),
        (b'{"choices":[],"x":\xff}', "application/json", "upstream_invalid"),
        (b'{"choices":[],"x":' + b"[" * 30_000, "application/json", "upstream_invalid"),
        (b'{"error":{"message":"m","code":502}}', "application/json", "upstream_error"),
        (b'{"error":"overloaded"}', "application/json", "upstream_error"),
        (b'{"error":{"message":"m","code":429},"choices":[]}', "application/json", "upstream_rate_limited"),
        (b'{"error":{"message":"m","code":"\xc2\xb2"}}', "application/json", "upstream_error"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_200_that_is_no_reply_is_an_error(
    worker: Worker, serve: Serve, chat: Chat, body: bytes, content_type: str, kind: str, streamed: bool
) -> None:
    async with serve(answers(*[http(200, body, content_type=content_type)] * 3)):
        reply = await chat(stream=streamed)
    assert reply.status == (429 if kind == "upstream_rate_limited" else 502)
    *_, attempt, closed = rows(worker, reply)
    assert closed["status"] == "error"
    assert closed["error_kind"] == reply.json["error"]["code"] == attempt["error_kind"]
    assert kind == "upstream_invalid" or closed["error_kind"] == kind
    assert attempt["status"] == "error"
    assert "<html" not in reply.body.decode()


async def test_a_compressed_reply_is_refused(worker: Worker, serve: Serve, chat: Chat) -> None:
    bomb = http(200, b"\x1f\x8b\x08" + b"\x00" * 1000, "content-encoding: gzip")
    async with serve(answers(bomb)) as upstream:
        reply = await chat()
    assert upstream.requests[0].headers["accept-encoding"] == "identity"
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_invalid")


# a provider that breaks off


async def test_a_connection_that_is_refused(worker: Worker, chat: Chat) -> None:
    reply = await chat(model="nobody")
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_unreachable")
    _, attempt, closed = rows(worker, reply)
    assert (ending(closed), cost(closed)) == (("error", 502, "upstream_unreachable", "computed"), 0)
    assert attempt["error_kind"] == "upstream_unreachable"


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_connection_that_breaks_before_the_headers(
    worker: Worker, serve: Serve, chat: Chat, how: str, streamed: bool
) -> None:
    async with serve(then(b"", how)) as upstream:
        reply = await chat(stream=streamed)
        assert len(upstream.requests) == 1, "it was sent twice"
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_unreachable")
    closed = rows(worker, reply)[-1]
    assert ending(closed) == ("error", 502, "upstream_unreachable", "estimated"), "it was sent: it may be billed"
    assert cost(closed) == ESTIMATED_INPUT * IN + (0 if streamed else LIMIT * OUT)


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_plain_reply_that_breaks_off_is_never_a_truncated_200(
    worker: Worker, serve: Serve, chat: Chat, how: str
) -> None:
    async with serve(then(http(200, chat_reply(USAGE))[:-10], how)):
        reply = await chat()
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_truncated")
    _, attempt, closed = rows(worker, reply)
    assert ending(closed) == ("error", 502, "upstream_truncated", "estimated")
    assert cost(closed) == ESTIMATED_INPUT * IN + LIMIT * OUT
    assert (attempt["status"], attempt["error_kind"]) == ("error", "upstream_truncated")


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_long_plain_reply_that_breaks_off_has_no_clean_end(
    worker: Worker, serve: Serve, chat: Chat, how: str
) -> None:
    async with serve(then(http(200, chat_reply(USAGE, "x" * 200_000))[:-10], how)):
        reply = await chat()
    assert (reply.status, reply.ended) in ((200, "short"), (200, "reset"))
    closed = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert ending(closed) == ("truncated", 200, "upstream_truncated", "estimated")


BROKEN_STREAMS = {
    "a clean end without [DONE]": (stream(delta("Hel" * 40)), "close", "upstream_truncated"),
    "a close": (stream(delta("Hel" * 40), end=b""), "close", "upstream_truncated"),
    "a reset": (stream(delta("Hel" * 40), end=b""), "reset", "upstream_truncated"),
    "half a frame": (stream(delta("Hel" * 40), delta("lo")[:-9], end=b""), "close", "upstream_truncated"),
    "half a frame and a clean end": (stream(delta("Hel" * 40), delta("lo")[:-9]), "close", "upstream_truncated"),
    "malformed JSON": (stream(delta("Hel" * 40), b'data: {"x":\n\n', delta("lo")), "gone", "upstream_invalid"),
    "JSON of another API": (stream(delta("Hel" * 40), b'data: {"choices":1}\n\n'), "gone", "upstream_invalid"),
    "JSON without end": (stream(delta("Hel" * 40), b"data: " + b"[" * 9000 + b"\n\n"), "gone", "upstream_invalid"),
    "no chunk": (stream(delta("Hel" * 40), end=b"zz\r\n"), "gone", "upstream_invalid"),
    "an event without end": (stream(delta("Hel" * 40), b"data: " + b"x" * 70_000), "gone", "upstream_invalid"),
    "an error event": (
        stream(delta("Hel" * 40), event({"error": {"message": "m", "code": "server_error"}})),
        "gone",
        "upstream_error",
    ),
    "a rate limit as error event": (
        stream(delta("Hel" * 40), event({"error": {"message": "m", "code": 429}})),
        "gone",
        "upstream_rate_limited",
    ),
}


@pytest.mark.parametrize(("sent", "how", "kind"), BROKEN_STREAMS.values(), ids=BROKEN_STREAMS.keys())
async def test_a_stream_that_breaks_ends_in_one_error_event_and_is_billed_for_what_came(
    worker: Worker, serve: Serve, chat: Chat, sent: bytes, how: str, kind: str
) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(sent)
        await conversation.flushed()
        if how == "reset":
            await passed.wait()
            conversation.reset()
        elif how == "close":
            conversation.close()
        else:
            await conversation.gone()

    passed = asyncio.Event()
    passed.set()
    async with serve(script):
        reply = await chat(stream=True)
    assert (reply.status, reply.ended) == (200, "chunks"), "it is no clean HTTP"
    first, last = reply.frames
    assert first + b"\n\n" == delta("Hel" * 40)
    error = json.loads(last.removeprefix(b"data: "))["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["code"] == kind
    _, attempt, closed = rows(worker, reply)
    assert ending(closed) == ("truncated", 200, kind, "estimated")
    assert cost(closed) == ESTIMATED_INPUT * IN + 30 * OUT  # 120 characters
    assert (attempt["status"], attempt["error_kind"]) == ("truncated", kind)


async def test_usage_that_came_before_a_stream_broke_is_an_estimate(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(then(stream(FRAMES, usage_event(USAGE)), "close")):
        reply = await chat(stream=True)
    closed = rows(worker, reply)[-1]
    assert ending(closed) == ("truncated", 200, "upstream_truncated", "estimated")
    assert cost(closed) == COST


async def test_a_stream_that_breaks_before_its_first_event_is_an_error_with_a_status(
    worker: Worker, serve: Serve, chat: Chat
) -> None:
    async with serve(then(stream(end=LAST_CHUNK), "close")):
        reply = await chat(stream=True)
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_truncated")
    assert ending(rows(worker, reply)[-1]) == ("error", 502, "upstream_truncated", "estimated")


async def test_what_follows_done_is_not_passed_on(serve: Serve, chat: Chat) -> None:
    async with serve(answers(stream(FRAMES, usage_event(USAGE), DONE + delta("more"), delta("even more")))):
        reply = await chat(stream=True)
    assert b"more" not in reply.body
    assert reply.body.count(b"[DONE]") == 1


# time


async def test_a_first_byte_that_does_not_come_in_time(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(silence) as upstream:
        reply = await chat(model="hasty")
        await (await upstream.conversation(0)).left()
    assert (reply.status, reply.json["error"]["code"]) == (504, "upstream_timeout")
    closed = rows(worker, reply)[-1]
    assert ending(closed) == ("error", 504, "upstream_timeout", "estimated")
    assert cost(closed) == ESTIMATED_INPUT * IN + LIMIT * OUT


async def test_a_stream_that_stalls(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(answers(stream(delta("Hello"), end=b""))):
        reply = await chat(model="hasty", stream=True)
    assert json.loads(reply.frames[-1].removeprefix(b"data: "))["error"]["code"] == "upstream_timeout"
    assert ending(rows(worker, reply)[-1]) == ("truncated", 200, "upstream_timeout", "estimated")


async def test_a_stream_that_drips_meets_the_total_deadline(worker: Worker, serve: Serve, chat: Chat) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD)
        while True:
            conversation.send(chunk(delta(".")))
            await conversation.flushed()
            await dripped.wait()
            dripped.clear()
            asyncio.get_running_loop().call_later(0.01, dripped.set)

    dripped = asyncio.Event()
    dripped.set()
    async with serve(script) as upstream:
        reply = await chat(model="hasty", stream=True)
        await upstream.end()
    assert json.loads(reply.frames[-1].removeprefix(b"data: "))["error"]["code"] == "upstream_timeout"
    closed = rows(worker, reply)[-1]
    assert ending(closed) == ("truncated", 200, "upstream_timeout", "estimated")
    assert closed["latency_us"] >= 600_000


async def test_an_error_whose_body_stalls_is_still_an_error(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(answers(b"HTTP/1.1 503 X\r\ncontent-length: 100\r\n\r\n{")):
        reply = await chat(model="hasty")
    assert (reply.status, reply.json["error"]["code"]) == (503, "upstream_overloaded")


# size


async def test_a_reply_that_says_it_is_too_long_is_refused(worker: Worker, serve: Serve, chat: Chat) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n"

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(head + b"x" * 100_000)
        await conversation.gone()

    async with serve(script):
        reply = await chat()
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_invalid")
    assert ending(rows(worker, reply)[-1]) == ("error", 502, "upstream_invalid", "estimated")


async def test_a_reply_without_end_is_cut_uncleanly(worker: Worker, serve: Serve, chat: Chat) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            conversation.send(chunk(b" " * 65536))
            await conversation.flushed()
            await asyncio.sleep(0)

    async with serve(script) as upstream:
        reply = await chat()
        await upstream.end()
    assert (reply.status, reply.ended) in ((200, "short"), (200, "reset"))
    assert len(reply.body) < 50 << 20
    closed = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert ending(closed) == ("truncated", 200, "upstream_invalid", "estimated")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
async def test_text_survives_any_line_end_any_cut_and_a_byte_order_mark(
    serve: Serve, chat: Chat, line_end: str
) -> None:
    text = "h\u00e9llo \N{GRINNING FACE} \u202e\u0000\u001b[2J"
    frames = (delta(text) + delta("", "stop") + usage_event(USAGE) + DONE).decode().replace("\n", line_end).encode()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD)
        for byte in b"\xef\xbb\xbf" + frames:
            conversation.send(chunk(bytes([byte])))
            await asyncio.sleep(0)
        conversation.send(LAST_CHUNK)
        await conversation.gone()

    async with serve(script):
        reply = await chat(stream=True)
    payloads = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: {")]
    said = "".join(json.loads(payload)["choices"][0]["delta"].get("content", "") for payload in payloads)
    assert said == text
    assert reply.body.endswith(DONE)
    assert not reply.body.startswith(b"\xef\xbb\xbf")


async def test_very_many_tiny_events_pass(worker: Worker, serve: Serve, chat: Chat) -> None:
    many = b"data: {}\n\n" * 50_000
    async with serve(answers(stream(many, FRAMES, usage_event(USAGE), DONE))):
        reply = await chat(stream=True)
    assert reply.body.startswith(many + FRAMES)
    assert cost(rows(worker, reply)[-1]) == COST


async def test_pings_and_comments_pass(serve: Serve, chat: Chat) -> None:
    async with serve(answers(stream(b": ping\n\n", b"event: ping\n\n", FRAMES, DONE))):
        reply = await chat(stream=True)
    assert reply.body.startswith(b": ping\n\nevent: ping\n\n" + FRAMES)


# a client that goes away


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_client_that_leaves_before_the_first_byte_ends_the_upstream_call(
    worker: Worker, serve: Serve, asked: Asked, request: pytest.FixtureRequest, streamed: bool
) -> None:
    async with serve(silence) as upstream:
        async with connect(worker.port) as (_, writer):
            writer.write(asked(stream=streamed))
            conversation = await upstream.conversation(0)
            await conversation.arrived()
        await conversation.left()
        closed = await worker.closed(user=request.node.name)
    assert ending(closed) == ("client_closed", 499, "client_closed", "estimated")
    assert cost(closed) == ESTIMATED_INPUT * IN + (0 if streamed else LIMIT * OUT)
    _, attempt, _ = worker.records_of(user=request.node.name)
    assert attempt["status"] == "client_closed"


async def test_a_client_that_leaves_inside_a_stream_pays_for_what_came(
    worker: Worker, serve: Serve, asked: Asked, request: pytest.FixtureRequest
) -> None:
    async with serve(answers(stream(delta("x" * 80), end=b""))) as upstream:
        async with connect(worker.port) as (reader, writer):
            writer.write(asked(stream=True))
            await reader.readuntil(b"\n\n\r\n")
        await (await upstream.conversation(0)).left()
        closed = await worker.closed(user=request.node.name)
    assert ending(closed) == ("client_closed", 499, "client_closed", "estimated")
    assert cost(closed) == ESTIMATED_INPUT * IN + 20 * OUT
    opened, attempt, closed = worker.records_of(user=request.node.name)
    assert (opened["k"], attempt["status"], closed["k"]) == ("open", "client_closed", "close")
    assert attempt["http_status"] == 200


async def test_a_client_that_leaves_while_it_sends_is_no_call(
    worker: Worker, serve: Serve, asked: Asked, request: pytest.FixtureRequest
) -> None:
    async with serve(silence) as upstream:
        async with connect(worker.port) as (_, writer):
            writer.write(asked()[:-10])
        async with connect(worker.port) as (reader, writer):
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert (await read_reply(reader)).status == 200
        assert upstream.conversations == []
    assert worker.records_of(user=request.node.name) == []


async def test_a_slow_client_holds_the_upstream_back_and_gets_everything(
    worker: Worker, serve: Serve, asked: Asked
) -> None:
    frame = delta("x" * 20_000)

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD + chunk(frame) * 2000)
        await conversation.flushed()
        conversation.send(chunk(usage_event(USAGE)) + chunk(DONE) + LAST_CHUNK)
        await conversation.gone()

    async with serve(script) as upstream, connect(worker.port) as (reader, writer):
        transport = cast(asyncio.Transport, writer.transport)
        transport.pause_reading()
        writer.write(asked(stream=True))
        conversation = await upstream.conversation(0)
        await conversation.arrived()
        held = -1
        while held != conversation.unsent:
            held = conversation.unsent
            for _ in range(200):
                await asyncio.sleep(0)
        assert held > 10_000_000, "the gateway took it all"
        transport.resume_reading()
        reply = await read_reply(reader)
    assert reply.ended == "chunks"
    assert reply.body.count(b"data: ") == 2001
    assert ending(rows(worker, reply)[-1]) == ("ok", 200, None, "computed")


# refused calls


async def test_a_refused_call_is_a_row_that_names_the_key(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(silence) as upstream:
        replies = {
            "model_not_found": await chat(model="nothing"),
            "invalid_model": await chat(model="a\r\nset-cookie: x"),
            "unknown_url": await chat(path="files"),
        }
        assert upstream.conversations == []
    for kind, reply in replies.items():
        (row,) = rows(worker, reply)
        assert row["k"] == "close"
        assert ending(row) == ("blocked", reply.status, kind, "computed")
        assert (row["key_name"], row["team"], cost(row)) == ("app", "search", 0)
        assert reply.json["error"]["code"] == kind
        assert "set-cookie" not in reply.headers


async def test_messages_that_are_no_list_are_the_providers_to_judge(worker: Worker, serve: Serve, chat: Chat) -> None:
    for messages in (5, True, "x", {"a": 1}, [None, 1, "x"]):
        async with serve(answers(http(400, b'{"error":{"message":"m","code":"invalid_type"}}'))):
            reply = await chat(messages=messages)
        assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_type")
        assert ending(rows(worker, reply)[-1]) == ("error", 400, "invalid_type", "computed")


async def test_what_was_dropped_stands_in_the_header_and_in_the_row(worker: Worker, serve: Serve, chat: Chat) -> None:
    async with serve(answers(http(200, chat_reply(USAGE)))) as upstream:
        reply = await chat(model="dropping", seed=4, logit_bias={"5": 3}, temperature=0.5)
    (sent,) = upstream.requests
    assert not {"seed", "logit_bias"} & sent.json.keys()
    assert set(reply.headers["x-gatewatch-dropped-params"].split(", ")) == {"seed", "logit_bias"}
    assert set(rows(worker, reply)[-1]["dropped_params"]) == {"seed", "logit_bias"}


async def test_what_callers_say_of_themselves_stands_in_the_row(worker: Worker, serve: Serve, chat: Chat) -> None:
    headers = {"x-gatewatch-task": "t-1", "x-gatewatch-tags": '{"run":"7"}', "user-agent": "OpenAI/Python 3.52.0"}
    async with serve(answers(http(200, chat_reply(USAGE)))) as upstream:
        reply = await chat(headers, metadata={"feature": "search"}, temperature=0.5)
        assert "x-gatewatch-task" not in upstream.requests[0].headers
        assert "metadata" not in upstream.requests[0].json
    closed = rows(worker, reply)[-1]
    assert (closed["task_id"], closed["tags"], closed["feature"]) == ("t-1", {"run": "7"}, "search")
    assert (closed["client"], closed["params"]) == ("OpenAI/Python 3.52.0", {"temperature": 0.5, "max_tokens": LIMIT})
    assert "xxxx" not in json.dumps(closed), "the prompt is in the journal"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
async def test_a_storm_of_broken_calls_leaves_no_socket_and_no_call_behind(
    worker: Worker, serve: Serve, chat: Chat, asked: Asked
) -> None:
    def open_files() -> int:
        return len(os.listdir(f"/proc/{worker.process.pid}/fd"))

    whole = [http(200, chat_reply(USAGE)), stream(FRAMES, usage_event(USAGE), DONE), http(500, b"<html>")]
    broken = [b"", http(200, chat_reply(USAGE))[:-9], stream(delta("Hello"), end=b"")]
    endings = [(raw, "") for raw in whole] + [(raw, how) for raw in broken for how in ("close", "reset", "gone")]

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            raw, how = endings[len(upstream.requests) % len(endings)]
            conversation.send(raw)
            if how:
                await conversation.flushed()
                await asyncio.sleep(0)
                if how == "gone":
                    await conversation.gone()
                else:
                    getattr(conversation, how)()
                return

    async def call(number: int) -> None:
        async with connect(worker.port) as (reader, writer):
            writer.write(asked(model="hasty", stream=number % 2 == 0))
            if number % 3:
                await read_reply(reader)
            else:
                await writer.drain()  # and leave

    async with serve(answers(http(200, chat_reply(USAGE)))):
        await chat()
    before = open_files()
    async with serve(script) as upstream:
        for batch in range(5):
            await asyncio.gather(*(call(batch * 40 + number) for number in range(40)))
    await eventually(lambda: open_files() <= before)
    opened = [record["call_id"] for record in worker.records() if record["k"] == "open"]

    def closed() -> list[str]:
        return [record["call_id"] for record in worker.records() if record["k"] == "close"]

    await eventually(lambda: set(opened) <= set(closed()))
    assert len(closed()) == len(set(closed()))


async def test_no_secret_is_in_the_journal_or_the_log(worker: Worker) -> None:
    for secret in (worker.key, PROVIDER_SECRET):
        assert secret.encode() not in worker.raw_journal
        assert secret not in worker.log
