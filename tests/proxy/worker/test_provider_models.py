"""What providers say that they have, in each vendor's shape.

developers.openai.com/api/reference/resources/models/methods/list, platform.claude.com/docs/en/api/models/list,
ai.google.dev/api/models#method:-models.list
"""

import asyncio
from typing import Any

import msgspec
import pytest
import uvloop

from proxy.settings import Provider, ProviderKey, Way
from proxy.worker.channel import Upstream
from proxy.worker.key_fault import KeyFault
from proxy.worker.provider_models import ProviderModels
from tests.kit.scripted_upstream import Script, answers, http, scripted_upstream


def pytest_asyncio_loop_factories() -> dict[str, object]:
    return {"uvloop": uvloop.new_event_loop}


def at(url: str, dialect: str = "openai-chat") -> Upstream:
    way = Way(dialect=dialect, base_url=url)
    return Upstream(Provider(name="p", ways=(way,), keys=(), price_provider="p", allow_private=True), "gatewatch/test")


def answering(body: object, status: int = 200) -> Script:
    return answers(http(status, body if isinstance(body, bytes) else msgspec.json.encode(body)))


OPENAI = {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "openai"}]}
ANTHROPIC = {"data": [{"type": "model", "id": "claude-sonnet-4-5", "display_name": "Claude"}], "has_more": False}
GOOGLE = {"models": [{"name": "models/gemini-2.5-pro", "version": "001", "displayName": "Gemini"}]}


@pytest.mark.parametrize(
    ("dialect", "body", "names"),
    [
        ("openai-chat", OPENAI, ("gpt-4o",)),
        ("anthropic-messages", ANTHROPIC, ("claude-sonnet-4-5",)),
        ("gemini", GOOGLE, ("gemini-2.5-pro",)),
        ("openai-chat", {"data": [{"id": "a\nb"}, {"id": "x" * 300}, {"id": "ok"}, {"id": "ok"}]}, ("ok",)),
    ],
)
async def test_each_vendors_list_is_read(dialect: str, body: Any, names: tuple[str, ...]) -> None:
    async with scripted_upstream(answering(body)) as served:
        assert await ProviderModels().of(at(served.url, dialect)) == names


@pytest.mark.parametrize("script", [answering(b"no json"), answering({"data": 1}), answering(OPENAI, 500)])
async def test_a_provider_that_does_not_say_is_left_out(script: Script) -> None:
    async with scripted_upstream(script) as served:
        assert await ProviderModels().of(at(served.url)) == ()


async def test_a_list_is_asked_for_once_however_many_want_it() -> None:
    async with scripted_upstream(answering(OPENAI)) as served:
        models, upstream = ProviderModels(), at(served.url)
        await asyncio.gather(models.of(upstream), models.of(upstream))
        assert await models.of(upstream) == ("gpt-4o",)
        assert len(served.requests) == 1


async def test_a_provider_none_of_whose_keys_may_be_used_is_not_asked() -> None:
    async with scripted_upstream(answering(OPENAI)) as served:
        way, key = Way(dialect="openai-chat", base_url=served.url), ProviderKey(id="k", secret="sk-1", version="v")
        provider = Provider(name="p", ways=(way,), keys=(key,), price_provider="p", allow_private=True)
        upstream = Upstream(provider, "gatewatch/test")
        upstream.quarantine.failed("p", key, "gpt-4o", KeyFault("refused", "401"), again=False)
        assert await ProviderModels().of(upstream) == ()
        assert served.requests == []


async def test_a_provider_whose_keys_are_all_bound_lists_its_models() -> None:
    async with scripted_upstream(answering(OPENAI)) as served:
        way = Way(dialect="openai-chat", base_url=served.url)
        key = ProviderKey(id="k", secret="sk-1", version="v", teams=("search",))
        provider = Provider(name="p", ways=(way,), keys=(key,), price_provider="p", allow_private=True)
        assert await ProviderModels().of(Upstream(provider, "gatewatch/test")) == ("gpt-4o",)
        assert served.requests[0].headers["authorization"] == "Bearer sk-1"
