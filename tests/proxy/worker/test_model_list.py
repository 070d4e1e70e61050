"""What a chat front end finds when it asks which models there are."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvloop

from gatewatch.control.records import KeyRecord
from gatewatch.paths import Home
from gatewatch.prices.book import PriceBook
from gatewatch.prices.row import Match, Prices, price_row
from proxy.refusal import Refusal
from proxy.settings import Caps, Deadlines, Provider, Settings
from proxy.worker.channel import Upstream
from proxy.worker.model_list import REMEMBERED_KEYS, ModelList
from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.scripted_upstream import answers, http, scripted_upstream
from tests.kit.worker_process import settings_for

PROVIDER = (
    'vault: file\nproviders:\n  sandbox: {{preset: sandbox, base_url: "{}/v1", api_key: none, allow_private: true}}\n'
)
UNREACHABLE = '  gone: {dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: none, allow_private: true}\n'


def pytest_asyncio_loop_factories() -> dict[str, object]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="module")
def without_routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("models")
    with sandbox(folder) as provider, gateway(folder, PROVIDER.format(provider.listen) + UNREACHABLE) as running:
        yield running


def listed(running: Gateway, *options: str) -> list[str]:
    headers = {"authorization": f"Bearer {running.key('front-end', *options)}"}
    reply = httpx.get(f"{running.base_url}/models", headers=headers)
    assert reply.status_code == 200
    return [entry["id"] for entry in reply.json()["data"]]


def test_without_routes_the_providers_models_are_listed_and_can_be_called(without_routes: Gateway) -> None:
    models = listed(without_routes)
    assert "sandbox/gpt-4o-mini" in models
    assert all(model.startswith("sandbox/") for model in models), "a provider that does not answer is left out"
    headers = {"authorization": f"Bearer {without_routes.key('caller')}"}
    body = {"model": "sandbox/gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
    assert httpx.post(f"{without_routes.base_url}/chat/completions", headers=headers, json=body).status_code == 200


def test_a_key_sees_only_what_it_may_ask_for(without_routes: Gateway) -> None:
    assert listed(without_routes, "--models", "sandbox/gpt-4o-mini") == ["sandbox/gpt-4o-mini"]


def test_a_bare_name_needs_neither_route_nor_provider(without_routes: Gateway) -> None:
    headers = {"authorization": f"Bearer {without_routes.key('bare')}"}
    body = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "hi"}]}
    assert httpx.post(f"{without_routes.base_url}/chat/completions", headers=headers, json=body).status_code == 200
    reply = httpx.post(f"{without_routes.base_url}/chat/completions", headers=headers, json=body | {"model": "claude"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")


# one worker's list, in this process

NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture
def settings(home: Home) -> Settings:
    """`openai`, which does not answer, and the route `chat` to its gpt-4o-mini."""
    return settings_for(home, NOBODY, Caps(), Deadlines())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()


def key(*models: str) -> KeyRecord:
    return KeyRecord(
        id="kid", name="app", kind="client", team="search", project=None, environment="live",
        models=models or None, created_at=1, created_by="test",
    )  # fmt: skip


def reaching(settings: Settings) -> dict[str, Upstream]:
    return {name: Upstream(provider, "gatewatch/test") for name, provider in settings.providers.items()}


def changed(provider: Provider, **fields: Any) -> Provider:
    return msgspec.structs.replace(provider, **fields)


async def names(settings: Settings, *allowed: str) -> list[str]:
    entries = await ModelList().entries(settings, reaching(settings), key(*allowed), PriceBook.open())
    return [entry["id"] for entry in entries]


async def test_routes_come_first_and_then_what_is_known_of_each_provider(settings: Settings) -> None:
    found = await names(settings)
    assert found[0] == "chat"
    assert {"openai/gpt-4o", "openai/o3", "openai/text-embedding-3-small"} <= set(found)
    assert not {"openai/ada", "openai/whisper-1", "gpt-4o"} & set(found)
    assert len(found) == len(set(found))


async def test_what_a_provider_lists_itself_is_listed_too(settings: Settings) -> None:
    own = json.dumps({"data": [{"id": "ft:gpt-4o:acme"}]}).encode()
    async with scripted_upstream(answers(http(200, own))) as served:
        here = settings_for(Home(Path(settings.home)), f"{served.url}/v1", Caps(), Deadlines())
        found = await names(here)
    assert {"openai/ft:gpt-4o:acme", "openai/gpt-4o"} <= set(found)


async def test_an_aggregators_own_list_stands_alone(settings: Settings) -> None:
    own = json.dumps({"data": [{"id": "acme/model"}]}).encode()
    async with scripted_upstream(answers(http(200, own))) as served:
        here = settings_for(Home(Path(settings.home)), f"{served.url}/v1", Caps(), Deadlines())
        router = changed(here.providers["openai"], name="router", price_provider="openrouter")
        found = await names(msgspec.structs.replace(here, providers={"router": router}, routes={}))
    assert found == ["router/acme/model"]


async def test_a_key_with_a_list_sees_the_names_on_it_that_lead_somewhere(settings: Settings) -> None:
    allowed = ("gpt-4o", "chat", "openai/gpt-4o", "openai/my-own", "nothing", "elsewhere/gpt-4o")
    assert await names(settings, *allowed) == ["gpt-4o", "chat", "openai/gpt-4o", "openai/my-own"]
    assert await names(settings, "openai/gpt-4o") == ["openai/gpt-4o"], "one name of it, the one that was allowed"


async def test_a_route_shows_what_is_known_of_its_first_target(settings: Settings) -> None:
    """GPT-4o mini: 128,000 tokens, 16,384 of output (developers.openai.com/api/docs/models/gpt-4o-mini)."""
    (chat,) = await ModelList().entries(settings, reaching(settings), key("chat"), PriceBook.open())
    assert (chat["owned_by"], chat["context_window"], chat["max_output_tokens"]) == ("openai", 128_000, 16_384)
    assert chat["pricing"] == {"input": "0.15", "cached_input": "0.075", "output": "0.6"}


def own_price(model: str, provider: str = "openai") -> PriceBook:
    row = price_row(
        provider=provider,
        model=model,
        match=Match(equals=model),
        prices=Prices(input=1_000_000, output=2_000_000),
        source="operator",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return PriceBook.open([row])


async def test_a_new_price_of_the_operator_is_seen_at_once(settings: Settings) -> None:
    models, upstreams = ModelList(), reaching(settings)
    before = await models.reply(settings, upstreams, key(), PriceBook.open(), wanted="gpt-4o-mini")
    after = await models.reply(settings, upstreams, key(), own_price("gpt-4o-mini"), wanted="gpt-4o-mini")
    assert json.loads(before)["pricing"]["input"] == "0.15"
    assert json.loads(after)["pricing"] == {"input": "1", "cached_input": "1", "output": "2"}


async def test_a_model_that_only_the_operator_prices_is_listed(settings: Settings) -> None:
    local = changed(settings.providers["openai"], name="local", price_provider="local")
    here = msgspec.structs.replace(settings, providers={"local": local}, routes={})
    entries = await ModelList().entries(here, reaching(here), key(), own_price("llama3", "local"))
    assert [entry["id"] for entry in entries] == ["local/llama3"]


@pytest.mark.parametrize("wanted", ["chat", "openai/gpt-4o", "gpt-4o", "openai%2Fgpt-4o", "gpt-4o-2024-05-13"])
async def test_one_model_is_found_by_any_name_that_a_call_could_use(settings: Settings, wanted: str) -> None:
    found = json.loads(await ModelList().reply(settings, reaching(settings), key(), PriceBook.open(), wanted=wanted))
    assert (found["id"], found["object"]) == (wanted.replace("%2F", "/"), "model")


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [("nothing", ()), ("openai/nobody-knows", ()), ("openai/gpt-4o", ("chat",)), ("gpt-4o-mini", ("chat",))],
)
async def test_one_model_that_a_call_could_not_use_is_not_there(
    settings: Settings, wanted: str, allowed: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as caught:
        await ModelList().reply(settings, reaching(settings), key(*allowed), PriceBook.open(), wanted=wanted)
    assert (caught.value.status, caught.value.code) == (404, "model_not_found")


async def test_anthropics_callers_get_pages(settings: Settings) -> None:
    models, upstreams, book = ModelList(), reaching(settings), PriceBook.open()
    first = json.loads(await models.reply(settings, upstreams, key(), book, anthropic=True, query="limit=2"))
    assert (first["data"][0]["id"], first["data"][0]["type"], first["has_more"]) == ("chat", "model", True)
    query = f"limit=1000&after_id={first['last_id']}"
    rest = json.loads(await models.reply(settings, upstreams, key(), book, anthropic=True, query=query))
    assert not rest["has_more"]
    assert {each["id"] for each in first["data"]}.isdisjoint(each["id"] for each in rest["data"])


async def test_a_list_is_made_once_and_kept_for_a_bounded_number_of_keys(settings: Settings) -> None:
    models, upstreams, book = ModelList(), reaching(settings), PriceBook.open()
    both = await asyncio.gather(*(models.reply(settings, upstreams, key(), book) for _ in range(2)))
    assert both[0] == both[1]
    made = models._made
    assert made is not None
    for n in range(2 * REMEMBERED_KEYS):
        await models.reply(settings, upstreams, key(f"openai/m{n}"), book)
    assert len(made.seen_by) <= REMEMBERED_KEYS
    assert len(made.written) <= REMEMBERED_KEYS


async def test_new_settings_make_a_new_list(settings: Settings) -> None:
    models, book = ModelList(), PriceBook.open()
    before = await models.reply(settings, reaching(settings), key(), book)
    without = msgspec.structs.replace(settings, routes={})
    after = await models.reply(without, reaching(without), key(), book)
    assert "chat" in [each["id"] for each in json.loads(before)["data"]]
    assert "chat" not in [each["id"] for each in json.loads(after)["data"]]
