"""Keys that leaked, on a whole running gateway: seen, told, refused or ended; and no browser is ever invited."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.control_client import ControlClient
from gatewatch.keys import token
from gatewatch.paths import Home
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
behind_proxy: {{trusted: [127.0.0.0/8]}}
leaks: {{learn: 1ms}}
teams:
  search: {{}}
  strict: {{leaks: {{browser: revoke, new_network: refuse, in_prompt: revoke}}}}
"""
PAGE = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
PATHS = {
    "/v1/chat/completions": {"model": "chat", "messages": [{"role": "user", "content": "hi"}]},
    "/v1/messages": {"model": "chat", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    "/v1/responses": {"model": "chat", "input": "hi"},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("leaks")
    with (
        sandbox(folder) as provider,
        gateway(folder, CONFIG.format(sandbox=provider.listen), "--workers", "2") as running,
    ):
        yield running


def port(served: Gateway) -> int:
    return int(served.running.listen.rpartition(":")[2])


async def call(
    served: Gateway, secret: str, path: str = "/v1/chat/completions", prompt: str = "hi", **headers: str
) -> RawReply:
    body = json.loads(json.dumps(PATHS[path]).replace('"hi"', json.dumps(prompt)))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"Authorization": f"Bearer {secret}"} | named
    return await ask(port(served), request("POST", path, json.dumps(body).encode(), fields))


def alarms(served: Gateway) -> dict[str, str]:
    with ControlClient(Home(served.home).socket) as control:
        return {alarm["id"]: alarm["text"] for alarm in control.live()["alarms"]}


def leaks_of(served: Gateway, key_id: str) -> list[dict[str, Any]]:
    with ControlStore.open(Home(served.home).control) as store:
        found = [entry for entry in store.audit_entries(500) if (entry.action, entry.target) == ("key.leak", key_id)]
    return [entry.after or {} for entry in found]


def content(path: Path) -> bytes:
    """Of a file that may be gone already: the ledger has files of a moment."""
    with suppress(FileNotFoundError):
        return path.read_bytes() if path.is_file() else b""
    return b""


async def ended(served: Gateway, secret: str) -> float:
    """Seconds until both workers refuse the key for good."""
    begun = time.monotonic()
    in_a_row = 0
    while in_a_row < 10:
        in_a_row = in_a_row + 1 if (await call(served, secret)).status == 401 else 0
        assert time.monotonic() - begun < 10, "it is still served"
    return time.monotonic() - begun


async def test_a_key_in_a_browser_is_served_and_told_unless_the_team_says_otherwise(served: Gateway) -> None:
    secret = served.key("in-a-page")
    key_id = str(token.parse(secret))
    for path in PATHS:
        reply = await call(served, secret, path, **PAGE)
        assert (reply.status, [name for name in reply.headers if name.startswith("access-control")]) == (200, [])
    standing = await until(lambda: alarms(served), lambda found: f"leak:{key_id}" in found)
    assert "https://shop.example" in standing[f"leak:{key_id}"]
    assert f"gatewatch keys rotate {key_id}" in standing[f"leak:{key_id}"]
    assert [leak["mark"] for leak in leaks_of(served, key_id)] == ["browser"]


async def test_where_the_team_wants_that_such_a_key_is_ended_within_a_second(served: Gateway) -> None:
    secret = served.key("shop", team="strict")
    key_id = str(token.parse(secret))
    assert (await call(served, secret)).status == 200
    reply = await call(served, secret, "/v1/messages", **PAGE)
    assert (reply.status, reply.json["type"], reply.json["error"]["type"]) == (403, "error", "permission_error")
    took = await ended(served, secret)
    assert took < 5, "promised is a second; a busy machine is not the gateway's"
    assert "was revoked" in alarms(served)[f"leak:{key_id}"]
    assert served.ask("keys", "show", key_id)["state"] == "revoked"
    reply = await call(served, served.key("shop2", team="strict"), **PAGE)
    assert (reply.status, reply.json["error"]["code"]) == (403, "key_leaked")


async def test_somebody_elses_key_in_a_prompt_is_ended_and_never_sent_on(served: Gateway) -> None:
    caller, leaked = served.key("careless"), served.key("precious", team="strict")
    prompt = f"why does this fail?\nKEY={leaked}\n"
    reply = await until(lambda: call(served, caller, prompt=prompt), lambda reply: reply.status != 200)  # a new key
    assert (reply.status, reply.json["error"]["code"]) == (403, "key_leaked")
    assert leaked[20:60] not in reply.body.decode()
    await ended(served, leaked)
    assert (await call(served, caller)).status == 200
    (leak,) = leaks_of(served, str(token.parse(leaked)))
    assert leak["source"] == f"a prompt of key {token.parse(caller)}"


async def test_a_key_from_a_new_network_is_told_once_or_refused(served: Gateway) -> None:
    for team, status in (("search", 200), ("strict", 403)):
        secret = served.key("backend", team=team)
        key_id = str(token.parse(secret))
        assert (await call(served, secret, X_Forwarded_For="203.0.113.5")).status == 200
        with ControlStore.open(Home(served.home).control) as store:
            await until(lambda store=store, key_id=key_id: store.networks_used(key_id), bool)
        for host in ("203.0.113.200", "203.0.113.201"):
            assert (await call(served, secret, X_Forwarded_For=host)).status == 200
        for host in ("198.51.100.1", "198.51.100.2", "198.51.100.3"):
            assert (await call(served, secret, X_Forwarded_For=host)).status == status
        found = await until(lambda key_id=key_id: leaks_of(served, key_id), bool)
        assert [(leak["mark"], leak["source"]) for leak in found] == [("new_network", "198.51.100.0/24")]
        await until(lambda: alarms(served), lambda standing, key_id=key_id: f"leak:{key_id}" in standing)


@pytest.mark.parametrize("path", [*PATHS, "/v1/models", "/", "/v1/nothing"])
@pytest.mark.parametrize("with_a_key", [False, True])
async def test_no_browser_is_invited(served: Gateway, path: str, with_a_key: bool) -> None:
    key = f"Bearer {served.key('page')}" if with_a_key else ""
    asked = {"Authorization": key, "Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    asked |= {"Access-Control-Request-Headers": "authorization,content-type"}
    reply = await ask(port(served), request("OPTIONS", path, b"", asked))
    assert reply.status in (404, 405)
    said = reply.body.decode().lower()
    assert not [name for name in reply.headers if name.startswith(("access-control", "www-authenticate"))]
    assert not [word for word in ("key", "bearer", "authoriz") if word in said]


async def test_no_sink_has_a_secret(served: Gateway) -> None:
    secret = served.key("canary", team="strict")
    await call(served, secret, **(PAGE | {"Origin": f"https://{secret}.example"}))
    await call(served, served.key("other"), prompt=secret)
    await ended(served, secret)
    told = json.dumps([alarms(served), leaks_of(served, str(token.parse(secret)))])
    assert secret[20:60] not in told
    written = [*served.home.rglob("*"), served.running.log]
    assert [path.name for path in written if secret[20:60].encode() in content(path)] == []


def test_the_whole_story_needs_no_browser_of_node(served: Gateway) -> None:
    """Node's own fetch, and the SDKs on it, send `Sec-Fetch-Mode` from servers."""
    secret = served.key("node")
    reply = asyncio.run(call(served, secret, Sec_Fetch_Mode="cors", User_Agent="node", Accept_Language="*"))
    assert reply.status == 200
    assert leaks_of(served, str(token.parse(secret))) == []
