"""Embeddings, asked as OpenAI's callers ask, of providers with a form of their own.

developers.openai.com/api/reference/resources/embeddings; ai.google.dev/api/embeddings `batchEmbedContents`.
"""

import base64
import json
import socket
import struct
from collections.abc import Iterator

import pytest

from tests.kit.dialect_worker import asked, by_provider, dialect_worker, route
from tests.kit.raw_http import RawReply, ask
from tests.kit.scripted_upstream import http
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve

MODEL = "gemini/gemini-embedding-001"
VECTORS = [[0.25, -1.5, 0.0], [1e-7, 2.0, 3.5]]
PICOS_PER_TOKEN = 150_000
"""gemini-embedding-001: 0.15 USD per million tokens (ai.google.dev/gemini-api/docs/pricing)."""
OF_GOOGLE = json.dumps({"embeddings": [{"values": each} for each in VECTORS]}).encode()
COUNTED = json.dumps(
    {"embeddings": [{"values": each} for each in VECTORS], "usageMetadata": {"promptTokenCount": 7}}
).encode()
OF_OPENAI = json.dumps(
    {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(VECTORS)],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
).encode()
DOWN = http(503, b'{"error":{"message":"down"}}')


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    routes = (route("chat-then-gemini", "chat", "gemini"), route("gemini-then-messages", "gemini", "messages"))
    with dialect_worker(tmp_path_factory.mktemp("worker"), listening, *routes) as worker:
        yield worker


async def embed(worker: Worker, model: str = MODEL, **changed: object) -> RawReply:
    return await ask(worker.port, asked(worker, "embeddings", model, **changed))


async def test_texts_go_there_and_vectors_come_back(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(gemini=http(200, COUNTED))) as upstream:
        reply = await embed(worker, dimensions=3)
    (sent,) = upstream.requests
    assert sent.line.split()[1] == "/gemini/v1beta/models/gemini-embedding-001:batchEmbedContents"
    assert [each["content"]["parts"][0]["text"] for each in sent.json["requests"]] == ["hi", "there"]
    assert [each["outputDimensionality"] for each in sent.json["requests"]] == [3, 3]
    assert reply.json == {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(VECTORS)],
        "model": MODEL,
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }


async def test_the_row_has_what_was_counted_and_what_it_costs(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(gemini=http(200, COUNTED))):
        reply = await embed(worker)
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["input_uncached_tokens"], row.get("output_tokens", 0)) == ("ok", 7, 0)
    assert (row["cost_picos"], row.get("cost_basis", "computed")) == (7 * PICOS_PER_TOKEN, "computed")
    assert row["usage"] == {"promptTokenCount": 7}


async def test_where_nobody_counted_the_caller_is_told_what_the_row_says(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(gemini=http(200, OF_GOOGLE))):
        reply = await embed(worker)
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert row["cost_basis"] == "estimated"
    assert reply.json["usage"] == dict.fromkeys(("prompt_tokens", "total_tokens"), row["input_uncached_tokens"])
    assert row["input_uncached_tokens"] > 0


async def test_vectors_are_packed_where_the_clients_library_asks_for_it(worker: Worker, serve: Serve) -> None:
    """OpenAI's clients always do: `encoding_format: base64`, little-endian floats."""
    async with serve(by_provider(gemini=http(200, COUNTED))):
        reply = await embed(worker, encoding_format="base64")
    packed = [base64.b64decode(each["embedding"]) for each in reply.json["data"]]
    assert packed == [struct.pack("<3f", *each) for each in VECTORS]


async def test_a_provider_of_chat_gets_them_as_they_are(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(chat=http(200, OF_OPENAI))) as upstream:
        reply = await embed(worker, "chat/text-embedding-3-small", brand_new=1)
    assert upstream.requests[0].json == {"model": "text-embedding-3-small", "input": ["hi", "there"], "brand_new": 1}
    assert reply.body == OF_OPENAI


async def test_the_next_target_embeds_in_its_own_form(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(chat=DOWN, gemini=http(200, COUNTED))) as upstream:
        reply = await embed(worker, "chat-then-gemini")
    assert reply.json["usage"]["prompt_tokens"] == 7
    assert [request.line.split()[1].split("/")[1] for request in upstream.requests] == ["chat", "gemini"]


@pytest.mark.parametrize("provider", ["messages", "bedrock", "responses"])
async def test_who_has_no_embeddings_says_so(worker: Worker, serve: Serve, provider: str) -> None:
    async with serve(by_provider()) as upstream:
        reply = await embed(worker, provider)
    assert (reply.status, reply.json["error"]["code"]) == (400, "unsupported_endpoint")
    assert upstream.requests == []


async def test_who_has_none_is_passed_over_after_a_failure(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(gemini=DOWN)) as upstream:
        reply = await embed(worker, "gemini-then-messages")
    assert (reply.status, reply.json["error"]["code"]) == (503, "upstream_overloaded")
    assert len(upstream.requests) == 1


async def test_what_cannot_be_told_is_a_400(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider()):
        tokens = await embed(worker, input=[[1, 2]])
        unknown = await embed(worker, hovercraft=1)
    assert (tokens.status, tokens.json["error"]["param"]) == (400, "input")
    assert (unknown.status, unknown.json["error"]["param"]) == (400, "hovercraft")


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (b"", 502, "upstream_invalid"),
        (b"{}", 502, "upstream_invalid"),
        (b'{"embeddings":[{"values":[1]}]}', 502, "upstream_invalid"),
        (b'{"embeddings":[{"values":["\xff"]}]}', 502, "upstream_invalid"),
        (b'{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}', 503, "upstream_overloaded"),
    ],
    ids=["nothing", "no vectors", "one of two", "no numbers", "an error with a 200"],
)
async def test_what_is_no_reply_becomes_the_error_it_is(
    worker: Worker, serve: Serve, reply: bytes, status: int, code: str
) -> None:
    async with serve(by_provider(gemini=http(200, reply))):
        got = await embed(worker)
    assert (got.status, got.json["error"]["code"]) == (status, code)
