"""What Anthropic's administration refuses; what it does is proven with its own client, where keys are minted."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import start

HEADERS = {"x-api-key": "sk-ant-admin01-a", "anthropic-version": "2023-06-01"}
KEYS = "/v1/organizations/api_keys"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    sandbox = await start(Options())
    async with httpx.AsyncClient(base_url=sandbox.url, headers=HEADERS) as asking:
        yield asking
    await sandbox.close()


async def first_use(client: httpx.AsyncClient, letter: str = "a") -> str:
    """A key that somebody made in the console; its id."""
    secret = f"sk-ant-api03-{letter * 3}-sandbox1-{letter * 9}"
    assert (await client.get("/v1/models", headers={"x-api-key": secret})).status_code == 200
    listed = (await client.get(KEYS)).json()
    return str(listed["last_id"])


@pytest.mark.parametrize("key", ["", "sk-ant-api03-ordinary"])
async def test_only_an_admin_key_is_answered(key: str, client: httpx.AsyncClient) -> None:
    reply = await client.get(KEYS, headers={"x-api-key": key})
    assert reply.status_code == 401
    assert reply.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", KEYS, {"name": "new"}, 405),
        ("DELETE", f"{KEYS}/{{id}}", None, 405),
        ("POST", f"{KEYS}/{{id}}", {"status": "gone"}, 400),
        ("POST", f"{KEYS}/{{id}}", {"scope": "all"}, 400),
        ("POST", f"{KEYS}/apikey_nobody", {"status": "inactive"}, 404),
        ("GET", f"{KEYS}?limit=0", None, 400),
        ("GET", f"{KEYS}?limit=1001", None, 400),
        ("GET", f"{KEYS}?status=some", None, 400),
    ],
)
async def test_what_does_not_fit_is_refused(
    method: str, path: str, body: Any, status: int, client: httpx.AsyncClient
) -> None:
    id = await first_use(client)
    assert (await client.request(method, path.format(id=id), json=body)).status_code == status


async def test_an_inactive_key_is_listed_apart(client: httpx.AsyncClient) -> None:
    first, second = await first_use(client, "a"), await first_use(client, "b")
    assert first != second
    changed = (await client.post(f"{KEYS}/{first}", json={"status": "inactive", "name": "old"})).json()
    assert (changed["status"], changed["name"]) == ("inactive", "old")
    for status, id in (("active", second), ("inactive", first)):
        listed = (await client.get(f"{KEYS}?status={status}")).json()
        assert [key["id"] for key in listed["data"]] == [id]
