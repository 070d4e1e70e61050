"""What OpenRouter's management of keys refuses, and how its replies look."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import start


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    sandbox = await start(Options())
    headers = {"authorization": "Bearer sk-or-mgmt-a"}
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/api/v1", headers=headers) as asking:
        yield asking
    await sandbox.close()


@pytest.mark.parametrize("key", ["", "Bearer sk-or-v1-ordinary"])
async def test_only_a_management_key_is_answered(key: str, client: httpx.AsyncClient) -> None:
    reply = await client.get("/keys", headers={"authorization": key})
    assert reply.status_code == 401
    assert reply.json()["error"].keys() == {"message", "code"}
    assert reply.json()["error"]["code"] == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/keys", {}, 400),
        ("POST", "/keys", {"name": ""}, 400),
        ("POST", "/keys", {"name": "a", "limit": -1}, 400),
        ("POST", "/keys", {"name": "a", "limit_reset": "yearly"}, 400),
        ("POST", "/keys", {"name": "a", "label": "b"}, 400),
        ("GET", "/keys?offset=many", None, 400),
        ("GET", "/keys/nobody", None, 404),
        ("DELETE", "/keys/nobody", None, 404),
        ("PUT", "/keys", None, 405),
    ],
)
async def test_what_does_not_fit_is_refused(
    method: str, path: str, body: Any, status: int, client: httpx.AsyncClient
) -> None:
    assert (await client.request(method, path, json=body)).status_code == status


async def test_a_key_is_shown_whole_once_and_belongs_to_its_workspace(client: httpx.AsyncClient) -> None:
    made = await client.post("/keys", json={"name": "mine", "limit": 5, "workspace_id": "ws_a"})
    assert made.status_code == 201
    secret, described = made.json()["key"], made.json()["data"]
    assert described["limit"] == described["limit_remaining"] == 5
    assert secret not in (await client.get(f"/keys/{described['hash']}")).text
    assert (await client.get("/keys")).json()["data"] == []
    assert (await client.get("/keys?workspace_id=ws_a")).json()["data"] == [described]
    assert (await client.delete(f"/keys/{described['hash']}")).json() == {"deleted": True}
    assert (await client.get("/keys?workspace_id=ws_a")).json()["data"] == []
