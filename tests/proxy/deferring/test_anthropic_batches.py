"""Anthropic's form, against the sandbox, which its own client has been proven against."""

from collections.abc import AsyncIterator

import pytest

from proxy.deferring.anthropic_batches import AnthropicBatches, _result
from proxy.deferring.batch_api import Line
from proxy.deferring.plain_exchange import Away, Said
from proxy.sandbox.server import Sandbox
from proxy.settings import Provider, ProviderKey, Way
from proxy.worker.channel import Channel, Upstream
from tests.kit.waiting import until

API = AnthropicBatches()
MORE = b"anthropic-version: 2023-06-01\r\n"


@pytest.fixture
async def channel(sandbox: Sandbox) -> AsyncIterator[Channel]:
    provider = Provider(
        name="anthropic",
        ways=(Way(dialect="anthropic-messages", base_url=sandbox.url),),
        keys=(ProviderKey(id="main", secret="sk-of-the-provider"),),
        price_provider="anthropic",
        allow_private=True,
    )
    upstream = Upstream(provider, "gatewatch/test")
    yield upstream.channels[0]
    upstream.close()


def line(id: str, model: str = "claude-haiku-4-5") -> Line:
    body = b'{"model":"%s","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}'
    return Line(id, body % model.encode())


async def test_results_have_the_statuses_that_requests_alone_have(channel: Channel) -> None:
    lines = [line("good"), line("bad", "fault-400"), line("busy", "fault-529"), line("late", "batch-expires")]
    id = await API.submit(channel, "/v1/messages", lines, "mark", MORE)
    look = await until(lambda: API.look(channel, id, MORE), lambda look: look.is_over)
    found = {result.id: result async for result in API.results(channel, look, MORE)}
    assert {id: (result.kind, result.status) for id, result in found.items()} == {
        "good": ("answered", 200),
        "bad": ("answered", 400),
        "busy": ("answered", 529),
        "late": ("expired", 0),
    }
    assert b'"type":"message"' in found["good"].body
    assert b'"invalid_request_error"' in found["bad"].body


async def test_one_that_is_stopped_is_over_with_nothing_made(channel: Channel) -> None:
    more = MORE + b"x-sandbox-batch-seconds: 3600\r\n"
    id = await API.submit(channel, "/v1/messages", [line("a")], "mark", more)
    assert not (await API.look(channel, id, MORE)).is_over
    await API.stop(channel, id, MORE)
    look = await until(lambda: API.look(channel, id, MORE), lambda look: look.is_over)
    assert [result.kind async for result in API.results(channel, look, MORE)] == ["cancelled"]


async def test_nothing_of_it_stays_there(channel: Channel) -> None:
    id = await API.submit(channel, "/v1/messages", [line("a")], "mark", MORE)
    look = await until(lambda: API.look(channel, id, MORE), lambda look: look.is_over)
    await API.tidy(channel, look, MORE)
    with pytest.raises(Said):
        await API.look(channel, id, MORE)


async def test_what_the_provider_refuses_is_said(channel: Channel) -> None:
    with pytest.raises(Said) as raised:
        await API.submit(channel, "/v1/messages", [line("a", "batch-fails")], "mark", MORE)
    assert raised.value.status == 400


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"custom_id":"a"}', b'{"custom_id":"a","result":{}}'])
def test_a_result_that_cannot_be_read_is_the_providers_fault(text: bytes) -> None:
    with pytest.raises(Away):
        _result(text)
