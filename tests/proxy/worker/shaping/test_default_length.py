from typing import Any

import pytest

from gatewatch.providers.quirks import Quirks
from tests.kit.shaping_stage import Shaped

HI = [{"role": "user", "content": "hi"}]
ASKED: dict[str, dict[str, Any]] = {
    "chat": {"messages": HI},
    "completions": {"prompt": "hi"},
    "responses": {"input": "hi"},
}


@pytest.mark.parametrize(
    ("endpoint", "provider", "model", "there"),
    [
        ("chat", "openai", "gpt-4o-mini", {"max_completion_tokens": 700}),
        ("chat", "old", "mistral-small-latest", {"max_tokens": 700}),
        ("chat", "claude", "claude-sonnet-4-5", {"max_tokens": 700}),
        ("chat", "responses", "gpt-4o-mini", {"max_output_tokens": 700}),
        ("chat", "aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {"inferenceConfig": {"maxTokens": 700}}),
        ("chat", "google", "gemini-2.5-flash", {"generationConfig": {"maxOutputTokens": 700}}),
        ("responses", "responses", "gpt-4o-mini", {"max_output_tokens": 700}),
        ("responses", "claude", "claude-sonnet-4-5", {"max_tokens": 700}),
        ("completions", "openai", "gpt-3.5-turbo-instruct", {"max_tokens": 700}),
    ],
)
async def test_a_call_without_a_limit_gets_that_of_its_route_whatever_its_provider_calls_it(
    stage: Shaped, endpoint: str, provider: str, model: str, there: dict[str, Any]
) -> None:
    stage.route(f"{provider}/{model}", max_tokens=700)
    reply = await stage.say(endpoint, ASKED[endpoint])
    assert reply.status == 200
    (sent,) = stage.heard[provider]
    assert {name: sent[name] for name in there} == there
    limits = [name for name in sent if "max" in name.lower()]
    assert len(limits) <= 1, "it is said once"


@pytest.mark.parametrize(
    "own", [{"max_tokens": 5000}, {"max_completion_tokens": 5000}, {"max_tokens": 3}, {"max_new_tokens": 5000}]
)
async def test_a_callers_own_limit_stands_whatever_it_is_called(stage: Shaped, own: dict[str, int]) -> None:
    stage.route("openai/gpt-4o-mini", max_tokens=700)
    await stage.say("chat", {"messages": HI} | own)
    (sent,) = stage.heard["openai"]
    assert {name: value for name, value in sent.items() if name.startswith("max_")} == own


async def test_a_limit_of_null_is_none(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini", max_tokens=700)
    await stage.say("chat", {"messages": HI, "max_completion_tokens": None})
    assert stage.heard["openai"][0]["max_completion_tokens"] == 700


async def test_embeddings_have_no_length(stage: Shaped) -> None:
    stage.answers["openai"] = lambda _: b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"
    stage.route("openai/text-embedding-3-small", max_tokens=700)
    await stage.say("embeddings", {"input": "hi"})
    assert set(stage.heard["openai"][0]) == {"model", "input"}


async def test_the_row_says_the_limit_and_that_it_is_the_routes_and_reckons_with_it(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini", max_tokens=700)
    row = stage.row(await stage.say("chat", {"messages": HI}))
    assert row["params"] == {"max_completion_tokens": 700, "length_by": "route"}
    assert row["estimated_output_tokens"] == 700


async def test_no_model_is_asked_for_more_than_it_may_say(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini", "openai/gpt-4", max_tokens=100_000)
    await stage.say("chat", {"messages": HI})
    assert stage.heard["openai"][0]["max_completion_tokens"] == 4096, "gpt-4's, by OpenAI's page of the model"


async def test_what_a_provider_refuses_is_not_put_into_the_callers_mouth(stage: Shaped) -> None:
    stage.change("openai", quirks=Quirks(refuses=("max_completion_tokens",)))
    stage.route("openai/gpt-4o-mini", max_tokens=700)
    assert (await stage.say("chat", {"messages": HI})).status == 200
    assert stage.heard["openai"][0]["max_tokens"] == 700
    stage.change("openai", quirks=Quirks(refuses=("max_completion_tokens", "max_tokens")))
    assert (await stage.say("chat", {"messages": HI})).status == 200
    assert not [name for name in stage.heard["openai"][1] if name.startswith("max")]
