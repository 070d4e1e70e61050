"""Where httpx may go is where calls may go."""

import ssl
from pathlib import Path

import httpx
import pytest

from proxy import checked_transport
from proxy.checked_transport import CheckedTransport, checked_client
from tests.kit.certificates import certificate
from tests.kit.scripted_upstream import Conversation, scripted_upstream

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def answers(conversation: Conversation) -> None:
    await conversation.request()
    conversation.send(OK)


async def test_a_private_address_is_refused_unless_it_is_meant() -> None:
    async with scripted_upstream(answers) as upstream:
        async with checked_client(allow_private=True, seconds=5) as client:
            assert (await client.get(upstream.url)).text == "ok"
        async with checked_client(allow_private=False, seconds=5) as client:
            with pytest.raises(OSError, match="not a public address"):
                await client.get(upstream.url)
        assert len(upstream.requests) == 1


async def test_a_name_is_looked_up_once_and_the_host_header_has_the_name() -> None:
    async with scripted_upstream(answers) as upstream, checked_client(allow_private=True, seconds=5) as client:
        await client.get(f"http://localhost:{upstream.port}/v1/models?a=b")
        (request,) = upstream.requests
        assert request.headers["host"] == f"localhost:{upstream.port}"
        assert request.line == "GET /v1/models?a=b HTTP/1.1"


async def test_the_next_address_is_tried_where_one_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(*_: object) -> list[str]:
        return ["::1", "127.0.0.1"]

    monkeypatch.setattr(checked_transport, "resolve", both)
    async with scripted_upstream(answers) as upstream, checked_client(allow_private=True, seconds=5) as client:
        assert (await client.get(f"http://somewhere.example:{upstream.port}/")).status_code == 200


async def test_a_redirect_is_handed_back() -> None:
    async def elsewhere(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")

    async with scripted_upstream(elsewhere) as upstream, checked_client(allow_private=True, seconds=5) as client:
        assert (await client.get(upstream.url)).status_code == 302


async def test_a_certificate_is_for_the_name_that_was_asked_for(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "localhost")
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(chain))
    server.load_cert_chain(chain, key)
    async with scripted_upstream(answers, tls=server) as upstream:
        for transport, host, fine in (
            (CheckedTransport(allow_private=True, tls=client), "localhost", True),
            (CheckedTransport(allow_private=True, tls=client), "127.0.0.1", False),
            (CheckedTransport(allow_private=True), "localhost", False),
        ):
            async with httpx.AsyncClient(transport=transport) as asking:
                url = f"https://{host}:{upstream.port}/"
                if fine:
                    assert (await asking.get(url)).text == "ok"
                    continue
                with pytest.raises(httpx.ConnectError, match="certificate"):
                    await asking.get(url)
