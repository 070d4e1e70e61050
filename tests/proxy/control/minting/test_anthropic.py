"""Anthropic's Admin API, as the sandbox imitates it."""

from collections.abc import AsyncIterator

import anthropic
import httpx
import pytest

from gatewatch.rotation.parts import AdminRefused
from proxy.control.minting.admin_api import AdminApi
from proxy.control.minting.anthropic import VERSION, AnthropicKeys
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start

ADMIN = "sk-ant-admin01-of-a-test"
CONSOLE_KEYS = [f"sk-ant-api03-{letter * 3}-sandbox1-{letter * 20}" for letter in "abc"]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    for secret in CONSOLE_KEYS:
        assert await works(running, secret)
    yield running
    await running.close()


def keys_of(sandbox: Sandbox) -> AnthropicKeys:
    headers = {"x-api-key": ADMIN, "anthropic-version": VERSION}
    return AnthropicKeys(AdminApi("anthropic", sandbox.url, headers, allow_private=True))


async def works(sandbox: Sandbox, secret: str) -> bool:
    async with httpx.AsyncClient(headers={"x-api-key": secret, "anthropic-version": VERSION}) as client:
        return (await client.get(f"{sandbox.url}/v1/models")).status_code == 200


async def test_a_key_is_made_inactive_and_others_go_on(sandbox: Sandbox) -> None:
    keys = keys_of(sandbox)
    id = await keys.identify(CONSOLE_KEYS[1])
    assert id is not None
    await keys.revoke(id)
    assert [await works(sandbox, secret) for secret in CONSOLE_KEYS] == [True, False, True]
    await keys.revoke(id)
    await keys.revoke("apikey_that_never_was")


async def test_a_key_that_is_not_listed_is_not_known(sandbox: Sandbox) -> None:
    assert await keys_of(sandbox).identify("sk-ant-api03-zzz-sandbox1-zzzzzzzzzz") is None


async def test_making_a_key_is_refused_with_where_it_is_made(sandbox: Sandbox) -> None:
    with pytest.raises(AdminRefused, match="makes no keys") as refused:
        await keys_of(sandbox).mint("rot_1", None)
    assert "https://platform.claude.com" in refused.value.next_step


async def test_anthropics_own_client_understands_the_list(sandbox: Sandbox) -> None:
    async with anthropic.AsyncAnthropic(api_key=ADMIN, base_url=sandbox.url) as client:
        listed = [key async for key in client.organization.api_keys.list(extra_headers={"x-api-key": ADMIN})]
        assert len(listed) == 3
        changed = await client.organization.api_keys.update(
            listed[0].id, status="inactive", extra_headers={"x-api-key": ADMIN}
        )
        assert changed.status == "inactive"
    assert [await works(sandbox, secret) for secret in CONSOLE_KEYS] == [False, True, True]
