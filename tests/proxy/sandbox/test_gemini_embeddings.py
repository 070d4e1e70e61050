"""Vectors, as google-genai and the documented shapes have them (ai.google.dev/api/embeddings)."""

import json
from typing import Any

import pytest
from google import genai
from google.genai import types

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request

MODEL = "gemini-embedding-001"


def content(text: str) -> dict[str, Any]:
    return {"parts": [{"text": text}]}


async def post(sandbox: Sandbox, method: str, model: str = MODEL, **body: Any) -> RawReply:
    path = f"/v1beta/models/{model}:{method}"
    headers = {"x-goog-api-key": "test"}
    return await ask(sandbox.port, request("POST", path, json.dumps(body).encode(), headers))


async def test_the_official_sdk_understands_it(sandbox: Sandbox) -> None:
    client = genai.Client(api_key="test", http_options=types.HttpOptions(base_url=sandbox.url))
    asked = types.EmbedContentConfig(output_dimensionality=4, task_type="RETRIEVAL_QUERY")
    reply = await client.aio.models.embed_content(model=MODEL, contents=["a", "b"], config=asked)
    assert [len(each.values or ()) for each in reply.embeddings or ()] == [4, 4]
    await client.aio.aclose()
    client.close()


async def test_one_and_many_are_the_same_vectors(sandbox: Sandbox) -> None:
    one = (await post(sandbox, "embedContent", content=content("hello"))).json
    requests = [{"model": f"models/{MODEL}", "content": content(text)} for text in ("hello", "hi")]
    many = (await post(sandbox, "batchEmbedContents", requests=requests)).json
    assert one["embedding"] == many["embeddings"][0] != many["embeddings"][1]
    assert len(one["embedding"]["values"]) == 3072
    assert (one["usageMetadata"], many["usageMetadata"]) == ({"promptTokenCount": 2}, {"promptTokenCount": 3})


async def test_dimensions_and_the_older_model(sandbox: Sandbox) -> None:
    short = await post(sandbox, "embedContent", content=content("x"), output_dimensionality=8)
    old = await post(sandbox, "embedContent", "text-embedding-004", content=content("x"))
    assert [len(reply.json["embedding"]["values"]) for reply in (short, old)] == [8, 768]


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("embedContent", {}),
        ("embedContent", {"content": {"parts": []}}),
        ("embedContent", {"content": content("x"), "outputDimensionality": 5000}),
        ("embedContent", {"content": content("x"), "dimensions": 8}),
        ("batchEmbedContents", {"requests": []}),
        ("batchEmbedContents", {"requests": [{"model": "models/other", "content": content("x")}]}),
        ("batchEmbedContents", {"requests": [{"content": content("x")}]}),
    ],
)
async def test_what_makes_no_sense_is_refused(sandbox: Sandbox, method: str, body: dict[str, Any]) -> None:
    reply = await post(sandbox, method, **body)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_vertex_knows_the_model_of_a_batch_by_its_address(sandbox: Sandbox) -> None:
    path = "/v1/projects/p/locations/global/publishers/google/models/gemini-embedding-001:batchEmbedContents"
    small = {"embedContentConfig": {"outputDimensionality": 8}}
    body = json.dumps({"requests": [{"content": content("x")}, {"content": content("y"), **small}]}).encode()
    reply = await ask(sandbox.port, request("POST", path, body))
    assert [len(each["values"]) for each in reply.json["embeddings"]] == [3072, 8]
