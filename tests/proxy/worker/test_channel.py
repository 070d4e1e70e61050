"""A provider as the worker reaches it: the right channel, the right address, the right key header."""

import pytest
import uvloop

from gatewatch.providers.quirks import Quirks
from proxy.settings import Provider, ProviderKey, Way
from proxy.worker.channel import REMEMBERED_MODELS, Channel, Upstream


def pytest_asyncio_loop_factories() -> dict[str, object]:
    return {"uvloop": uvloop.new_event_loop}


def provider(*ways: Way, **more: object) -> Provider:
    fields = {"name": "p", "ways": ways, "keys": (ProviderKey(id="k", secret="sk-1"),), "price_provider": "p"}
    return Provider(**(fields | more))  # type: ignore[arg-type]


def only_channel(base_url: str, dialect: str, **more: object) -> Channel:
    return Upstream(provider(Way(dialect=dialect, base_url=base_url), **more), "gatewatch/test").channels[0]


CHAT = Way(dialect="openai-chat", base_url="https://api.example/v1")
RESPONSES = Way(dialect="openai-responses", base_url="https://api.example/v1")
MESSAGES = Way(dialect="anthropic-messages", base_url="https://api.example/anthropic")
ELSEWHERE = Way(dialect="gemini", base_url="https://other.example")


async def test_an_endpoint_takes_the_channel_that_speaks_it_and_else_the_best() -> None:
    upstream = Upstream(provider(RESPONSES, CHAT, MESSAGES), "gatewatch/test")
    spoken = {name: upstream.channel(name).dialect.name for name in ("chat", "responses", "messages", "embeddings")}
    assert spoken == {
        "chat": "openai-chat",
        "responses": "openai-responses",
        "messages": "anthropic-messages",
        "embeddings": "openai-chat",
    }
    assert Upstream(provider(MESSAGES), "a").channel("chat").dialect.name == "anthropic-messages"


async def test_channels_of_one_origin_share_their_sockets() -> None:
    upstream = Upstream(provider(CHAT, RESPONSES, MESSAGES, ELSEWHERE), "gatewatch/test")
    assert len(upstream.pools) == 2
    assert upstream.channels[0].pool is upstream.channels[2].pool
    assert upstream.channels[3].pool is not upstream.channels[0].pool


@pytest.mark.parametrize(
    ("dialect", "base_url", "line", "key"),
    [
        ("openai-chat", "https://api.example/v1", "POST /v1/chat/completions HTTP/1.1", "authorization: Bearer sk-1"),
        ("anthropic-messages", "https://api.example", "POST /v1/messages HTTP/1.1", "x-api-key: sk-1"),
        (
            "gemini",
            "https://api.example",
            "POST /v1beta/models/m%2F1:streamGenerateContent?alt=sse HTTP/1.1",
            "x-goog-api-key: sk-1",
        ),
    ],
)
async def test_each_dialect_has_its_path_and_key_header(dialect: str, base_url: str, line: str, key: str) -> None:
    channel = only_channel(base_url, dialect)
    endpoint = "messages" if dialect == "anthropic-messages" else "chat"
    head = channel.head(endpoint, "m/1", True, 5, b"x-more: 1\r\n").decode()
    assert head.startswith(line + "\r\n")
    assert f"\r\n{key}\r\n" in head
    assert head.endswith("content-length: 5\r\nx-more: 1\r\n\r\n")


async def test_azure_names_the_model_in_the_address_and_the_version_in_the_query() -> None:
    base = "https://r.openai.azure.com/openai/deployments/{model}"
    channel = only_channel(base, "openai-chat", key_header="api-key", query="api-version=2025-04-01-preview")
    head = channel.head("chat", "my/model x", False, 0, b"").decode()
    line = "POST /openai/deployments/my%2Fmodel%20x/chat/completions?api-version=2025-04-01-preview HTTP/1.1"
    assert head.startswith(line + "\r\n")
    assert "\r\napi-key: sk-1\r\n" in head
    assert "authorization" not in head


@pytest.mark.parametrize("model", ["a\r\nx-evil: 1", "a b", "../../v1/files", "a?b#c", "é"])
async def test_no_model_name_gets_out_of_its_place(model: str) -> None:
    channel = only_channel("https://api.example", "gemini")
    line = channel.head("chat", model, False, 0, b"").split(b"\r\n")[0].decode()
    path = line.removeprefix("POST /v1beta/models/").removesuffix(":generateContent HTTP/1.1")
    assert path != line
    assert not set(path) & set("/?# \r\n")


async def test_a_caller_of_the_same_dialect_steers_its_provider_and_no_other() -> None:
    channel = only_channel("https://api.example", "anthropic-messages")
    given = {b"anthropic-version": b"2099-01-01", b"anthropic-beta": b"context-1m", b"cookie": b"c"}
    own = channel.varying_headers(given, own_dialect=True)
    assert own == b"anthropic-version: 2099-01-01\r\nanthropic-beta: context-1m\r\n"
    assert channel.varying_headers(given, own_dialect=False) == b"anthropic-version: 2023-06-01\r\n"


async def test_what_is_known_of_a_model_is_remembered_within_bounds() -> None:
    channel = only_channel("https://api.example/v1", "openai-chat", quirks=Quirks(refuses=("seed",)))
    assert channel.destination("m") is channel.destination("m")
    assert channel.destination("m").quirks.refuses == ("seed",)
    for number in range(2 * REMEMBERED_MODELS):
        channel.destination(f"m{number}")
        channel.head("chat", f"m{number}", False, 0, b"")
    assert len(channel._destinations) <= REMEMBERED_MODELS
    assert len(channel._heads) <= REMEMBERED_MODELS


async def test_each_key_has_heads_of_its_own_and_all_share_the_sockets() -> None:
    keys = tuple(ProviderKey(id=name, secret=f"sk-{name}") for name in ("a", "b"))
    upstream = Upstream(provider(CHAT, keys=keys), "gatewatch/test")
    first, second = (upstream.channels[0].with_key(key) for key in keys)
    heads = [each.head("chat", "gpt-4o", False, 2, b"") for each in (first, second, second.with_key(keys[0]))]
    assert [b"sk-a" in head for head in heads] == [True, False, True]
    assert [b"sk-b" in head for head in heads] == [False, True, False]
    assert first.pool is second.pool
    assert (first.key, second.key) == keys


async def test_the_head_for_another_path_of_the_api_has_the_key_and_its_own_type() -> None:
    channel = only_channel("https://api.example/v1", "openai-chat", query="api-version=1")
    head = channel.head_of("GET", "/batches/b", 0).decode()
    assert head.startswith("GET /v1/batches/b?api-version=1 HTTP/1.1\r\n")
    assert "authorization: Bearer sk-1\r\n" in head
    assert head.endswith("content-length: 0\r\n\r\n")
    form = channel.head_of("POST", "/files", 7, "multipart/form-data; boundary=b", b"x-more: 1\r\n").decode()
    assert form.count("content-type:") == 1
    assert "content-type: multipart/form-data; boundary=b\r\n" in form
    assert form.endswith("x-more: 1\r\ncontent-length: 7\r\n\r\n")
