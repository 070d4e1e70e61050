"""The one key of a request, in whichever header its SDK uses, and nothing but a 401 for all others."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from gatewatch.control import key_table
from gatewatch.control.key_table import KeyTable
from gatewatch.control.store import ControlStore
from gatewatch.keys import token
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.worker.authenticate import authenticate, presented_key
from proxy.worker.inbound import Inbound
from tests.kit.raw_http import ask, request
from tests.kit.worker_process import PEPPER, Worker, make_key

NewInbound = Callable[..., Inbound]


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer K"},
        {b"authorization": b"bearer K"},
        {b"authorization": b"BEARER   K  "},
        {b"x-api-key": b"K"},
        {b"api-key": b"K"},
        {b"x-goog-api-key": b"K"},
        {b"authorization": b"Bearer K", b"x-api-key": b"K", b"api-key": b"K", b"x-goog-api-key": b"K"},
        {b"authorization": b"Bearer ", b"x-api-key": b"K"},
    ],
)
async def test_a_key_is_found_in_any_of_four_headers(inbound: NewInbound, headers: dict[bytes, bytes]) -> None:
    assert presented_key(inbound(headers)) == "K"


@pytest.mark.parametrize("other", [b"x-api-key", b"api-key", b"x-goog-api-key"])
async def test_two_different_keys_are_a_bad_request(inbound: NewInbound, other: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        presented_key(inbound({b"authorization": b"Bearer K", other: b"L"}))
    assert (refused.value.status, refused.value.code) == (400, "two_keys")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"x-api-key": b""},
        {b"authorization": b""},
        {b"authorization": b"Bearer"},
        {b"authorization": b"Bearer   "},
        {b"authorization": b"Basic dXNlcjpwYXNz"},
        {b"authorization": b"K"},
        {b"cookie": b"key=K"},
    ],
)
async def test_no_key_is_a_401(inbound: NewInbound, headers: dict[bytes, bytes]) -> None:
    with pytest.raises(Refusal) as refused:
        presented_key(inbound(headers))
    assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")


@pytest.fixture
def keys(home: Home) -> Iterator[KeyTable]:
    ControlStore.open(home.control).close()
    table = KeyTable(home.control, PEPPER)
    yield table
    table.close()


@pytest.mark.parametrize(
    "value",
    [
        b"Bearer \xff\xfe\x80",
        "Bearer sch\u00f6n".encode(),
        b"Bearer " + b"x" * (1 << 20),
        b"Bearer ' OR '1'='1",
        b"Bearer gwk_sk_live_" + b"0" * 57,
        b"Bearer None",
        b"Bearer \xd9\xa1\xd9\xa2",
        b"Bearer a b",
    ],
)
async def test_any_other_text_is_one_and_the_same_401(inbound: NewInbound, keys: KeyTable, value: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        authenticate(inbound({b"authorization": value}), keys)
    assert (refused.value.status, refused.value.message) == (401, "The API key is not valid here.")


async def test_a_key_of_the_store_is_known_by_its_record(inbound: NewInbound, home: Home) -> None:
    kid, secret = make_key(home, "app")
    table = KeyTable(home.control, PEPPER)
    found = authenticate(inbound({b"x-api-key": secret.encode()}), table)
    assert (found.key.id, found.key.name, found.key.team) == (kid, "app", "search")
    wrong_by_one = secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:]
    for other in (wrong_by_one, secret + " x", secret.lower()):
        with pytest.raises(Refusal):
            authenticate(inbound({b"x-api-key": other.encode()}), table)
    table.close()


async def test_a_key_made_a_moment_ago_is_known(inbound: NewInbound, home: Home, keys: KeyTable) -> None:
    """The table was looked at just now, and is not due for another look."""
    _, secret = make_key(home, "new")
    assert authenticate(inbound({b"x-api-key": secret.encode()}), keys).key.name == "new"


class Bad(NamedTuple):
    """A key that is not served, and why."""

    secret: str
    reason: str


@pytest.fixture
def bad_keys(home: Home) -> list[Bad]:
    """One of each kind."""
    made: list[Bad] = []
    with ControlStore.open(home.control) as store:

        def key(name: str, **options: Any) -> tuple[str, str]:
            record, secret = store.create_key(name, team="search", create_team=True, pepper=PEPPER, **options)
            return record.id, secret

        kid, secret = key("revoked")
        store.revoke_key(kid)
        made.append(Bad(secret, f"{kid}: revoked"))

        kid, secret = key("replaced")
        store.rotate_key(kid, pepper=PEPPER, grace_us=1)
        made.append(Bad(secret, f"{kid}: replaced"))

        kid, secret = key("ended before its time")
        store.rotate_key(kid, pepper=PEPPER, grace_us=600_000_000)
        store.end_old_secrets(kid)
        made.append(Bad(secret, f"{kid}: secret_revoked"))
    with ControlStore.open(home.control, clock=lambda: 1_000_000) as store:
        kid, secret = key("expired", expires_at=2_000_000)
        made.append(Bad(secret, f"{kid}: expired"))
    with ControlStore.open(home.control) as store:
        record, secret = store.create_key("guessed", team="search", pepper=bytes(32))
        made.append(Bad(secret, f"{record.id}: wrong_secret"))
    unknown = token.mint("client", "live")
    return [*made, Bad(unknown, f"{token.parse(unknown)}: unknown")]


async def test_whatever_is_wrong_with_a_key_takes_the_same_work_and_is_told_to_the_operator_alone(
    inbound: NewInbound, home: Home, bad_keys: list[Bad], monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = 0

    def counted(pepper: bytes, text: str) -> bytes:
        nonlocal digests
        digests += 1
        return token.digest(pepper, text)

    monkeypatch.setattr(key_table, "digest", counted)
    table = KeyTable(home.control, PEPPER)
    seen = set()
    for bad in bad_keys:
        before = digests
        with pytest.raises(Refusal) as refused:
            authenticate(inbound({b"x-api-key": bad.secret.encode()}), table)
        told = refused.value
        assert told.reason == bad.reason
        seen.add((digests - before, told.status, told.code, told.message, told.type, told.headers, told.close))
    assert len(seen) == 1
    table.close()


async def test_the_replies_are_the_same_bytes_and_the_rows_say_why(worker: Worker) -> None:
    home = worker.home
    with ControlStore.open(home.control) as store:
        revoked, secret_of_revoked = store.create_key("gone", team="search", pepper=PEPPER)
        store.revoke_key(revoked.id)
        rotated, secret_of_replaced = store.create_key("rotated", team="search", pepper=PEPPER)
        store.rotate_key(rotated.id, pepper=PEPPER, grace_us=1)
        guessed, guess = store.create_key("guessed", team="search", pepper=bytes(32))
    unknown = token.mint("client", "live")
    secrets = {
        secret_of_revoked: f"{revoked.id}: revoked",
        secret_of_replaced: f"{rotated.id}: replaced",
        guess: f"{guessed.id}: wrong_secret",
        unknown: f"{token.parse(unknown)}: unknown",
        "no key at all": "malformed",
    }
    body = b'{"model":"chat","messages":[]}'
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"):
        replies = set()
        for secret, reason in secrets.items():
            reply = await ask(worker.port, request("POST", path, body, {"Authorization": f"Bearer {secret}"}))
            call_id = reply.headers["x-gatewatch-call-id"]
            headers = tuple((name, value.replace(call_id, "ID")) for name, value in reply.headers.items())
            replies.add((reply.status, headers, reply.body.replace(call_id.encode(), b"ID")))
            row = await worker.closed(call_id=call_id)
            assert (row["status"], row["error_kind"]) == ("blocked", "invalid_api_key")
            assert row["error_message"] == f"The API key is not valid here. ({reason})"
        assert len(replies) == 1, path
