"""What the official SDKs make of a key that may not: the right exception, at the first try."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from tests.kit.running import Gateway, gateway, sandbox

pytestmark = pytest.mark.slow

CONFIG = """\
vault: file
providers:
  sandbox: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
  other: {{targets: [sandbox/gpt-4o]}}
"""
LONG = {"x-sandbox-chunks": "200", "x-sandbox-chunk-gap-ms": "50"}
REFUSALS = [
    (("--max-tokens", "50"), "RateLimitError", "budget_exceeded"),
    (("--max-usd", "0.000001"), "RateLimitError", "budget_exceeded"),
    (("--networks", "192.0.2.0/24"), "PermissionDeniedError", "network_not_allowed"),
    (("--dialects", "openai-completions"), "PermissionDeniedError", "dialect_not_allowed"),
    (("--routes", "other"), "PermissionDeniedError", "route_not_allowed"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("refusals")
    with (
        sandbox(folder, "--no-key") as provider,
        gateway(folder, CONFIG.format(sandbox=provider.listen), "--workers", "1") as running,
    ):
        yield running


class OpenAI:
    """An app with OpenAI's SDK, which retries as it does unless it is told otherwise."""

    errors = openai

    def __init__(self, served: Gateway, key: str) -> None:
        self._client = openai.OpenAI(base_url=served.base_url, api_key=key, max_retries=2)

    def __enter__(self) -> "OpenAI":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def call(self) -> Any:
        return self._client.chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "hi"}], max_tokens=1000
        )

    def stream(self) -> Iterator[Any]:
        yield from self._client.chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "hi"}], stream=True, extra_headers=LONG
        )

    @staticmethod
    def code(error: Any) -> str:
        return str(error.code)


class Anthropic:
    """An app with Anthropic's."""

    errors = anthropic

    def __init__(self, served: Gateway, key: str) -> None:
        self._client = anthropic.Anthropic(base_url=served.running.listen, api_key=key, max_retries=2)

    def __enter__(self) -> "Anthropic":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def call(self) -> Any:
        return self._client.messages.create(model="chat", messages=[{"role": "user", "content": "hi"}], max_tokens=1000)

    def stream(self) -> Iterator[Any]:
        yield from self._client.messages.create(
            model="chat",
            messages=[{"role": "user", "content": "hi"}],
            max_tokens=1000,
            stream=True,
            extra_headers=LONG,
        )

    @staticmethod
    def code(error: Any) -> str:
        return str(error.body["error"]["details"]["error_code"])


App = Callable[[Gateway, str], Any]
APPS = [OpenAI, Anthropic]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize(("options", "kind", "code"), REFUSALS)
def test_a_refused_key_is_its_own_exception_and_not_tried_again(
    served: Gateway, app: App, options: tuple[str, ...], kind: str, code: str
) -> None:
    name = f"{app.__name__}{''.join(options)}".replace("/", "-")
    with app(served, served.key(name, *options)) as client:
        with pytest.raises(getattr(client.errors, kind)) as refused:
            client.call()
        assert client.code(refused.value) == code
    rows = [json.loads(line) for path in served.home.glob("journal/*.jsonl") for line in path.read_bytes().splitlines()]
    assert [row["error_kind"] for row in rows if row["key_name"] == name] == [code]


@pytest.mark.parametrize("app", APPS)
def test_a_key_that_is_used_up_is_an_authentication_error(served: Gateway, app: App) -> None:
    name = f"once-{app.__name__}"
    with app(served, served.key(name, "--max-uses", "1")) as client:
        client.call()
        with pytest.raises(client.errors.AuthenticationError):
            client.call()


@pytest.mark.parametrize("app", APPS)
def test_a_stream_whose_key_is_revoked_raises_what_the_sdk_raises_for_a_broken_one(served: Gateway, app: App) -> None:
    name = f"stolen-{app.__name__}"
    with app(served, served.key(name)) as client:
        events = client.stream()
        next(events)
        served.ask("keys", "revoke", name, "--yes")
        with pytest.raises(client.errors.APIError) as ended:
            for _ in events:
                pass
        assert client.code(ended.value) == "key_revoked"
