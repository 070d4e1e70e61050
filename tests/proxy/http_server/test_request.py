"""A request's body is whole, bounded, or the client has left."""

import asyncio

import pytest

from proxy.http_server.bounds import Bounds
from proxy.http_server.connection import ClientConnection
from proxy.http_server.request import ClientLeft, Request
from proxy.refusal import Refusal
from proxy.settings import Caps


async def nobody(_request: Request) -> None:
    raise AssertionError("no request is served here")


@pytest.fixture
async def request_() -> Request:
    return Request(ClientConnection(nobody, Bounds(Caps(), None), asyncio.get_running_loop()))


async def test_a_body_that_is_here_is_taken_at_once(request_: Request) -> None:
    request_.fed(b"abc")
    request_.completed()
    assert await request_.body(3) == b"abc"


async def test_no_body_is_an_empty_one(request_: Request) -> None:
    request_.completed()
    assert await request_.body(0) == b""


async def test_a_body_in_parts_is_waited_for(request_: Request) -> None:
    body = asyncio.create_task(request_.body(100))
    for part in (b"a", b"b", b"c"):
        await asyncio.sleep(0)
        assert not body.done()
        request_.fed(part)
    request_.completed()
    assert await body == b"abc"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_body_beyond_the_cap_is_refused_as_soon_as_it_is_seen(request_: Request, whole: bool) -> None:
    body = asyncio.create_task(request_.body(3))
    await asyncio.sleep(0)
    assert request_.fed(b"ab") == 2
    assert request_.fed(b"cd") == 4
    if whole:
        request_.completed()
    with pytest.raises(Refusal) as refused:
        await body
    assert (refused.value.status, refused.value.code, refused.value.close) == (413, "request_too_large", True)


async def test_a_client_that_leaves_before_its_body_is_whole_has_left(request_: Request) -> None:
    told = []
    request_.on_disconnect = lambda: told.append("left")
    body = asyncio.create_task(request_.body(100))
    await asyncio.sleep(0)
    request_.fed(b"half")
    request_.client_left()
    with pytest.raises(ClientLeft):
        await body
    assert told == ["left"]


async def test_many_small_parts_are_put_together(request_: Request) -> None:
    for _ in range(100_000):
        request_.fed(b"x")
    request_.completed()
    assert await request_.body(100_000) == b"x" * 100_000
