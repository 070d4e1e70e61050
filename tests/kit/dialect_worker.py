"""A worker whose providers speak every dialect, all of them at one scripted upstream that tells them by the path."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.providers.quirks import Quirks
from proxy.routing import Breaking, Routing
from proxy.settings import Caps, Deadlines, Provider, ProviderKey, Route, Settings, Target, Way
from tests.kit.raw_http import request
from tests.kit.scripted_upstream import Conversation, Script
from tests.kit.worker_process import PROVIDER_SECRET, Worker, worker_process

DIALECTS = {
    "chat": ("openai-chat", "/chat/v1", "openai", "gpt-4o-mini"),
    "responses": ("openai-responses", "/responses/v1", "openai", "gpt-4o-mini"),
    "messages": ("anthropic-messages", "/messages", "anthropic", "claude-sonnet-4-5"),
    "gemini": ("gemini", "/gemini", "google", "gemini-2.5-flash"),
    "bedrock": ("bedrock-converse", "/bedrock", "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
}
"""Provider → its dialect, where its API begins, whose prices it has, and the model it is asked for."""
NO_BREAKERS = Routing(breaking=Breaking(failures=1_000_000, share=2.0))
"""So that one test's failures do not decide where another's calls go."""
PATIENT = Deadlines(connect=20, first_byte=20, idle=20, total=20)
CALLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "completions": ("/v1/completions", {"prompt": "hi"}),
    "responses": ("/v1/responses", {"input": "hi"}),
    "messages": ("/v1/messages", {"max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}),
    "count_tokens": ("/v1/messages/count_tokens", {"messages": [{"role": "user", "content": "hi"}]}),
    "embeddings": ("/v1/embeddings", {"input": ["hi", "there"]}),
}
"""Endpoint → its path and the least of a request."""


def target(provider: str) -> Target:
    return Target(provider=provider, model=DIALECTS[provider][3])


def route(name: str, *providers: str, **options: Any) -> Route:
    return Route(name=name, targets=tuple(target(each) for each in providers), deadlines=PATIENT, **options)


def _settings(
    settings: Settings, routes: tuple[Route, ...], quirks: Mapping[str, Quirks], several: Mapping[str, tuple[str, ...]]
) -> Settings:
    root = settings.providers["openai"].base_url.removesuffix("/v1")
    providers = {
        name: Provider(
            name=name,
            ways=(Way(dialect=dialect, base_url=root + path),),
            keys=(ProviderKey(id=name, secret=PROVIDER_SECRET),),
            price_provider=prices,
            quirks=quirks.get(name, Quirks()),
            allow_private=True,
        )
        for name, (dialect, path, prices, _) in DIALECTS.items()
    }
    for name, spoken in several.items():
        ways = tuple(way for each in spoken for way in providers[each].ways)
        providers[name] = msgspec.structs.replace(providers[spoken[0]], name=name, ways=ways)
    routes = (*routes, *(route(name, name) for name in DIALECTS))
    return msgspec.structs.replace(settings, providers=providers, routes={each.name: each for each in routes})


@contextmanager
def dialect_worker(
    folder: Path,
    listening: socket.socket,
    *routes: Route,
    quirks: Mapping[str, Quirks] = {},
    caps: Caps | None = None,
    several: Mapping[str, tuple[str, ...]] = {},
    routing: Routing = NO_BREAKERS,
    drain_seconds: float | None = None,
) -> Iterator[Worker]:
    """Beside `routes`, one to each provider alone, with its name. `several`: a provider, and those whose dialects it
    has all together, the best first."""

    def change(settings: Settings) -> Settings:
        return msgspec.structs.replace(_settings(settings, routes, quirks, several), routing=routing)

    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with worker_process(
        folder, url, caps=caps, deadlines=PATIENT, change=change, drain_seconds=drain_seconds
    ) as worker:
        yield worker
        assert drain_seconds is not None or worker.process.poll() is None, f"the worker has died: {worker.log}"
        assert "Traceback" not in worker.log, worker.log


def asked(worker: Worker, endpoint: str, model: str, headers: Mapping[str, str] | None = None, **changed: Any) -> bytes:
    """A request as its bytes. A parameter that is None is left out."""
    path, least = CALLERS[endpoint]
    body = {"model": model} | least | changed
    sent = {name: value for name, value in body.items() if value is not None}
    return request("POST", path, json.dumps(sent).encode(), worker.headers | dict(headers or {}))


def by_provider(**replies: bytes) -> Script:
    """Each provider has one reply, whatever it is asked."""

    async def script(conversation: Conversation) -> None:
        while True:
            received = await conversation.request()
            provider = received.line.split()[1].split("/")[1]
            conversation.send(replies[provider])

    return script
