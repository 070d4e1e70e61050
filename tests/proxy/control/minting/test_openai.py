"""OpenAI's admin API, as the sandbox imitates it, and the requests of OpenAI's own client beside ours."""

from collections.abc import AsyncIterator

import httpx
import openai
import pytest

from gatewatch.rotation.parts import AdminRefused
from proxy.control.minting.admin_api import AdminApi
from proxy.control.minting.openai import OpenAiKeys
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.scripted_upstream import Conversation, scripted_upstream

ADMIN = "sk-admin-of-a-test"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


def keys_of(sandbox: Sandbox, admin: str = ADMIN, project: str = "proj_a", expires: int | None = None) -> OpenAiKeys:
    api = AdminApi("openai", f"{sandbox.url}/v1", {"authorization": f"Bearer {admin}"}, allow_private=True)
    return OpenAiKeys(api, project, "svc_acct_b", expires=expires)


async def works(sandbox: Sandbox, secret: str) -> bool:
    async with httpx.AsyncClient() as client:
        reply = await client.get(f"{sandbox.url}/v1/models", headers={"authorization": f"Bearer {secret}"})
    return reply.status_code == 200


async def test_a_minted_key_works_until_it_is_revoked(sandbox: Sandbox) -> None:
    keys = keys_of(sandbox)
    minted = await keys.mint("rot_1", None)
    assert await works(sandbox, minted.secret)
    await keys.revoke(minted.id)
    assert not await works(sandbox, minted.secret)


async def test_revoking_twice_is_revoking_once(sandbox: Sandbox) -> None:
    keys = keys_of(sandbox)
    minted = await keys.mint("rot_1", None)
    await keys.revoke(minted.id)
    await keys.revoke(minted.id)
    await keys.revoke("key_that_never_was")


async def test_a_key_is_found_by_its_secret_and_by_its_name_among_several_pages(sandbox: Sandbox) -> None:
    keys, url = keys_of(sandbox), f"{sandbox.url}/v1/organization/projects/proj_a/service_accounts/svc_acct_b/api_keys"
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {ADMIN}"}) as client:
        made = [(await client.post(url, json={"name": f"rot_{number % 100}"})).json() for number in range(230)]
    assert await keys.identify(made[205]["value"]) == made[205]["id"]
    assert await keys.named("rot_7") == [made[7]["id"], made[107]["id"], made[207]["id"]]
    assert await keys.named("nobody") == []


async def test_a_key_of_another_project_is_not_taken_for_one_of_ours(sandbox: Sandbox) -> None:
    elsewhere = await keys_of(sandbox, project="proj_other").mint("rot_1", None)
    await keys_of(sandbox).mint("rot_1", None)
    assert await keys_of(sandbox).identify(elsewhere.secret) is None


async def test_a_key_that_calls_models_manages_none(sandbox: Sandbox) -> None:
    with pytest.raises(AdminRefused, match=r"403.*Missing scopes") as refused:
        await keys_of(sandbox, admin="sk-proj-an-ordinary-key").mint("rot_1", None)
    assert "providers.openai.admin.key" in refused.value.next_step


async def test_openais_own_client_understands_the_keys_that_the_sandbox_makes(sandbox: Sandbox) -> None:
    """The sandbox is only worth something as an oracle while this holds."""
    async with openai.AsyncOpenAI(admin_api_key=ADMIN, api_key="unused", base_url=f"{sandbox.url}/v1") as client:
        projects = client.admin.organization.projects
        made = await projects.service_accounts.api_keys.create("svc_acct_b", project_id="proj_a", name="by the sdk")
        assert await keys_of(sandbox).identify(made.value) == made.id
        listed = [key async for key in await projects.api_keys.list("proj_a")]
        assert [(key.id, key.name) for key in listed] == [(made.id, "by the sdk")]
        gone = await projects.api_keys.delete(made.id, project_id="proj_a")
        assert gone.deleted


async def test_a_new_key_lasts_as_long_as_the_one_in_use_was_made_for(sandbox: Sandbox) -> None:
    in_use = await keys_of(sandbox, expires=90 * 86_400).mint("rot_1", None)
    assert await lifetime(sandbox, in_use.id) == 90 * 86_400
    for_ever = await keys_of(sandbox).mint("rot_2", None)
    assert await lifetime(sandbox, for_ever.id) is None
    assert await lifetime(sandbox, (await keys_of(sandbox).mint("rot_3", in_use.secret)).id) == 90 * 86_400
    assert await lifetime(sandbox, (await keys_of(sandbox).mint("rot_4", for_ever.secret)).id) is None
    assert await lifetime(sandbox, (await keys_of(sandbox).mint("rot_5", "a key of elsewhere")).id) is None
    assert await lifetime(sandbox, (await keys_of(sandbox, expires=3600).mint("rot_6", in_use.secret)).id) == 3600


async def test_a_new_key_has_the_scopes_that_are_configured() -> None:
    async def answer(conversation: Conversation) -> None:
        await conversation.request()
        body = b'{"id": "key_1", "value": "sk-made"}'
        conversation.send(b"HTTP/1.1 200 X\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        conversation.close()

    async with scripted_upstream(answer) as upstream:
        api = AdminApi("openai", upstream.url, {}, allow_private=True)
        keys = OpenAiKeys(api, "proj_a", "svc_acct_b", scopes=["api.model.request"])
        assert (await keys.mint("rot_1", None)).id == "key_1"
        assert upstream.requests[0].json == {"name": "rot_1", "scopes": ["api.model.request"]}


async def lifetime(sandbox: Sandbox, id: str) -> int | None:
    """Seconds, as OpenAI's own client reads it."""
    async with openai.AsyncOpenAI(admin_api_key=ADMIN, api_key="unused", base_url=f"{sandbox.url}/v1") as client:
        key = await client.admin.organization.projects.api_keys.retrieve(id, project_id="proj_a")
    return None if key.expires_at is None else key.expires_at - key.created_at
