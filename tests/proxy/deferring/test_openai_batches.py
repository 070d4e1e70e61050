"""OpenAI's form, against the sandbox, which its own client has been proven against."""

from collections.abc import AsyncIterator

import pytest

from proxy.deferring.batch_api import Line
from proxy.deferring.openai_batches import OpenAiBatches, _result
from proxy.deferring.plain_exchange import Away, Said
from proxy.sandbox.server import Sandbox
from proxy.worker.channel import Channel
from tests.kit.waiting import until
from tests.proxy.deferring.test_plain_exchange import reaching

API = OpenAiBatches()
URL = "/v1/chat/completions"


@pytest.fixture
async def channel(sandbox: Sandbox) -> AsyncIterator[Channel]:
    upstream = reaching(f"{sandbox.url}/v1")
    yield upstream.channels[0]
    upstream.close()


def line(id: str, model: str = "gpt-4o-mini") -> Line:
    return Line(id, b'{"model":"%s",\n"messages":[{"role":"user","content":"hi\\nthere"}]}' % model.encode())


async def submitted(channel: Channel, *lines: Line, more: bytes = b"") -> str:
    return await API.submit(channel, URL, lines, "mark", more)


async def test_results_have_what_was_answered_and_what_was_not(channel: Channel) -> None:
    id = await submitted(channel, line("good"), line("bad", "fault-400"), line("late", "batch-expires"))
    look = await until(lambda: API.look(channel, id, b""), lambda look: look.is_over)
    found = {result.id: result async for result in API.results(channel, look, b"")}
    assert {id: (result.kind, result.status) for id, result in found.items()} == {
        "good": ("answered", 200),
        "bad": ("answered", 400),
        "late": ("expired", 0),
    }
    assert b'"chat.completion"' in found["good"].body
    assert (found["good"].request_id or "").startswith("req_")


async def test_a_batch_that_failed_says_why(channel: Channel) -> None:
    id = await submitted(channel, line("a", "batch-fails"))
    look = await API.look(channel, id, b"")
    assert look.is_over
    assert not look.results
    assert "batch-fails" in look.why


async def test_one_that_is_stopped_is_over_with_nothing_made(channel: Channel) -> None:
    id = await submitted(channel, line("a"), more=b"x-sandbox-batch-seconds: 3600\r\n")
    assert not (await API.look(channel, id, b"")).is_over
    await API.stop(channel, id, b"")
    look = await until(lambda: API.look(channel, id, b""), lambda look: look.is_over)
    assert [result.kind async for result in API.results(channel, look, b"")] == ["cancelled"]


async def test_nothing_of_it_stays_there(channel: Channel) -> None:
    id = await submitted(channel, line("a"), line("b", "fault-400"))
    look = await until(lambda: API.look(channel, id, b""), lambda look: look.is_over)
    assert len(look.leftovers) == 3
    await API.tidy(channel, look, b"")
    with pytest.raises(Said):
        [result async for result in API.results(channel, look, b"")]


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"response": {"status_code": 200}}', b'{"custom_id": 5}'])
def test_a_result_that_cannot_be_read_is_the_providers_fault(text: bytes) -> None:
    with pytest.raises(Away):
        _result(text)
