from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from proxy.sandbox.server import Sandbox


@pytest.fixture
async def openai(sandbox: Sandbox) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=0) as client:
        yield client


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "Once upon a time"},
        {"prompt": ["One", "Two"], "n": 2},
        {"prompt": [1, 2, 3], "max_tokens": 40},
        {"prompt": [[1], [2, 3]], "stop": "."},
    ],
    ids=str,
)
async def test_streamed_and_plain_replies_say_the_same(openai: AsyncOpenAI, asked: dict[str, Any]) -> None:
    model = "gpt-3.5-turbo-instruct"
    plain = await openai.completions.create(model=model, **asked)
    texts, usage = [""] * len(plain.choices), None
    async for chunk in await openai.completions.create(
        model=model, stream=True, stream_options={"include_usage": True}, **asked
    ):
        for choice in chunk.choices:
            texts[choice.index] += choice.text
        usage = chunk.usage or usage
    assert [choice.text for choice in plain.choices] == texts
    assert plain.usage == usage


async def test_it_is_short_unless_told_otherwise(openai: AsyncOpenAI) -> None:
    reply = await openai.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello")
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (2, 16)


async def test_token_ids_count_as_they_are(openai: AsyncOpenAI) -> None:
    reply = await openai.completions.create(model="m", prompt=[[1], [2, 3]], n=2)
    assert len(reply.choices) == 4
    assert reply.usage
    assert reply.usage.prompt_tokens == 3
