"""Google's API keys, at a server that keeps to the discovery document of the API Keys API, and real tokens for it."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from gatewatch.rotation.parts import AdminRefused
from proxy.control.minting import google
from proxy.control.minting.admin_api import AdminApi
from proxy.control.minting.google import GoogleKeys
from proxy.worker.google_token import GoogleToken
from tests.kit.scripted_upstream import Conversation, Received, scripted_upstream
from tests.kit.token_server import TokenServer, token_server

PARENT = "projects/123456/locations/global/keys"
"""Names come with the project's number, whatever it was asked by."""
GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}
RESTRICTIONS = {"browserKeyRestrictions", "serverKeyRestrictions", "androidKeyRestrictions", "iosKeyRestrictions"}

Answer = tuple[int, dict[str, Any]]


class ApiKeys:
    """The project `shop`, number 123456, and one key of another project."""

    def __init__(self, tokens: TokenServer) -> None:
        self._tokens = tokens
        self.keys: dict[str, dict[str, Any]] = {}
        self.elsewhere = {"AIza-of-another-project": "projects/99/locations/global/keys/other"}
        self.operations: dict[str, tuple[int, dict[str, Any]]] = {}
        self.fails: str | None = None
        self.page = 2
        self._numbers = itertools.count(1)

    async def speak(self, conversation: Conversation) -> None:
        status, said = self.answer(await conversation.request())
        body = json.dumps(said).encode()
        conversation.send(
            f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
        )
        conversation.close()

    def answer(self, request: Received) -> Answer:
        if request.headers.get("authorization") not in [f"Bearer {token}" for token in self._tokens.tokens]:
            return no(401, "Request had invalid authentication credentials.")
        method, target, _ = request.line.split()
        path, _, text = target.partition("?")
        query = {name: values[0] for name, values in parse_qs(text).items()}
        path = re.sub(r"projects/(shop|123456)/", "projects/123456/", unquote(path))
        match method, path:
            case "GET", "/v2/keys:lookupKey":
                return self._looked_up(query["keyString"])
            case "GET", _ if (name := path.removeprefix("/v2/")) in self.operations:
                return self._operation(name)
            case "POST", _ if path == f"/v2/{PARENT}":
                return self._started(self.made(request.json))
            case "GET", _ if path == f"/v2/{PARENT}":
                return self._listed(query)
        name = path.removeprefix("/v2/").removesuffix("/keyString")
        if name not in self.keys:
            return no(404, "Requested entity was not found.")
        match method:
            case "GET" if path.endswith("/keyString"):
                return 200, {"keyString": self.keys[name]["keyString"]}
            case "GET":
                return 200, shown(self.keys[name])
            case "DELETE":
                del self.keys[name]
                return self._started({})
        return no(405, "no such method")

    def made(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked.keys() <= {"displayName", "restrictions", "serviceAccountEmail"}
        assert len(asked["displayName"]) <= 63
        assert asked.get("restrictions", {}).keys() <= RESTRICTIONS | {"apiTargets"}
        number = next(self._numbers)
        name = f"{PARENT}/uid-{number}"
        self.keys[name] = asked | {"name": name, "uid": f"uid-{number}", "keyString": f"AIza-canary-{number:030d}"}
        return shown(self.keys[name])

    def _started(self, response: dict[str, Any]) -> Answer:
        name = f"operations/akmf.p7-123456-{next(self._numbers)}"
        self.operations[name] = 2, response
        return 200, {"name": name}

    def _operation(self, name: str) -> Answer:
        left, response = self.operations[name]
        if left:
            self.operations[name] = left - 1, response
            return 200, {"name": name}
        if self.fails:
            return 200, {"name": name, "done": True, "error": {"code": 8, "message": self.fails}}
        return 200, {"name": name, "done": True, "response": response}

    def _listed(self, query: dict[str, str]) -> Answer:
        start, every = int(query.get("pageToken", 0)), [shown(key) for key in self.keys.values()]
        page = every[start : start + min(self.page, int(query.get("pageSize", 50)))]
        more = {"nextPageToken": str(start + self.page)} if start + self.page < len(every) else {}
        return 200, ({"keys": page} if page else {}) | more

    def _looked_up(self, secret: str) -> Answer:
        found = {key["keyString"]: name for name, key in self.keys.items()} | self.elsewhere
        if secret not in found:
            return no(404, f"no key {secret}")
        return 200, {"parent": found[secret].rpartition("/keys/")[0], "name": found[secret]}


def shown(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "keyString"}


def no(status: int, message: str) -> Answer:
    return status, {"error": {"code": status, "message": message, "status": "X"}}


@pytest.fixture(scope="module")
def tokens() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "PAUSE_SECONDS", 0.001)


