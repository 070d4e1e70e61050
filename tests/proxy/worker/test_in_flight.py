"""What others are told of the calls that run."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gatewatch.paths import Home
from tests.kit.scripted_upstream import scripted_upstream, silence
from tests.kit.waiting import until
from tests.proxy.worker.test_asking import routed
from tests.proxy.worker.test_gateway_defects import Running


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    running = Running(home)
    yield running
    await running.end()


async def test_calls_are_counted_by_epoch_key_provider_and_target(running: Running) -> None:
    async with scripted_upstream(silence) as first, scripted_upstream(silence) as second:
        await running.start(first.url, routed(second.url))
        calls = [asyncio.create_task(running.chat(model=model)) for model in ("chat", "chat", "second/gpt-4o-mini")]
        await until(lambda: len(first.requests) + len(second.requests) == 3)
        running_now = running.gateway.in_flight
        assert running_now.epochs() == {running.settings.epoch: 3}
        assert list(running_now.keys().values()) == [3]
        assert running_now.provider_keys() == {"openai": {"a": 2}, "second": {"other": 1}}
        assert running_now.targets() == {
            "chat": {"openai/gpt-4o-mini": 2},
            "second/gpt-4o-mini": {"second/gpt-4o-mini": 1},
        }
        for call in calls:
            call.cancel()
        await until(lambda: not running.gateway.in_flight)
    assert running_now.targets() == {}
