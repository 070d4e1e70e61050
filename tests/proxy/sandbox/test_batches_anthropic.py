"""Anthropic's own client hands over a batch to the sandbox and fetches what became of it."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.waiting import until


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options(batch_seconds=0.05))
    yield running
    await running.close()


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=sandbox.url, api_key="test-key", max_retries=0) as asking:
        yield asking


def asked(id: str, model: str = "claude-haiku-4-5") -> Any:
    params = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
    return {"custom_id": id, "params": params}


async def over(client: anthropic.AsyncAnthropic, id: str) -> Any:
    return await until(lambda: client.messages.batches.retrieve(id), lambda batch: batch.processing_status == "ended")


async def results(client: anthropic.AsyncAnthropic, id: str) -> dict[str, Any]:
    return {line.custom_id: line.result async for line in await client.messages.batches.results(id)}


async def test_what_a_batch_answers_is_what_is_answered_alone_but_for_its_tier(
    client: anthropic.AsyncAnthropic,
) -> None:
    alone = await client.messages.create(**asked("")["params"])
    made = await client.messages.batches.create(requests=[asked("a"), asked("b")])
    assert (made.processing_status, made.request_counts.processing, made.results_url) == ("in_progress", 2, None)
    batch = await over(client, made.id)
    assert (batch.request_counts.succeeded, batch.request_counts.processing) == (2, 0)
    found = await results(client, made.id)
    assert found["a"].type == "succeeded"
    message = found["a"].message
    assert message.content == alone.content
    assert message.usage.service_tier == "batch"
    assert message.usage.output_tokens == alone.usage.output_tokens


async def test_what_fails_and_what_is_never_come_to_is_told_line_by_line(client: anthropic.AsyncAnthropic) -> None:
    made = await client.messages.batches.create(
        requests=[asked("good"), asked("bad", "fault-400"), asked("busy", "fault-529"), asked("late", "batch-expires")]
    )
    batch = await over(client, made.id)
    counts = batch.request_counts
    assert (counts.succeeded, counts.errored, counts.expired) == (1, 2, 1)
    found = await results(client, made.id)
    assert found["bad"].error.error.type == "invalid_request_error"
    assert found["busy"].error.error.type == "overloaded_error"
    assert found["late"].type == "expired"


async def test_a_batch_is_cancelled_before_it_is_done(client: anthropic.AsyncAnthropic) -> None:
    made = await client.messages.batches.create(requests=[asked("a")], extra_headers={"x-sandbox-batch-seconds": "600"})
    assert (await client.messages.batches.cancel(made.id)).processing_status == "canceling"
    await over(client, made.id)
    assert (await results(client, made.id))["a"].type == "canceled"


async def test_one_that_is_over_is_deleted(client: anthropic.AsyncAnthropic) -> None:
    made = await client.messages.batches.create(requests=[asked("a")])
    await over(client, made.id)
    assert (await client.messages.batches.delete(made.id)).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        await client.messages.batches.retrieve(made.id)


async def test_there_are_no_results_before_it_is_over(client: anthropic.AsyncAnthropic) -> None:
    made = await client.messages.batches.create(requests=[asked("a")], extra_headers={"x-sandbox-batch-seconds": "600"})
    with pytest.raises(anthropic.AnthropicError):
        await client.messages.batches.results(made.id)


@pytest.mark.parametrize(
    "requests", [[], [asked("a"), asked("a")], [asked("no blanks")], [asked("a", "batch-fails-always")]]
)
async def test_what_does_not_fit_is_refused(client: anthropic.AsyncAnthropic, requests: list[Any]) -> None:
    with pytest.raises(anthropic.BadRequestError):
        await client.messages.batches.create(requests=requests)


async def test_nobody_has_another_batch(client: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError):
        await client.messages.batches.retrieve("msgbatch_nobody")
