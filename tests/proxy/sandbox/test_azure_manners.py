"""learn.microsoft.com/azure/ai-services/openai/reference: deployments in the address, the key in `api-key`."""

import json
from typing import Any

import openai
import pytest

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request

DEPLOYMENT = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
V1 = "/openai/v1/chat/completions"


async def post(sandbox: Sandbox, path: str, headers: dict[str, str], **fields: Any) -> RawReply:
    body = {"messages": [{"role": "user", "content": "hi"}]} | fields
    return await ask(sandbox.port, request("POST", path, json.dumps(body).encode(), {"Authorization": ""} | headers))


async def test_a_deployment_names_the_model(sandbox: Sandbox) -> None:
    reply = await post(sandbox, DEPLOYMENT, {"api-key": "k"})
    assert (reply.status, reply.json["model"]) == (200, "my-gpt")
    assert "apim-request-id" in reply.headers
    assert "openai-organization" not in reply.headers


@pytest.mark.parametrize("headers", [{"api-key": "k"}, {"Authorization": "Bearer token"}])
async def test_both_keys_of_azure_will_do(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert (await post(sandbox, V1, headers, model="gpt-4o")).status == 200


@pytest.mark.parametrize("headers", [{}, {"api-key": "bad-key"}, {"Authorization": "Bearer bad-key"}])
async def test_other_keys_are_refused_with_a_code_that_is_a_number_in_quotes(
    sandbox: Sandbox, headers: dict[str, str]
) -> None:
    reply = await post(sandbox, DEPLOYMENT, headers)
    assert reply.status == 401
    assert reply.json["error"].keys() == {"code", "message"}
    assert reply.json["error"]["code"] == "401"


async def test_a_rate_limit_is_azures(sandbox: Sandbox) -> None:
    reply = await post(sandbox, DEPLOYMENT, {"api-key": "k", "x-sandbox-fault": "429"})
    assert (reply.status, reply.json["error"]["code"], reply.headers["retry-after"]) == (429, "429", "1")


async def test_the_models_own_errors_are_openais(sandbox: Sandbox) -> None:
    reply = await post(sandbox, DEPLOYMENT, {"api-key": "k"}, temperature=9)
    assert reply.json["error"].keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize("path", ["/openai/deployments/x/nothing", "/openai/nothing"])
async def test_what_is_not_there_is_not_found(sandbox: Sandbox, path: str) -> None:
    assert (await post(sandbox, path, {"api-key": "k"})).json == {
        "error": {"code": "404", "message": "Resource not found"}
    }


async def test_deployments_are_not_found_without_a_version(sandbox: Sandbox) -> None:
    for path in ("/openai/deployments/x/chat/completions", "/openai/deployments/x/chat/completions?version=1"):
        assert (await post(sandbox, path, {"api-key": "k"})).json["error"]["code"] == "404"


async def test_a_deployment_that_does_not_exist(sandbox: Sandbox) -> None:
    reply = await post(sandbox, DEPLOYMENT.replace("my-gpt", "fault-404"), {"api-key": "k"})
    assert (reply.status, reply.json["error"]["code"]) == (404, "DeploymentNotFound")


async def test_the_official_client_is_content(sandbox: Sandbox) -> None:
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=sandbox.url, api_key="k", api_version="2024-10-21", max_retries=0
    ) as client:
        reply = await client.chat.completions.create(model="my-gpt", messages=[{"role": "user", "content": "hi"}])
        assert reply.model == "my-gpt"
        embedding = await client.embeddings.create(model="my-embedding", input="hi")
        assert len(embedding.data[0].embedding) == 1536
