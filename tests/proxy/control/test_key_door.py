"""The way in for admin keys, over real TLS: who is let in, who is not, and what they can learn from it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.control.records import now_us
from gatewatch.keys import token
from proxy.control.api import BODY_BYTES
from tests.kit.certificates import certificate
from tests.kit.control_api import Control, control_api
from tests.kit.waiting import until


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    async with control_api(tmp_path) as made:
        yield made


def told(reply: httpx.Response) -> tuple[int, Any]:
    """All of a refusal that a caller could compare."""
    return reply.status_code, (reply.json(), reply.headers.get("www-authenticate"))


async def test_an_admin_key_is_let_in_as_itself(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    made = await control.ask(boss, "POST", "/v1/actions/teams.create", {"name": "chat"})
    assert made.status_code == 200
    entry = control.audit()[-1]
    assert (entry.action, entry.actor, entry.role, entry.source) == (
        "team.create",
        f"key:{token.parse(boss)}",
        "super-admin",
        "127.0.0.1",
    )
    assert entry.request_id == made.headers["x-gatewatch-request-id"]
    assert control.used.keys() == {token.parse(boss)}


async def test_an_admin_key_brings_its_project_and_its_environment_with_it(control: Control) -> None:
    control.key("live")
    control.key("test", environment="test")
    with control.store() as store:
        store.create_project("search", "ranker")
    control.key("ranked", project="ranker")
    bound = {"test": {"environment": "test"}, "project": {"project": "ranker", "all_teams": False}}
    seen = {}
    for name, fields in bound.items():
        secret = control.key(f"boss of {name}", kind="admin", role="super-admin", **fields)
        seen[name] = {key["name"] for key in (await control.ask(secret, "POST", "/v1/actions/keys.list", {})).json()}
        made = {"name": "eve", "role": "super-admin"}
        assert (await control.ask(secret, "POST", "/v1/actions/roles.set", made)).status_code == 403
        assert (await control.ask(secret, "POST", "/v1/actions/keys.revoke", {"key": "live"})).status_code == 404
    assert seen == {"test": {"test", "boss of test"}, "project": {"ranked", "boss of project"}}


async def test_nothing_and_everything_that_is_no_good_look_the_same(control: Control) -> None:
    keys = {name: control.key(name, kind="admin") for name in ("revoked", "expired", "ended", "rotated", "elsewhere")}
    with control.store() as store:
        store.revoke_key("revoked")
        store.connection.execute("UPDATE virtual_keys SET expires_at = ? WHERE name = 'expired'", (now_us() - 1,))
        store.rotate_key("ended", pepper=control.pepper, grace_us=10**9)
        store.end_old_secrets("ended")
        store.rotate_key("rotated", pepper=control.pepper, grace_us=1)
        store.connection.execute("""UPDATE virtual_keys SET networks = '["192.0.2.0/24"]' WHERE name = 'elsewhere'""")
    real = control.key("real", kind="admin")
    wrong = token.mint("admin", "live")
    forged = _with_kid(token.parse(real) or "", wrong)
    shown: list[str | None] = [None, *keys.values(), wrong, forged]
    replies = [told(await control.ask(secret, "GET", "/v1/live")) for secret in shown]
    assert {status for status, _ in replies} == {401}
    assert all(reply == replies[0] for reply in replies)
    reasons = [(entry.actor, (entry.after or {})["reason"]) for entry in control.audit() if entry.result == "denied"]
    assert reasons == [
        ("nobody", "no key"),
        (f"key:{token.parse(keys['revoked'])}", "revoked"),
        (f"key:{token.parse(keys['expired'])}", "expired"),
        (f"key:{token.parse(keys['ended'])}", "secret_revoked"),
        (f"key:{token.parse(keys['rotated'])}", "replaced"),
        (f"key:{token.parse(keys['elsewhere'])}", "not from 127.0.0.1"),
        ("nobody", f"unknown, kid {token.parse(wrong)}"),
        ("nobody", f"wrong_secret, kid {token.parse(real)}"),
    ]


def _with_kid(kid: str, secret: str) -> str:
    """Another key's public id before a secret that is not its own, with a right checksum."""
    body = f"gwk_ak_live_{kid}{secret[20:63]}"
    return body + token._checksum(body)


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "bearer x y", "gwk_ak_live_x", "Bearer \xff"])
async def test_a_header_that_is_no_key_is_a_401(header: str, control: Control) -> None:
    async with httpx.AsyncClient(verify=control.trust(), base_url=control.remote) as client:
        reply = await client.get("/v1/live", headers=[(b"authorization", header.encode("latin-1"))])
    assert reply.status_code == 401


