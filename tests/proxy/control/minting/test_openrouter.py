"""OpenRouter's management API, as the sandbox imitates it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gatewatch.rotation.parts import AdminRefused
from proxy.control.minting.admin_api import AdminApi
from proxy.control.minting.openrouter import OpenRouterKeys
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start

HEADERS = {"authorization": "Bearer sk-or-mgmt-of-a-test"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


def keys_of(sandbox: Sandbox, workspace: str | None = None) -> OpenRouterKeys:
    return OpenRouterKeys(AdminApi("openrouter", f"{sandbox.url}/api/v1", HEADERS, allow_private=True), workspace)


async def ask(sandbox: Sandbox, method: str, path: str, body: object = None) -> Any:
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/api/v1", headers=HEADERS) as client:
        return (await client.request(method, path, json=body)).json()


async def test_a_minted_key_works_until_it_is_revoked(sandbox: Sandbox) -> None:
    keys = keys_of(sandbox)
    minted = await keys.mint("rot_1", None)
    async with httpx.AsyncClient(base_url=sandbox.url, headers={"authorization": f"Bearer {minted.secret}"}) as client:
        assert (await client.get("/v1/models")).status_code == 200
        await keys.revoke(minted.id)
        assert (await client.get("/v1/models")).status_code == 401
    await keys.revoke(minted.id)


async def test_a_key_is_found_by_its_secret_and_by_its_name_among_several_pages(sandbox: Sandbox) -> None:
    keys = keys_of(sandbox)
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/api/v1", headers=HEADERS) as client:
        made = [(await client.post("/keys", json={"name": f"rot_{number % 100}"})).json() for number in range(210)]
    assert await keys.identify(made[203]["key"]) == made[203]["data"]["hash"]
    assert await keys.named("rot_5") == [made[number]["data"]["hash"] for number in (5, 105, 205)]


@pytest.mark.parametrize(
    "limits",
    [
        {"limit": 12.5, "limit_reset": "monthly", "include_byok_in_limit": True},
        {"limit": 3, "limit_reset": None, "include_byok_in_limit": False},
        {"limit": None, "limit_reset": None, "include_byok_in_limit": False},
    ],
)
async def test_the_new_key_may_spend_no_more_than_the_old_one(limits: dict[str, Any], sandbox: Sandbox) -> None:
    old = await ask(sandbox, "POST", "/keys", {"name": "by hand"} | limits)
    minted = await keys_of(sandbox).mint("rot_1", old["key"])
    new = (await ask(sandbox, "GET", f"/keys/{minted.id}"))["data"]
    assert {name: new[name] for name in limits} == limits


async def test_a_key_whose_limit_is_not_known_is_not_replaced_by_one_without(sandbox: Sandbox) -> None:
    elsewhere = await keys_of(sandbox, "ws_other").mint("rot_1", None)
    with pytest.raises(AdminRefused, match="its spending limit is not known"):
        await keys_of(sandbox).mint("rot_2", elsewhere.secret)
    assert await keys_of(sandbox).named("rot_2") == []


async def test_a_key_that_calls_models_manages_none(sandbox: Sandbox) -> None:
    api = AdminApi("openrouter", f"{sandbox.url}/api/v1", {"authorization": "Bearer sk-or-v1-x"}, allow_private=True)
    with pytest.raises(AdminRefused, match="401"):
        await OpenRouterKeys(api).named("rot_1")
