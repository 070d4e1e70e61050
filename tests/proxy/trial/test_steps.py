"""One try after another at a sandbox that behaves as the vendors do."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.errors import UsageError
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from proxy.settings import Provider, ProviderKey, Way
from proxy.trial.call import Caller
from proxy.trial.findings import Findings
from proxy.trial.steps import Trial
from tests.kit.scripted_upstream import Conversation, scripted_upstream

SECRET = "a-key-that-has-no-shape-at-all"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


async def tried(
    tmp_path: Path, base_url: str, model: str | None = "gpt-4o-mini", *, dialect: str = "openai-chat", **more: Any
) -> Findings:
    way = Way(dialect=dialect, base_url=base_url)
    said: dict[str, Any] = {"keys": (ProviderKey(id="env:K", secret=SECRET),), "allow_private": True, **more}
    provider = Provider(name="p", ways=(way,), price_provider="openai", **said)
    found = Findings(provider="p")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        await Trial(provider, way, Caller(client, provider, way), tmp_path / "control.db", found).run(model, ())
    return found


async def test_a_provider_that_answers_is_told_of_in_full(sandbox: Sandbox, tmp_path: Path) -> None:
    found = await tried(tmp_path, f"{sandbox.url}/v1")
    assert (found.problem, found.status, found.reachable, found.tls) == (None, 200, True, "none")
    assert (found.served_model, found.cost_basis) == ("gpt-4o-mini", "computed")
    assert found.rate_limits
    assert found.rate_limits["requests"]["limit"] > 0
    assert found.request_id


async def test_without_a_model_a_cheap_one_of_its_list_is_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    found = await tried(tmp_path, f"{sandbox.url}/v1", None)
    assert found.problem is None
    assert found.model


@pytest.mark.parametrize("model", ["gpt-4o-mini", None])
async def test_an_address_without_its_version_is_found_out(sandbox: Sandbox, tmp_path: Path, model: str | None) -> None:
    found = await tried(tmp_path, sandbox.url, model)
    assert (found.status, found.works_at) == (404, f"{sandbox.url}/v1")
    assert f"base_url: {sandbox.url}/v1" in found.next_step


async def test_an_address_with_a_version_too_many_is_found_out(sandbox: Sandbox, tmp_path: Path) -> None:
    found = await tried(tmp_path, f"{sandbox.url}/v1", "claude-haiku-4-5", dialect="anthropic-messages")
    assert found.works_at == sandbox.url


@pytest.mark.parametrize("model", ["gpt-4o-mini", None])
async def test_a_wrong_key_is_said_to_be_one_and_never_shown(
    sandbox: Sandbox, tmp_path: Path, model: str | None
) -> None:
    secret = "bad-key-that-has-no-shape"
    found = await tried(tmp_path, f"{sandbox.url}/v1", model, keys=(ProviderKey(id="vault:mine", secret=secret),))
    assert (found.status, found.verdict) == (401, "key")
    assert "set-key mine" in found.next_step
    assert secret not in json.dumps(found.told())


async def test_embeddings_are_not_asked_of_a_dialect_without_them(sandbox: Sandbox, tmp_path: Path) -> None:
    found = await tried(tmp_path, sandbox.url, "text-embedding-3-small", dialect="anthropic-messages")
    assert (found.verdict, found.status) == ("request", None)
    assert "no embeddings" in (found.problem or "")


async def test_nobody_listens(tmp_path: Path) -> None:
    found = await tried(tmp_path, "http://127.0.0.1:9/v1")
    assert "no connection" in (found.problem or "")
    assert not found.reachable


async def test_a_private_address_gets_no_key_unless_it_is_meant(sandbox: Sandbox, tmp_path: Path) -> None:
    found = await tried(tmp_path, f"{sandbox.url}/v1", allow_private=False)
    assert "not a public address" in (found.problem or "")
    assert found.status is None


def reply(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


Script = Callable[[Conversation], Any]


async def test_a_model_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    async def upstream(talk: Conversation) -> None:
        while True:
            asked = await talk.request()
            if asked.line.startswith("GET"):
                talk.send(reply("200 OK", '{"data": [{"id": "gpt-4o"}, {"id": "gpt-4o-mini"}]}'))
            else:
                said = '{"error": {"message": "The model `gpt-4o-min` does not exist", "code": "model_not_found"}}'
                talk.send(reply("404 Not Found", said))

    async with scripted_upstream(upstream) as server:
        found = await tried(tmp_path, server.url, "gpt-4o-min")
    assert found.models
    assert found.models[0] == "gpt-4o-mini"
    assert "gpt-4o-mini" in found.next_step


async def test_a_page_that_is_no_api_is_no_api(tmp_path: Path) -> None:
    async def upstream(talk: Conversation) -> None:
        while True:
            await talk.request()
            talk.send(reply("200 OK", "<html>welcome</html>"))

    async with scripted_upstream(upstream) as server:
        found = await tried(tmp_path, server.url)
    assert "does not speak openai-chat" in (found.problem or "")


async def test_a_list_without_models_asks_for_one(tmp_path: Path) -> None:
    async def upstream(talk: Conversation) -> None:
        await talk.request()
        talk.send(reply("200 OK", '{"data": []}'))

    async with scripted_upstream(upstream) as server:
        with pytest.raises(UsageError, match="which model"):
            await tried(tmp_path, server.url, None)
