"""Each vendor's list, in its documented shape."""

import json
from typing import Any

import pytest

from proxy.sandbox.faults import NAMES
from proxy.sandbox.models import asked_for
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request

ANTHROPIC = {"anthropic-version": "2023-06-01"}
GOOGLE = {"Authorization": "", "x-goog-api-key": "k"}


async def get(sandbox: Sandbox, path: str, headers: dict[str, str] | None = None) -> RawReply:
    return await ask(sandbox.port, request("GET", path, headers=headers))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/models", ""),
        ("/v1/models/acme%2Fmodel", "acme/model"),
        ("/v1beta/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("/openai/v1/models", ""),
        ("/v1/modelsx", None),
        ("/", None),
    ],
)
def test_a_path_asks_for_one_or_for_all(path: str, name: str | None) -> None:
    assert asked_for(path) == name


async def test_openais_list_has_good_names_and_every_fault(sandbox: Sandbox) -> None:
    listed = (await get(sandbox, "/v1/models")).json
    names = [model["id"] for model in listed["data"]]
    assert listed["object"] == "list"
    assert "gpt-4o-mini" in names
    assert set(NAMES) < set(names)
    assert (await get(sandbox, "/openai/v1/models")).json == listed


async def test_any_model_exists(sandbox: Sandbox) -> None:
    model = (await get(sandbox, "/v1/models/acme/model-9")).json
    assert (model["id"], model["object"]) == ("acme/model-9", "model")


async def test_anthropics_list_has_pages(sandbox: Sandbox) -> None:
    first = (await get(sandbox, "/v1/models?limit=3", ANTHROPIC)).json
    assert (len(first["data"]), first["has_more"], first["data"][0]["type"]) == (3, True, "model")
    assert (first["first_id"], first["last_id"]) == (first["data"][0]["id"], first["data"][2]["id"])
    rest = (await get(sandbox, f"/v1/models?limit=1000&after_id={first['last_id']}", ANTHROPIC)).json
    assert not rest["has_more"]
    assert set(NAMES) < {model["id"] for model in rest["data"]}
    refused = await get(sandbox, "/v1/models?limit=0", ANTHROPIC)
    assert (refused.status, refused.json["type"]) == (400, "error")


async def test_googles_list_has_pages(sandbox: Sandbox) -> None:
    names: list[str] = []
    token: Any = ""
    while token is not None:
        page = json.loads((await get(sandbox, f"/v1beta/models?pageSize=7&pageToken={token}", GOOGLE)).body)
        names += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken")
    assert "models/gemini-2.5-flash" in names
    assert {f"models/{name}" for name in NAMES} < set(names)
    assert (await get(sandbox, "/v1beta/models/gemini-2.5-pro", GOOGLE)).json["name"] == "models/gemini-2.5-pro"
