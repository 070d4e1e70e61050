"""Requests to a provider that are no calls: what is answered, what is not, and how much of it is read."""

import json
from collections.abc import AsyncIterator

import pytest

from proxy.deferring.plain_exchange import Away, Said, ask, checked_id, lines
from proxy.sandbox.server import Sandbox
from proxy.settings import Provider, ProviderKey, Way
from proxy.worker.channel import Channel, Upstream


@pytest.fixture
async def channel(sandbox: Sandbox) -> AsyncIterator[Channel]:
    upstream = reaching(f"{sandbox.url}/v1")
    yield upstream.channels[0]
    upstream.close()


def reaching(url: str, key: str = "sk-of-the-provider") -> Upstream:
    provider = Provider(
        name="openai",
        ways=(Way(dialect="openai-chat", base_url=url),),
        keys=(ProviderKey(id="main", secret=key),),
        price_provider="openai",
        allow_private=True,
    )
    return Upstream(provider, "gatewatch/test")


async def test_a_good_answer_is_its_body(channel: Channel) -> None:
    assert json.loads(await ask(channel, "GET", "/models/gpt-4o"))["id"] == "gpt-4o"


@pytest.mark.parametrize(("path", "status"), [("/batches/batch_nobody", 404), ("/nothing", 404)])
async def test_an_error_is_raised_with_its_status(channel: Channel, path: str, status: int) -> None:
    with pytest.raises(Said) as raised:
        await ask(channel, "GET", path)
    assert (raised.value.status, raised.value.is_passing) == (status, False)
    with pytest.raises(Said):
        [line async for line in lines(channel, path)]


@pytest.mark.parametrize(("status", "passing"), [(400, False), (401, False), (429, True), (500, True), (503, True)])
def test_an_error_may_pass(status: int, passing: bool) -> None:
    assert Said(status, b"").is_passing is passing


async def test_a_provider_that_is_not_there_was_told_nothing() -> None:
    upstream = reaching("http://127.0.0.1:1/v1")
    with pytest.raises(Away) as raised:
        await ask(upstream.channels[0], "POST", "/batches", b"{}")
    assert not raised.value.sent
    upstream.close()


async def test_long_answers_come_line_by_line(channel: Channel) -> None:
    held = b"".join(b'{"line":%d,"text":"%s"}\n' % (n, b"x" * 5000) for n in range(500)) + b'{"line":"last"}'
    form = b"".join(
        (
            b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n',
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n',
            held,
            b"\r\n--b--\r\n",
        )
    )
    file = json.loads(await ask(channel, "POST", "/files", form, content_type="multipart/form-data; boundary=b"))
    found = [json.loads(line)["line"] async for line in lines(channel, f"/files/{file['id']}/content")]
    assert found == [*range(500), "last"]


@pytest.mark.parametrize("id", ["", "a b", "../models", "a/b", "a\r\nx: y", "ä", "x" * 201, "a?b"])
def test_a_name_that_cannot_stand_in_a_path_is_refused(id: str) -> None:
    with pytest.raises(Away):
        checked_id(id)


@pytest.mark.parametrize("id", ["batch_67f0", "file-Ab.9", "msgbatch_01:x"])
def test_a_providers_usual_names_are_taken(id: str) -> None:
    assert checked_id(id) == id
