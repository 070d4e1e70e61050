"""Counting tokens, asked as Anthropic's callers ask, of providers that can and of those that cannot.

Requests and replies by platform.claude.com/docs/en/api/messages-count-tokens, ai.google.dev/api/tokens and
docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html.
"""

import json
import socket
from collections.abc import Iterator

import pytest

from gatewatch.providers.quirks import Quirks
from proxy.dialects.registry import provider_dialect
from proxy.worker.counted import can_count
from tests.kit.dialect_worker import DIALECTS, asked, by_provider, dialect_worker, route
from tests.kit.raw_http import RawReply, ask
from tests.kit.scripted_upstream import http
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve

ROUTES = (
    route("gemini-then-chat", "gemini", "chat"),
    route("gemini-then-messages", "gemini", "messages"),
    route("chat-then-messages", "chat", "messages"),
    route("private", "responses", "messages", opt_out=True),
)
QUIRKS = {"responses": Quirks(opt_out={"openai-responses": {"store": False}})}
COUNTS = {
    "messages": http(200, b'{"input_tokens":14,"new":true}'),
    "responses": http(200, b'{"object":"response.input_tokens","input_tokens":14}'),
    "gemini": http(200, b'{"totalTokens":14,"promptTokensDetails":[{"modality":"TEXT","tokenCount":14}]}'),
    "bedrock": http(200, b'{"inputTokens":14}'),
}
PATHS = {
    "messages": "/messages/v1/messages/count_tokens",
    "responses": "/responses/v1/responses/input_tokens",
    "gemini": "/gemini/v1beta/models/gemini-2.5-flash:countTokens",
    "bedrock": "/bedrock/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens",
}
DOWN = http(503, b'{"error":{"message":"down"}}')


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    with dialect_worker(tmp_path_factory.mktemp("worker"), listening, *ROUTES, quirks=QUIRKS) as worker:
        yield worker


async def count(worker: Worker, model: str, **changed: object) -> RawReply:
    return await ask(worker.port, asked(worker, "count_tokens", model, **changed))


def test_who_can_count() -> None:
    able = {name for name, (dialect, *_) in DIALECTS.items() if can_count(provider_dialect(dialect, "https://x"))}
    assert able == COUNTS.keys()


@pytest.mark.parametrize("provider", COUNTS)
async def test_the_provider_counts_where_it_can(worker: Worker, serve: Serve, provider: str) -> None:
    async with serve(by_provider(**COUNTS)) as upstream:
        reply = await count(worker, provider)
    (sent,) = upstream.requests
    assert (reply.status, reply.json["input_tokens"]) == (200, 14)
    assert reply.json == ({"input_tokens": 14, "new": True} if provider == "messages" else {"input_tokens": 14})
    assert "x-gatewatch-estimated" not in reply.headers
    assert sent.line.split()[1] == PATHS[provider]
    assert "hi" in sent.body.decode()
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["endpoint"], row["provider"]) == ("ok", "count_tokens", provider)
    assert (row.get("cost_picos", 0), row.get("input_uncached_tokens", 0)) == (0, 0), "a count costs nothing"
    assert reply.headers["x-gatewatch-cost-usd"].strip("0") in ("", ".")


async def test_a_request_to_anthropic_passes_as_it_is_but_for_the_model(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(**COUNTS)) as upstream:
        await count(worker, "messages", brand_new=[1])
    assert upstream.requests[0].json == {
        "model": DIALECTS["messages"][3],
        "messages": [{"role": "user", "content": "hi"}],
        "brand_new": [1],
    }


async def test_who_cannot_count_is_not_asked_and_the_estimate_says_so(worker: Worker, serve: Serve) -> None:
    """`hi` is a token, its message four more; the estimate is a bound, not a count."""
    async with serve(by_provider()) as upstream:
        reply = await count(worker, "chat")
        longer = await count(worker, "chat", messages=[{"role": "user", "content": "word " * 400}])
    assert upstream.requests == []
    assert reply.headers["x-gatewatch-estimated"] == "input_tokens"
    assert 1 <= reply.json["input_tokens"] <= 20
    assert 300 <= longer.json["input_tokens"] <= 700
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row.get("cost_picos", 0)) == ("ok", 0)


async def test_a_request_that_is_none_is_refused_all_the_same(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider()):
        reply = await count(worker, "chat", messages="hi")
    assert reply.status == 400
    assert reply.json["type"] == "error"
    assert reply.json["error"]["type"] == "invalid_request_error"


async def test_the_next_target_counts_where_the_first_is_down(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(gemini=DOWN, messages=COUNTS["messages"])) as upstream:
        reply = await count(worker, "gemini-then-messages")
    assert (reply.status, reply.json["input_tokens"]) == (200, 14)
    assert len(upstream.requests) == 2


async def test_a_target_that_cannot_count_is_passed_over(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(gemini=DOWN)) as upstream:
        reply = await count(worker, "gemini-then-chat")
    assert len(upstream.requests) == 1
    assert reply.status == 529, "overloaded, as Anthropic's callers know it"
    assert reply.json["error"]["details"]["error_code"] == "upstream_overloaded"


@pytest.mark.parametrize("provider", COUNTS)
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"input_tokens":"many","totalTokens":"x"}', b"<html>", b"\xff"])
async def test_what_is_no_count_is_the_providers_fault(
    worker: Worker, serve: Serve, provider: str, body: bytes
) -> None:
    async with serve(by_provider(**{provider: http(200, body)})):
        reply = await count(worker, provider)
    assert (reply.status, reply.json["error"]["details"]["error_code"]) == (502, "upstream_invalid")


async def test_nothing_that_keeps_a_provider_from_storing_stands_in_a_count(worker: Worker, serve: Serve) -> None:
    """There is nothing to store, and vendors refuse parameters that a count does not have."""
    async with serve(by_provider(responses=COUNTS["responses"])) as upstream:
        await count(worker, "private")
    assert "store" not in json.dumps(upstream.requests[0].json)


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"404 page not found"), (404, b'{"detail":"Not Found"}'), (405, b'{"detail":"Method Not Allowed"}')],
)
async def test_where_an_imitator_has_no_such_endpoint_it_is_the_estimate(
    worker: Worker, serve: Serve, status: int, body: bytes
) -> None:
    """Go's and FastAPI's words for a path that is none, as Ollama and vLLM say them."""
    async with serve(by_provider(messages=http(status, body))):
        reply = await count(worker, "messages")
    assert (reply.status, reply.headers["x-gatewatch-estimated"]) == (200, "input_tokens")
    assert 1 <= reply.json["input_tokens"] <= 20


@pytest.mark.parametrize(
    "error",
    [
        {"type": "not_found_error", "message": f"model: {DIALECTS['messages'][3]}"},
        {"type": "NotFoundError", "message": f"The model `{DIALECTS['messages'][3]}` does not exist."},
    ],
)
async def test_a_model_that_does_not_exist_is_not_counted(worker: Worker, serve: Serve, error: dict[str, str]) -> None:
    body = json.dumps({"type": "error", "error": error}).encode()
    async with serve(by_provider(messages=http(404, body))):
        reply = await count(worker, "messages")
    assert reply.status == 404
    assert "x-gatewatch-estimated" not in reply.headers
