"""What OpenAI's administration refuses; what it does is proven with OpenAI's own client, in the tests of minting."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import start

ADMIN = "sk-admin-of-a-test"
PROJECT = "/v1/organization/projects/proj_a"
NEW = f"{PROJECT}/service_accounts/svc_acct_b/api_keys"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    sandbox = await start(Options())
    async with httpx.AsyncClient(base_url=sandbox.url, headers={"authorization": f"Bearer {ADMIN}"}) as asking:
        yield asking
    await sandbox.close()


@pytest.mark.parametrize("key", ["", "Bearer sk-proj-ordinary", "Basic abc", "Bearer bad-admin"])
async def test_only_an_admin_key_is_answered(key: str, client: httpx.AsyncClient) -> None:
    reply = await client.get(f"{PROJECT}/api_keys", headers={"authorization": key})
    assert reply.status_code in (401, 403)
    assert reply.json()["error"].keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", NEW, {"name": "a", "role": "owner"}, 400),
        ("POST", NEW, {"expires_in_seconds": 0}, 400),
        ("POST", NEW, {"expires_in_seconds": 31_536_001}, 400),
        ("POST", NEW, {"name": 5}, 400),
        ("POST", f"{PROJECT}/service_accounts/nobody/api_keys", {"name": "a"}, 404),
        ("POST", "/v1/organization/projects/nothing/service_accounts/svc_acct_b/api_keys", {"name": "a"}, 404),
        ("GET", NEW, None, 405),
        ("POST", f"{PROJECT}/api_keys", {"name": "a"}, 405),
        ("GET", f"{PROJECT}/api_keys?limit=0", None, 400),
        ("GET", f"{PROJECT}/api_keys?limit=101", None, 400),
        ("GET", f"{PROJECT}/api_keys?after=key_nobody", None, 400),
        ("GET", f"{PROJECT}/api_keys?owner_project_access=some", None, 400),
        ("GET", f"{PROJECT}/api_keys?offset=3", None, 400),
        ("DELETE", f"{PROJECT}/api_keys/key_nobody", None, 404),
    ],
)
async def test_what_does_not_fit_is_refused(
    method: str, path: str, body: Any, status: int, client: httpx.AsyncClient
) -> None:
    assert (await client.request(method, path, json=body)).status_code == status


async def test_a_key_is_shown_whole_once(client: httpx.AsyncClient) -> None:
    made = (await client.post(NEW, json={})).json()
    shown = (await client.get(f"{PROJECT}/api_keys/{made['id']}")).json()
    listed = (await client.get(f"{PROJECT}/api_keys")).text
    assert made["value"] not in listed
    assert "value" not in shown
    start, _, end = shown["redacted_value"].partition("...")
    assert made["value"].startswith(start)
    assert made["value"].endswith(end)


async def test_pages_follow_each_other(client: httpx.AsyncClient) -> None:
    made = [(await client.post(NEW, json={"name": str(number)})).json()["id"] for number in range(5)]
    first = (await client.get(f"{PROJECT}/api_keys?limit=3")).json()
    second = (await client.get(f"{PROJECT}/api_keys?limit=3&after={first['last_id']}")).json()
    assert [key["id"] for key in (*first["data"], *second["data"])] == made
    assert (first["has_more"], second["has_more"]) == (True, False)
