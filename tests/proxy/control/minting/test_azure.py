"""Azure's two keys, at a server that keeps to what Microsoft documents of them and of Entra's tokens."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest

from gatewatch.rotation.parts import AdminRefused, NoAnswer
from proxy.control.minting.admin_api import AdminApi
from proxy.control.minting.azure import AzureKeys
from tests.kit.scripted_upstream import Conversation, Received, scripted_upstream

CLIENT_SECRET = "canary-of-the-client-0123456789"
RESOURCE = "/subscriptions/s1/resourceGroups/g1/providers/Microsoft.CognitiveServices/accounts/a1"


class Azure:
    """One resource, and the token service of its tenant."""

    def __init__(self) -> None:
        self.keys = {"key1": "first-key-of-the-resource", "key2": "second-key-of-the-resource"}
        self.mute = False
        """Does what it is asked, and does not say so."""
        self.token = "canary-of-a-token-0123456789"

    async def speak(self, conversation: Conversation) -> None:
        status, said = self.answer(await conversation.request())
        body = json.dumps(said).encode()
        conversation.send(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        conversation.close()

    def answer(self, request: Received) -> tuple[int, object]:
        method, target, _ = request.line.split()
        path, _, query = target.partition("?")
        if path == "/t1/oauth2/v2.0/token":
            asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            wanted = {
                "grant_type": "client_credentials",
                "client_id": "c1",
                "client_secret": CLIENT_SECRET,
                "scope": "https://management.azure.com/.default",
            }
            if asked != wanted or request.headers["content-type"] != "application/x-www-form-urlencoded":
                return 401, {"error": "invalid_client", "error_description": f"no client with {request.body.decode()}"}
            return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": self.token}
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"error": {"code": "AuthenticationFailed", "message": "Authentication failed."}}
        if method != "POST" or query != "api-version=2024-10-01":
            return 400, {"error": {"code": "MissingApiVersionParameter", "message": "api-version"}}
        if path == f"{RESOURCE}/listKeys" and not request.body:
            return 200, self.keys
        if path == f"{RESOURCE}/regenerateKey":
            name = request.json["keyName"]
            if name not in ("Key1", "Key2"):
                return 400, {"error": {"code": "InvalidKeyName", "message": "keyName"}}
            self.keys[name.lower()] = secrets.token_hex(16)
            if self.mute:
                return 502, {}
            return 200, self.keys
        return 404, {"error": {"code": "ResourceNotFound", "message": path}}


@asynccontextmanager
async def azure(secret: str = CLIENT_SECRET) -> AsyncIterator[tuple[Azure, AzureKeys]]:
    server = Azure()
    async with scripted_upstream(server.speak) as upstream:
        api = AdminApi("azure", upstream.url.removesuffix("/v1"), {}, allow_private=True)
        yield server, AzureKeys(api, api, tenant="t1", client="c1", secret=secret, resource=RESOURCE)


async def test_the_spare_key_is_made_anew_and_the_one_in_use_is_left_alone() -> None:
    async with azure() as (server, keys):
        in_use, spare = server.keys["key1"], server.keys["key2"]
        minted = await keys.mint("rot_1", in_use)
        assert (minted.id, minted.secret) == ("Key2", server.keys["key2"])
        assert minted.secret != spare
        assert server.keys["key1"] == in_use


async def test_the_old_key_ends_and_the_next_rotation_takes_the_other_one() -> None:
    async with azure() as (server, keys):
        old = server.keys["key1"]
        minted = await keys.mint("rot_1", old)
        id = await keys.identify(old)
        assert id == "Key1"
        await keys.revoke(id)
        assert old not in server.keys.values()
        assert server.keys["key2"] == minted.secret
        assert (await keys.mint("rot_2", minted.secret)).id == "Key1"


async def test_where_it_is_not_known_which_key_is_spare_none_is_made_anew() -> None:
    async with azure() as (server, keys):
        before = dict(server.keys)
        for beside in ("a key of another resource", None):
            with pytest.raises(AdminRefused, match="neither of the two keys"):
                await keys.mint("rot_1", beside)
        assert server.keys == before
        assert await keys.named("rot_1") == []


async def test_a_client_that_is_not_known_is_told_without_its_secret() -> None:
    async with azure("another-secret-of-the-client") as (_, keys):
        with pytest.raises(AdminRefused, match="answered 401: no client") as refused:
            await keys.identify("x")
    assert "another-secret" not in str(refused.value)


async def test_a_second_key_of_whose_making_nothing_is_heard_is_nothing_left_over() -> None:
    async with azure() as (server, keys):
        server.mute = True
        with pytest.raises(AdminRefused) as refused:
            await keys.mint("rot_1", server.keys["key1"])
        assert not isinstance(refused.value, NoAnswer)
