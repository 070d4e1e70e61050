"""One try: what each answer means, and that nothing of the URL or the receiver's words is repeated."""

from collections.abc import AsyncIterator

import httpx
import pytest

from proxy.checked_transport import checked_client
from proxy.control.alerting.sinks import posting
from proxy.control.alerting.sinks.posting import Outcome, post
from tests.kit.scripted_upstream import answers, http, scripted_upstream, silence

CANARY = "canary4f1c9a7e2b8d6350"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with checked_client(allow_private=True, seconds=5) as client:
        yield client


async def outcome_of(client: httpx.AsyncClient, reply: bytes) -> Outcome:
    async with scripted_upstream(answers(reply)) as upstream:
        found = await post(client, f"{upstream.url}/{CANARY}", b"{}", {"webhook-id": "msg_1"})
        (request,) = upstream.requests
        assert request.line == f"POST /v1/{CANARY} HTTP/1.1"
        assert (request.headers["webhook-id"], request.body) == ("msg_1", b"{}")
    assert CANARY not in found.said
    return found


@pytest.mark.parametrize(
    ("status", "delivered", "again"),
    [
        (200, True, False), (204, True, False), (301, False, False), (307, False, False), (400, False, False),
        (401, False, False), (404, False, False), (408, False, True), (410, False, False), (429, False, True),
        (500, False, True), (503, False, True),
    ],
)  # fmt: skip
async def test_what_a_status_means(client: httpx.AsyncClient, status: int, delivered: bool, again: bool) -> None:
    found = await outcome_of(client, http(status, CANARY.encode(), f"location: http://127.0.0.1:1/{CANARY}"))
    assert (found.delivered, found.again) == (delivered, again)
    assert str(status) in found.said


@pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("99999", 300.0), ("-1", 0.0), ("soon", 0.0), ("1" * 400, 0.0)])
async def test_a_receiver_may_ask_for_a_pause_but_not_for_any(
    client: httpx.AsyncClient, said: str, wait: float
) -> None:
    assert (await outcome_of(client, http(429, b"", f"retry-after: {said}"))).wait == wait


async def test_one_that_is_not_there_or_says_nothing_is_tried_again(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await post(client, f"http://127.0.0.1:1/{CANARY}", b"", {})
    assert refused.again
    assert refused.said == "cannot be reached (refused)"
    nowhere = await post(client, f"http://no-such-host.invalid/{CANARY}", b"", {})
    assert nowhere.again
    monkeypatch.setattr(posting, "TRY_SECONDS", 0.05)
    async with scripted_upstream(silence) as upstream:
        silent = await post(client, f"{upstream.url}/{CANARY}", b"", {})
    assert silent.again
    assert silent.said == "did not answer within 0.05 s"
    assert CANARY not in refused.said + nowhere.said + silent.said


async def test_an_inner_address_behind_a_name_is_not_asked() -> None:
    async with (
        scripted_upstream(answers(http(200, b""))) as upstream,
        checked_client(allow_private=False, seconds=5) as client,
    ):
        found = await post(client, f"http://localhost:{upstream.port}/{CANARY}", b"", {})
        assert not upstream.conversations
    assert (found.delivered, found.again) == (False, False)
    assert found.said == "is at an address that is not public, and allow_private is not set"


async def test_what_is_no_http_is_tried_again(client: httpx.AsyncClient) -> None:
    found = await outcome_of(client, b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    assert (found.delivered, found.again) == (False, True)
