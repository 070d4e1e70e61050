"""The one key of a request, in whichever header its SDK uses, and nothing but a 401 for all others."""

from collections.abc import Callable, Iterator

import pytest

from gatewatch.control.key_table import KeyTable
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.worker.authenticate import authenticate, presented_key
from proxy.worker.inbound import Inbound
from tests.kit.worker_process import PEPPER, make_key

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
