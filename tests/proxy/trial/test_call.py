"""Requests go to an upstream whose every byte is seen."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from proxy.dialects.dialect import Destination
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from proxy.settings import Provider, ProviderKey, Way
from proxy.trial.call import Caller, Reply, models_of


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as opened:
        yield opened


def caller(client: httpx.AsyncClient, dialect: str, base_url: str, **more: Any) -> Caller:
    way = Way(dialect=dialect, base_url=base_url)
    provider = Provider(
        name="p",
        ways=(way,),
        keys=(ProviderKey(id="k", secret="sk-x"),),
        price_provider="p",
        allow_private=True,
        **more,
    )
    return Caller(client, provider, way)


@pytest.mark.parametrize(
    ("dialect", "path", "model"),
    [
        ("openai-chat", "/v1", "gpt-4o-mini"),
        ("openai-responses", "/v1", "gpt-4o-mini"),
        ("anthropic-messages", "", "claude-haiku-4-5"),
        ("gemini", "", "gemini-2.5-flash"),
    ],
)
async def test_every_dialect_gets_an_answer(
    sandbox: Sandbox, client: httpx.AsyncClient, dialect: str, path: str, model: str
) -> None:
    asked = caller(client, dialect, sandbox.url + path)
    reply = await asked.ask(Destination(provider="p", model=model), embedding=False)
    assert (reply.status, reply.tls) == (200, None)
    assert asked.dialect.read(reply.body).choices
    assert models_of(await asked.listing())


async def test_an_embedding_is_asked_for_where_there_are_some(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    asked = caller(client, "openai-chat", f"{sandbox.url}/v1")
    assert asked.embeds()
    assert not caller(client, "anthropic-messages", sandbox.url).embeds()
    reply = await asked.ask(Destination(provider="p", model="text-embedding-3-small"), embedding=True)
    assert reply.status == 200


async def test_azure_gets_the_deployment_its_version_and_its_key_header(
    sandbox: Sandbox, client: httpx.AsyncClient
) -> None:
    base_url = f"{sandbox.url}/openai/deployments/{{model}}"
    asked = caller(client, "openai-chat", base_url, key_header="api-key", query="api-version=2024-10-21")
    assert (await asked.ask(Destination(provider="p", model="gpt-4o-mini"), embedding=False)).status == 200
    assert await asked.listing() is None


async def test_another_address_is_the_same_provider(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    wrong = caller(client, "openai-chat", sandbox.url)
    to = Destination(provider="p", model="gpt-4o-mini")
    assert (await wrong.ask(to, embedding=False)).status == 404
    assert (await wrong.at(f"{sandbox.url}/v1").ask(to, embedding=False)).status == 200


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"data": [{"id": "a"}, {"id": "b"}]}', ["a", "b"]),
        (b'{"models": [{"name": "models/gemini-2.5-flash"}]}', ["gemini-2.5-flash"]),
        (b'[{"id": "together/a"}]', ["together/a"]),
        (b'{"data": "x"}', []),
        (b"<html>", []),
        (b"\xff", []),
    ],
)
def test_lists_of_models_of_every_form_are_read(body: bytes, names: list[str]) -> None:
    assert models_of(Reply(200, {}, body, None, 0.1)) == names
    assert models_of(Reply(500, {}, body, None, 0.1)) == models_of(None) == []