async def test_other_headers_and_the_query_bring_no_key(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    assert (await control.ask(None, "GET", "/v1/live", x_api_key=boss)).status_code == 401
    assert (await control.ask(None, "GET", f"/v1/live?key={boss}")).status_code == 401
    assert boss not in str(control.audit())


async def test_a_stored_digest_is_no_credential(control: Control) -> None:
    """GHSA-69x8-hrgq-fjj8: pass the hash."""
    control.key("boss", kind="admin", role="super-admin")
    with control.store() as store:
        (digest,) = store.connection.execute("SELECT digest FROM key_secrets").fetchone()
    for text in (digest.hex(), f"gwk_ak_live_{digest.hex()}"):
        assert (await control.ask(text, "GET", "/v1/live")).status_code == 401


async def test_a_client_key_is_a_403_that_says_what_it_is(control: Control) -> None:
    reply = await control.ask(control.key("app"), "GET", "/v1/live")
    assert reply.status_code == 403
    assert "client key" in reply.json()["error"]["title"]


@pytest.mark.parametrize("mark", [{"origin": "https://x"}, {"sec_fetch_mode": "cors"}, {"Sec-Fetch-Site": "none"}])
async def test_a_browser_is_refused_with_the_best_of_keys_and_told_nothing_of_origins(
    mark: dict[str, str], control: Control
) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    for method in ("GET", "OPTIONS"):
        reply = await control.ask(boss, method, "/v1/live", **mark)
        assert reply.status_code == 403
        assert not [name for name in reply.headers if name.startswith("access-control")]


async def test_a_revoked_key_is_refused_by_the_next_request(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    async with httpx.AsyncClient(verify=control.trust(), base_url=control.remote) as client:
        client.headers["authorization"] = f"Bearer {boss}"
        assert (await client.get("/v1/live")).status_code == 200
        with control.store() as store:
            store.revoke_key("boss")
        assert (await client.get("/v1/live")).status_code == 401, "a kept connection is no right"


async def test_too_many_wrong_keys_are_only_counted_and_a_right_one_is_served_all_the_same(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    statuses = [(await control.ask(None, "GET", "/v1/live")).status_code for _ in range(14)]
    assert statuses == [401] * 10 + [429] * 4
    reply = await control.ask(None, "GET", "/v1/live")
    assert 1 <= int(reply.headers["retry-after"]) <= 61
    assert len([entry for entry in control.audit() if entry.result == "denied"]) == 10
    assert (await control.ask(boss, "GET", "/v1/live")).status_code == 200


async def test_behind_a_flood_a_key_that_is_known_is_noted_all_the_same_and_the_rest_as_a_number(
    tmp_path: Path,
) -> None:
    async with control_api(tmp_path) as control:
        gone, app = control.key("gone", kind="admin", role="super-admin"), control.key("app")
        with control.store() as store:
            store.revoke_key("gone")
        for _ in range(12):
            await control.ask(None, "GET", "/v1/live")
        before = len(control.audit())
        for _ in range(3):
            asked = {"name": "eve", "role": "super-admin"}
            assert (await control.ask(gone, "POST", "/v1/actions/roles.set", asked)).status_code == 429
        assert (await control.ask(app, "POST", "/v1/actions/keys.revoke", {"key": "x"})).status_code == 429
        noted = [(entry.actor, entry.source, (entry.after or {})["reason"]) for entry in control.audit()[before:]]
        assert noted == [
            (f"key:{token.parse(gone)}", "127.0.0.1", "revoked"),
            (f"key:{token.parse(app)}", "127.0.0.1", "client key"),
        ]
    last = control.audit()[-1]
    assert (last.action, last.actor, last.source, last.result) == ("control.tries", "nobody", "127.0.0.1", "denied")
    assert (last.after or {})["reason"] == (
        "tries that were only counted: 4, addresses: 1, the most (4) from 127.0.0.1"
    )


async def test_the_host_has_to_be_one_of_ours(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    assert (await control.ask(boss, "GET", "/v1/live", host="evil.example")).status_code == 421
    assert (await control.ask(boss, "GET", "/v1/live", host="localhost:1")).status_code == 200


async def test_bodies_are_bounded_and_not_read_for_nobody(control: Control) -> None:
    boss, much = control.key("boss", kind="admin", role="super-admin"), "x" * (BODY_BYTES + 1)
    assert (await control.ask(boss, "POST", "/v1/query/calls", {"where": much})).status_code == 413
    host, port = control.remote.removeprefix("https://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=control.trust())
    writer.write(b"POST /v1/query/calls HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n{")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 "), "the answer does not wait for the body"
    writer.close()


async def test_plain_http_is_not_answered(control: Control) -> None:
    with pytest.raises(httpx.TransportError):
        async with httpx.AsyncClient() as client:
            await client.get(control.remote.replace("https", "http") + "/v1/live")


async def test_a_gateway_that_cannot_read_its_keys_lets_nobody_in(control: Control) -> None:
    boss = control.key("boss", kind="admin", role="super-admin")
    assert (await control.ask(boss, "GET", "/v1/live")).status_code == 200
    control.home.control.rename(control.home.root / "away.db")
    try:
        assert (await control.ask(boss, "GET", "/v1/live")).status_code == 503
    finally:
        (control.home.root / "away.db").rename(control.home.control)
    await until(lambda: control.ask(boss, "GET", "/v1/live"), lambda reply: reply.status_code == 200)


async def test_with_a_client_ca_a_key_alone_is_not_enough(tmp_path: Path) -> None:
    ours, private = certificate(tmp_path, "operator")
    others, other_private = certificate(tmp_path, "somebody")
    async with control_api(tmp_path, client_ca=ours) as control:
        boss = control.key("boss", kind="admin", role="super-admin")
        shown = {"authorization": f"Bearer {boss}"}

        async def ask(chain: Path | None, key: Path | None) -> int:
            trust = control.trust()
            if chain is not None and key is not None:
                trust.load_cert_chain(chain, key)
            async with httpx.AsyncClient(verify=trust, base_url=control.remote) as client:
                return (await client.get("/v1/live", headers=shown)).status_code

        assert await ask(ours, private) == 200
        for chain, key in ((None, None), (others, other_private)):
            with pytest.raises((httpx.TransportError, ssl.SSLError)):
                await ask(chain, key)
