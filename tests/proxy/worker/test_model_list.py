"""What a chat front end finds when it asks which models there are."""

from collections.abc import Iterator

import httpx
import pytest

from tests.kit.running import Gateway, gateway, sandbox

PROVIDER = (
    'vault: file\nproviders:\n  sandbox: {{preset: sandbox, base_url: "{}/v1", api_key: none, allow_private: true}}\n'
)
UNREACHABLE = '  gone: {dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: none, allow_private: true}\n'


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
