import base64
import json
import struct

import pytest
from openai import AsyncOpenAI

from proxy.sandbox.embeddings import vector
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request


async def embed(sandbox: Sandbox, **asked: object) -> RawReply:
    body = json.dumps({"model": "text-embedding-3-small"} | asked).encode()
    return await ask(sandbox.port, request("POST", "/v1/embeddings", body))


def test_a_vector_has_length_1_and_follows_from_its_key() -> None:
    numbers = vector(b"key", 1536)
    assert sum(number * number for number in numbers) == pytest.approx(1, abs=1e-5)
    assert numbers == vector(b"key", 1536)
    assert numbers != vector(b"other", 1536)


async def test_numbers_and_base64_are_the_same_vector(sandbox: Sandbox) -> None:
    numbers = (await embed(sandbox, input="hello", encoding_format="float")).json["data"][0]["embedding"]
    packed = (await embed(sandbox, input="hello", encoding_format="base64")).json["data"][0]["embedding"]
    assert numbers == list(struct.unpack("<1536f", base64.b64decode(packed)))


async def test_every_text_has_its_vector_wherever_it_stands(sandbox: Sandbox) -> None:
    reply = (await embed(sandbox, input=["one", "two", "one"])).json
    first, second, third = (row["embedding"] for row in reply["data"])
    assert [row["index"] for row in reply["data"]] == [0, 1, 2]
    assert first == third != second
    assert reply["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


async def test_dimensions_are_those_asked_for_or_the_models(sandbox: Sandbox) -> None:
    for asked, length in (({"dimensions": 8}, 8), ({"model": "text-embedding-3-large"}, 3072), ({}, 1536)):
        assert len((await embed(sandbox, input="x", **asked)).json["data"][0]["embedding"]) == length


async def test_the_official_sdk_understands_it(sandbox: Sandbox) -> None:
    async with AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=0) as client:
        reply = await client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=4)
    assert [len(row.embedding) for row in reply.data] == [4, 4]


async def test_faults_befall_embeddings_too(sandbox: Sandbox) -> None:
    assert (await embed(sandbox, model="fault-429", input="x")).status == 429
    assert (await embed(sandbox, model="fault-cut-stream", input="x")).ended == "short"
    assert "usage" not in (await embed(sandbox, model="fault-no-usage", input="x")).json
