from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

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


async def test_it_tells_how_likely_its_tokens_were(openai: AsyncOpenAI) -> None:
    """developers.openai.com/api/reference/resources/completions: four lists side by side."""
    asked: dict[str, Any] = {"model": "m", "prompt": "Hello", "max_tokens": 6, "logprobs": 2}
    plain = (await openai.completions.create(**asked)).choices[0].logprobs
    assert plain
    assert plain.tokens
    assert plain.top_logprobs
    assert [len(top) for top in plain.top_logprobs] == [2] * 6
    assert plain.text_offset == [len("".join(plain.tokens[:at])) for at in range(6)]
    streamed: dict[str, list[Any]] = {}
    async for chunk in await openai.completions.create(**asked, stream=True):
        for name, values in (
            (chunk.choices[0].logprobs or plain.model_construct()).model_dump(exclude_unset=True).items()
        ):
            streamed.setdefault(name, []).extend(values)
    assert streamed == plain.model_dump()


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_it_ends_as_is_demanded(openai: AsyncOpenAI, finish: str) -> None:
    reply = await openai.completions.create(model="m", prompt="Hello", extra_headers={"x-sandbox-finish": finish})
    assert reply.choices[0].finish_reason == finish


async def test_an_end_that_it_does_not_know_is_refused(openai: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError, match="no end 'refusal'"):
        await openai.completions.create(model="m", prompt="Hello", extra_headers={"x-sandbox-finish": "refusal"})