@pytest.fixture
async def server(tokens: TokenServer) -> AsyncIterator[tuple[ApiKeys, GoogleKeys]]:
    async with running(tokens) as made:
        yield made


@asynccontextmanager
async def running(tokens: TokenServer) -> AsyncIterator[tuple[ApiKeys, GoogleKeys]]:
    api = ApiKeys(tokens)
    async with scripted_upstream(api.speak) as upstream:
        base = upstream.url.removesuffix("/v1")
        asked = AdminApi("google", base, {}, allow_private=True)
        yield api, GoogleKeys(asked, GoogleToken(tokens.service_account), "shop")


async def test_a_minted_key_is_there_until_it_is_deleted(server: tuple[ApiKeys, GoogleKeys]) -> None:
    api, keys = server
    minted = await keys.mint("rot_1", None)
    assert api.keys[minted.id]["keyString"] == minted.secret
    assert api.keys[minted.id]["restrictions"] == GEMINI
    assert await keys.identify(minted.secret) == minted.id
    await keys.revoke(minted.id)
    assert api.keys == {}
    await keys.revoke(minted.id)
    await keys.revoke(f"{PARENT}/that-never-was")


async def test_the_new_key_is_restricted_as_the_old_one(server: tuple[ApiKeys, GoogleKeys]) -> None:
    api, keys = server
    narrow = GEMINI | {"serverKeyRestrictions": {"allowedIps": ["203.0.113.0/24"]}}
    by_hand = api.keys[api.made({"displayName": "by hand", "restrictions": narrow})["name"]]
    minted = await keys.mint("rot_1", by_hand["keyString"])
    assert api.keys[minted.id]["restrictions"] == narrow
    unrestricted = api.keys[api.made({"displayName": "by hand"})["name"]]
    minted = await keys.mint("rot_2", unrestricted["keyString"])
    assert api.keys[minted.id]["restrictions"] == GEMINI


async def test_the_new_key_is_bound_to_the_service_account_of_the_old_one(
    server: tuple[ApiKeys, GoogleKeys],
) -> None:
    api, keys = server
    robot = "robot@shop.iam.gserviceaccount.com"
    by_hand = api.keys[api.made({"displayName": "by hand", "serviceAccountEmail": robot})["name"]]
    minted = await keys.mint("rot_1", by_hand["keyString"])
    assert (api.keys[minted.id]["serviceAccountEmail"], api.keys[minted.id]["restrictions"]) == (robot, GEMINI)


async def test_a_key_is_found_by_its_name_among_several_pages(server: tuple[ApiKeys, GoogleKeys]) -> None:
    api, keys = server
    assert await keys.named("rot_1") == [], "an empty list is left out of a reply"
    names = [api.made({"displayName": f"rot_{number % 3}"})["name"] for number in range(7)]
    assert await keys.named("rot_1") == [names[1], names[4]]
    assert await keys.identify(api.keys[names[6]]["keyString"]) == names[6]


async def test_a_key_of_another_project_is_neither_ours_nor_replaced(server: tuple[ApiKeys, GoogleKeys]) -> None:
    api, keys = server
    for secret in (*api.elsewhere, "AIza-that-nobody-knows"):
        assert await keys.identify(secret) is None
        with pytest.raises(AdminRefused, match="none of the project shop") as refused:
            await keys.mint("rot_1", secret)
        assert secret not in str(refused.value)
    assert api.keys == {}


async def test_an_operation_that_fails_or_never_ends_is_told(
    server: tuple[ApiKeys, GoogleKeys], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, keys = server
    api.fails = "Quota exceeded for keys"
    with pytest.raises(AdminRefused, match="has not done it: Quota exceeded for keys"):
        await keys.mint("rot_1", None)
    monkeypatch.setattr(google, "OPERATION_SECONDS", 0.0)
    with pytest.raises(AdminRefused, match="has not done it within"):
        await keys.mint("rot_1", None)


async def test_a_name_that_leads_elsewhere_is_not_followed(server: tuple[ApiKeys, GoogleKeys]) -> None:
    api, keys = server
    api.operations["operations/../../elsewhere"] = 0, {}
    with pytest.raises(AdminRefused, match="names what it cannot mean"):
        await keys._done({"name": "operations/../../elsewhere"})


async def test_without_a_token_nobody_is_asked(tokens: TokenServer) -> None:
    async with running(tokens) as (api, keys):
        tokens.refusal = 400, {"error": "invalid_grant", "error_description": "no such account"}
        try:
            with pytest.raises(AdminRefused, match="Google cannot be asked: no token came"):
                await keys.named("rot_1")
        finally:
            tokens.refusal = None
    assert api.keys == {}
