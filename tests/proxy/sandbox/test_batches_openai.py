"""OpenAI's own client hands over a batch to the sandbox and fetches what became of it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.waiting import until

HELLO = [{"role": "user", "content": "hi"}]
OVER = ("completed", "failed", "expired", "cancelled")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options(batch_seconds=0.05))
    yield running
    await running.close()


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test-key", max_retries=0) as asking:
        yield asking


def line(id: str, model: str = "gpt-4o-mini", **changed: Any) -> bytes:
    body = {"model": model, "messages": HELLO}
    return json.dumps(
        {"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": body} | changed
    ).encode()


async def handed_over(client: openai.AsyncOpenAI, *lines: bytes, **more: Any) -> Any:
    file = await client.files.create(file=("requests.jsonl", b"\n".join(lines)), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", **more
    )


async def over(client: openai.AsyncOpenAI, id: str) -> Any:
    return await until(lambda: client.batches.retrieve(id), lambda batch: batch.status in OVER)


async def lines_of(client: openai.AsyncOpenAI, file: str | None) -> dict[str, Any]:
    assert file
    content = (await client.files.content(file)).read()
    return {told["custom_id"]: told for told in map(json.loads, content.splitlines())}


async def test_what_a_batch_answers_is_what_is_answered_alone(client: openai.AsyncOpenAI) -> None:
    alone = await client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)  # type: ignore[arg-type]
    made = await handed_over(client, line("a"), line("b"), metadata={"of": "a test"})
    assert (made.status, made.request_counts.total, made.metadata) == ("in_progress", 2, {"of": "a test"})
    batch = await over(client, made.id)
    assert (batch.status, batch.request_counts.completed, batch.error_file_id) == ("completed", 2, None)
    told = await lines_of(client, batch.output_file_id)
    assert told.keys() == {"a", "b"}
    assert told["a"]["response"]["status_code"] == 200
    assert told["a"]["response"]["body"] == alone.model_dump(exclude_unset=True)


async def test_requests_that_fail_stand_in_a_file_of_their_own(client: openai.AsyncOpenAI) -> None:
    made = await handed_over(client, line("good"), line("bad", "fault-400"), line("busy", "fault-503"))
    batch = await over(client, made.id)
    assert (batch.status, batch.request_counts.completed, batch.request_counts.failed) == ("completed", 1, 2)
    told = await lines_of(client, batch.error_file_id)
    assert told["bad"]["response"]["status_code"] == 400
    assert told["bad"]["response"]["body"]["error"]["code"] == "context_length_exceeded"
    assert told["busy"]["response"]["status_code"] == 503
    assert (await lines_of(client, batch.output_file_id)).keys() == {"good"}


async def test_a_request_may_expire(client: openai.AsyncOpenAI) -> None:
    batch = await over(client, (await handed_over(client, line("late", "batch-expires-always"))).id)
    assert batch.status == "expired"
    assert (await lines_of(client, batch.error_file_id))["late"]["error"]["code"] == "batch_expired"


@pytest.mark.parametrize(
    "lines",
    [(line("a"), line("a")), (line("a", "batch-fails-always"),), (line("a", url="/v1/embeddings"),), (b"{",), (b"",)],
)
async def test_a_batch_that_cannot_be_begun_fails_and_says_why(
    client: openai.AsyncOpenAI, lines: tuple[bytes, ...]
) -> None:
    batch = await over(client, (await handed_over(client, *lines)).id)
    assert batch.status == "failed"
    assert batch.errors.data[0].message


async def test_a_batch_is_cancelled_before_it_is_done(client: openai.AsyncOpenAI) -> None:
    made = await handed_over(client, line("a"), extra_headers={"x-sandbox-batch-seconds": "600"})
    assert (await client.batches.cancel(made.id)).status == "cancelling"
    batch = await over(client, made.id)
    assert batch.status == "cancelled"
    with pytest.raises(openai.ConflictError):
        await client.batches.cancel(made.id)


async def test_a_file_is_deleted(client: openai.AsyncOpenAI) -> None:
    file = await client.files.create(file=("requests.jsonl", line("a")), purpose="batch")
    assert (await client.files.retrieve(file.id)).bytes == len(line("a"))
    assert (await client.files.delete(file.id)).deleted
    with pytest.raises(openai.NotFoundError):
        await client.files.content(file.id)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/batches/batch_nobody", None, 404),
        ("POST", "/v1/batches/batch_nobody/cancel", None, 404),
        ("GET", "/v1/files/file-nobody/content", None, 404),
        ("POST", "/v1/files", {"no": "form"}, 400),
        ("POST", "/v1/batches", {"input_file_id": "file-nobody"}, 400),
        (
            "POST",
            "/v1/batches",
            {"input_file_id": "file-nobody", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
            400,
        ),
        ("POST", "/v1/batches", {"input_file_id": "f", "endpoint": "/v1/models", "completion_window": "24h"}, 400),
        ("DELETE", "/v1/batches/batch_nobody", None, 404),
        ("PUT", "/v1/files", None, 405),
    ],
)
async def test_what_does_not_fit_is_refused(sandbox: Sandbox, method: str, path: str, body: Any, status: int) -> None:
    headers = {"authorization": "Bearer test-key"}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers) as asking:
        assert (await asking.request(method, path, json=body)).status_code == status


async def test_it_takes_a_key(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url) as asking:
        assert (await asking.post("/v1/batches", json={})).status_code == 401
