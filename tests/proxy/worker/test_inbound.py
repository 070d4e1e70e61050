"""A call knows its request, and ends its upstream's part when its client goes."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.settings import Deadlines
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.inbound import Inbound


async def test_a_client_that_leaves_aborts_the_exchange_in_the_same_tick(inbound: Callable[..., Inbound]) -> None:
    made = inbound()
    made.exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 10)
    made.request.client_left()
    with pytest.raises(UpstreamFailed) as failed:
        await made.exchange.read()
    assert (failed.value.kind, failed.value.sent) == ("client_closed", False)


async def test_a_client_may_leave_before_anything_was_sent(inbound: Callable[..., Inbound]) -> None:
    made = inbound()
    made.request.client_left()
    assert made.request.gone


async def test_the_record_begins_with_the_call(inbound: Callable[..., Inbound]) -> None:
    first, second = inbound(), inbound()
    assert first.call.call_id < second.call.call_id
    assert (first.call.endpoint, first.call.source) == ("chat", "local")
    assert 0 <= first.elapsed_us() <= second.elapsed_us() + 10_000_000
