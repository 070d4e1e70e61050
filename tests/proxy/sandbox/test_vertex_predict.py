"""Embeddings of Vertex's other models, as the text-embeddings API reference has them."""

import json
from typing import Any

import pytest

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request

HELLO = {"content": "hello"}


async def predict(sandbox: Sandbox, model: str = "text-embedding-005", **body: Any) -> RawReply:
    path = f"/v1/projects/p/locations/us-central1/publishers/google/models/{model}:predict"
    return await ask(sandbox.port, request("POST", path, json.dumps(body).encode()))


async def test_each_instance_gets_its_vector_and_its_count(sandbox: Sandbox) -> None:
    reply = (await predict(sandbox, instances=[HELLO, {"content": "x", "task_type": "RETRIEVAL_QUERY"}])).json
    first, second = [each["embeddings"] for each in reply["predictions"]]
    assert (len(first["values"]), first["statistics"]) == (768, {"truncated": False, "token_count": 2})
    assert second["statistics"]["token_count"] == 1
    assert reply["metadata"] == {"billableCharacterCount": 6}
    alone = (await predict(sandbox, instances=[HELLO])).json["predictions"][0]["embeddings"]
    assert alone["values"] == first["values"]


async def test_it_has_the_size_that_was_asked_for(sandbox: Sandbox) -> None:
    reply = await predict(sandbox, instances=[HELLO], parameters={"outputDimensionality": 8})
    assert len(reply.json["predictions"][0]["embeddings"]["values"]) == 8


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("text-embedding-005", {}),
        ("text-embedding-005", {"instances": [{}]}),
        ("text-embedding-005", {"instances": [HELLO], "parameters": {"outputDimensionality": 0}}),
        ("text-embedding-005", {"instances": [{"text": "x"}]}),
        ("gemini-embedding-001", {"instances": [HELLO]}),
    ],
)
async def test_what_makes_no_sense_is_refused(sandbox: Sandbox, model: str, body: dict[str, Any]) -> None:
    reply = await predict(sandbox, model, **body)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_the_gemini_api_has_no_such_method(sandbox: Sandbox) -> None:
    path = "/v1beta/models/text-embedding-004:predict"
    reply = await ask(sandbox.port, request("POST", path, b"{}", {"x-goog-api-key": "test"}))
    assert reply.status in (404, 405)
