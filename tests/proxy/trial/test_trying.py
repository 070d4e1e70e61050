from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from proxy.settings import Provider, ProviderKey, Way
from proxy.trial import trying
from proxy.trial.trying import tried
from tests.kit.scripted_upstream import Conversation, scripted_upstream


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


def provider(*ways: Way) -> Provider:
    key = ProviderKey(id="k", secret="a-key")
    return Provider(name="p", ways=ways, keys=(key,), price_provider="openai", allow_private=True)


async def test_the_next_way_is_tried_where_one_is_not_spoken(sandbox: Sandbox, tmp_path: Path) -> None:
    ways = (
        Way(dialect="openai-chat", base_url=f"{sandbox.url}/nowhere"),
        Way(dialect="openai-responses", base_url=f"{sandbox.url}/v1"),
    )
    found = await tried(provider(*ways), ways, "gpt-4o-mini", [], tmp_path / "control.db")
    assert (found.problem, found.dialect, found.status) == (None, "openai-responses", 200)


async def test_a_try_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "DEADLINE_SECONDS", 0.05)

    async def silent(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.gone()

    async with scripted_upstream(silent) as upstream:
        way = Way(dialect="openai-chat", base_url=upstream.url)
        found = await tried(provider(way), [way], "gpt-4o-mini", [], tmp_path / "control.db")
    assert found.problem is not None
    assert found.status is None
