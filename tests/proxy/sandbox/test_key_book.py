import json

import httpx

from proxy.sandbox.key_book import CONSOLE_MARK, KeyBook, redacted
from proxy.sandbox.provider import Options
from proxy.sandbox.server import start


def bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {secret}".encode())]


def test_a_key_that_was_made_passes_until_it_is_forgotten_and_is_counted() -> None:
    book = KeyBook()
    key = book.make(prefix="sk", id="key_1", name="a", place="proj_a")
    assert [book.admits(bearer(key.secret)) for _ in range(3)] == [True] * 3
    assert book.find("proj_a", "key_1") is key
    book.forget(key)
    assert not book.admits(bearer(key.secret))
    assert book.find("proj_a", "key_1") is None
    assert (key.calls, key.refused) == (3, 1)


def test_keys_of_nobody_pass_as_ever() -> None:
    book = KeyBook()
    assert book.admits(bearer("sk-anything"))
    assert book.admits([(b"x-api-key", b"whatever")])
    assert book.admits([])
    assert book.all() == []


def test_a_key_of_our_own_shape_that_was_never_made_is_refused() -> None:
    book = KeyBook()
    key = book.make(prefix="sk", id="key_1", name="a", place="proj_a")
    assert not KeyBook().admits(bearer(key.secret))


def test_a_key_of_the_console_is_known_from_its_first_use_on_in_any_header() -> None:
    book = KeyBook()
    secret = f"sk-ant-api03-abc{CONSOLE_MARK.decode()}def"
    for header in (b"x-api-key", b"api-key", b"x-goog-api-key"):
        assert book.admits([(header, secret.encode())])
    (key,) = book.keys("console")
    assert key.calls == 3


def test_a_key_that_manages_keys_calls_no_model() -> None:
    for secret in ("sk-admin-a", "sk-or-mgmt-a", "sk-ant-admin01-a"):
        assert not KeyBook().admits(bearer(secret))


def test_a_list_shows_the_ends_of_a_key() -> None:
    assert redacted("sk-abcdefghijkl", 5, 3) == "sk-ab...jkl"


async def test_a_tester_is_told_of_keys_without_secrets() -> None:
    sandbox = await start(Options())
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        headers = {"authorization": "Bearer sk-admin-a"}
        url = "/v1/organization/projects/proj_a/service_accounts/svc_acct_b/api_keys"
        made = (await client.post(url, json={"name": "mine"}, headers=headers)).json()
        used = {"authorization": f"Bearer {made['value']}"}
        assert (await client.get("/v1/models", headers=used)).status_code == 200
        told = (await client.get("/__sandbox/stats?last=0")).text
    await sandbox.close()
    (key,) = json.loads(told)["keys"]
    assert (key["id"], key["name"], key["active"], key["calls"], key["refused"]) == (made["id"], "mine", True, 1, 0)
    assert made["value"] not in told
