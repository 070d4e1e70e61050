"""Calls leave a target that is too slow, and come back to it when it is fast again: a gateway, its journal, its ledger.

With windows of seconds instead of minutes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.control.store import ControlStore
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.routing.service_level import Level, Watch
from proxy.control.alarms import Alarms
from proxy.control.routes_in_force import RoutesInForce
from proxy.control.service_levels import ServiceLevels
from proxy.routing import Target
from proxy.settings import Provider, Settings, Way
from tests.kit.limit_stage import Stage, limit_stage
from tests.kit.raw_http import ask
from tests.kit.scripted_upstream import Conversation, chat_reply, http, scripted_upstream

pytestmark = pytest.mark.slow

SECOND = 1_000_000
CHAT = Level(route="talk", targets=("one/gpt-4o-mini", "two/gpt-4o-mini"), p95=150_000, errors=10_000)
WATCH = Watch(window=3 * SECOND, again=SECOND, few=3, steady=SECOND)
REPLY = http(200, chat_reply({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}))
FAILURE = http(500, b'{"error": {"message": "broken"}}')


class Upstream:
    """Answers at once, unless it is told to be slow or broken."""

    def __init__(self) -> None:
        self.pause = 0.0
        self.reply = REPLY

    async def serve(self, conversation: Conversation) -> None:
        while True:
            await conversation.request()
            is_due = asyncio.Event()
            asyncio.get_running_loop().call_later(self.pause, is_due.set)
            await is_due.wait()
            conversation.send(self.reply)


class Levels:
    """A gateway with two targets, whose levels are watched."""

    def __init__(self, stage: Stage, one: Upstream, urls: dict[str, str]) -> None:
        self.stage, self.one = stage, one
        self.stage.gateway.configure(self._settings(urls))
        self.service = LedgerService(stage.home)
        self.routes = RoutesInForce(stage.gateway.route, lambda: None)
        self.routes.configured(stage.gateway.settings)
        self.watch = ServiceLevels(
            stage.home.control,
            self.routes,
            Alarms(),
            levels=lambda: (CHAT,),
            ask=self.service.ask,
            loaded_until=lambda: self.service.loaded_until_us,
            watch=WATCH,
        )

    def _settings(self, urls: dict[str, str]) -> Settings:
        settings = self.stage.gateway.settings
        openai: Provider = settings.providers["openai"]
        providers = {
            name: msgspec.structs.replace(openai, name=name, ways=(Way(dialect="openai-chat", base_url=url),))
            for name, url in urls.items()
        }
        targets = tuple(Target(provider=name, model="gpt-4o-mini") for name in urls)
        route = msgspec.structs.replace(settings.routes["talk"], targets=targets)
        return msgspec.structs.replace(settings, providers=providers, routes={"talk": route})

    async def calls(self, count: int, at_once: int = 10) -> Counter[tuple[str, str | None]]:
        """So many calls; by which provider each was answered, and what decided that."""
        before = len(self.stage.rows())
        for _ in range(count // at_once):
            asked = self.stage.asked("chat", "plain", "talk", "ann")
            replies = await asyncio.gather(*(ask(self.stage.port, asked) for _ in range(at_once)))
            assert {reply.status for reply in replies} == {200}
        await self.stage.quiet()
        return Counter((row["provider"], row.get("routed_by")) for row in self.stage.rows()[before:])

    async def shifted(self) -> list[str]:
        """Load, look: what comes last."""
        await asyncio.to_thread(self.service.load_once)
        await self.watch.settle()
        return [override.id for override in self.routes.routing.overrides]

    def trail(self) -> list[str]:
        with ControlStore.open(self.stage.home.control) as store:
            return [each.action for each in store.audit_entries() if each.action.startswith("target.")][::-1]


@pytest.fixture
async def levels(tmp_path: Path) -> AsyncIterator[Levels]:
    one, two = Upstream(), Upstream()
    async with (
        scripted_upstream(one.serve) as first,
        scripted_upstream(two.serve) as second,
        limit_stage(Home(tmp_path / "home").make(), "http://127.0.0.1:1") as stage,
    ):
        made = Levels(stage, one, {"one": first.url, "two": second.url})
        yield made
        made.service.close()


async def test_calls_leave_a_slow_target_and_come_back_when_it_is_fast_again(levels: Levels) -> None:
    assert await levels.calls(20) == {("one", None): 20}
    assert await levels.shifted() == []

    levels.one.pause = 0.4
    assert await levels.calls(20, at_once=20) == {("one", None): 20}
    assert await levels.shifted() == ["shift:one/gpt-4o-mini"]

    there = await levels.calls(150)
    assert there == {("two", "shift:one/gpt-4o-mini"): 147, ("one", None): 3}, "one in fifty still asks"
    assert await levels.shifted() == ["shift:one/gpt-4o-mini"], "it is slow still"

    levels.one.pause = 0.0

    async def is_back() -> bool:
        await levels.calls(50)
        return await levels.shifted() == []

    async with asyncio.timeout(20):
        while not await is_back():
            pass
    assert await levels.calls(20) == {("one", None): 20}
    assert levels.trail() == ["target.shift", "target.return"]


async def test_calls_leave_a_target_that_has_spent_its_error_budget_though_no_caller_saw_a_failure(
    levels: Levels,
) -> None:
    assert await levels.calls(100) == {("one", None): 100}
    levels.one.reply = FAILURE
    answered = await levels.calls(20)
    assert answered == {("two", None): 20}
    assert await levels.shifted() == ["shift:one/gpt-4o-mini"]
    (state, _) = levels.watch.states()
    assert state.misses == ("errors",)
    assert state.failures >= 5
