"""Sockets are kept while they are good, and made to checked addresses only."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from proxy.upstream import pool
from proxy.upstream.failure import UpstreamFailed
from tests.kit.certificates import certificate
from tests.kit.scripted_upstream import Conversation, answers, http, scripted_upstream, silence
from tests.kit.waiting import until
from tests.proxy.upstream.conftest import SHORT, Client, everything

NewClient = Callable[..., Client]

OK = http(200, b"ok")


async def failure_of(ours: Client, **deadlines: Any) -> UpstreamFailed:
    """How a request fails that cannot even be sent."""
    exchange = ours.exchange(**deadlines)
    with pytest.raises(UpstreamFailed) as failed:
        await ours.send(exchange, **deadlines)
    exchange.abort("client_closed", "over")
    assert failed.value.sent is False
    return failed.value


async def test_calls_at_the_same_time_have_sockets_of_their_own(client: NewClient) -> None:
    async with scripted_upstream(answers(OK, OK)) as upstream:
        ours = client(upstream.url)
        assert await asyncio.gather(*[ours.ask() for _ in range(5)]) == [(200, b"ok")] * 5
        assert len(upstream.conversations) == 5
        assert await asyncio.gather(*[ours.ask() for _ in range(5)]) == [(200, b"ok")] * 5
        assert len(upstream.conversations) == 5


async def test_a_socket_that_the_upstream_has_closed_is_not_used(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(OK)
        await done.wait()

    done = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"ok")
        done.set()
        await until(lambda: not ours.open_sockets)
        assert await ours.ask() == (200, b"ok")
        assert len(upstream.conversations) == 2


async def test_a_socket_that_was_idle_too_long_is_closed(client: NewClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS_PRIVATE", -1.0)
    async with scripted_upstream(answers(OK, OK)) as upstream:
        ours = client(upstream.url)
        await ours.ask()
        ours.pool.close_idle()
        await until(lambda: not ours.open_sockets)
        await ours.ask()
        await ours.ask()
        assert len(upstream.conversations) == 3


async def test_a_closed_pool_keeps_nothing_and_lets_calls_end(client: NewClient) -> None:
    """A reload that changes a provider closes its pool while calls are in flight."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await may_answer.wait()
        conversation.send(OK)
        await conversation.gone()

    may_answer = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        ours.pool.close()
        may_answer.set()
        assert await everything(exchange) == b"ok"
        await until(lambda: not ours.open_sockets)
        assert await ours.ask() == (200, b"ok")
        await until(lambda: not ours.open_sockets)


async def test_nobody_listens(client: NewClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failure = await failure_of(client(f"http://127.0.0.1:{port}/v1"))
    assert failure.kind == "upstream_unreachable"
    assert failure.message.startswith("p: cannot connect")


def greet_and_reset(listening: socket.socket) -> None:
    """What an SSH server that is not allowed to serve us does, in a thread of its own: faster than our loop."""
    with suppress(OSError):
        while True:
            accepted, _ = listening.accept()
            accepted.send(b"SSH-2.0-OpenSSH_9.2\r\n")
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()


async def test_a_server_that_speaks_and_hangs_up_first_is_a_failure_like_others(client: NewClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        greeting = threading.Thread(target=greet_and_reset, args=(listening,), daemon=True)
        greeting.start()
        ours = client(f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        for _ in range(300):
            exchange = ours.exchange()
            with pytest.raises(UpstreamFailed) as failed:  # noqa: PT012 - it shows before the sending or behind it
                await ours.send(exchange)
                await exchange.reply_started()
            assert failed.value.kind in ("upstream_unreachable", "upstream_invalid")
            exchange.abort("client_closed", "over")
        listening.shutdown(socket.SHUT_RDWR)
        greeting.join(10)


async def test_a_name_that_does_not_exist(client: NewClient) -> None:
    assert (await failure_of(client("http://nowhere.invalid/v1"))).kind == "upstream_unreachable"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
async def test_a_private_address_is_refused_unless_it_is_meant(client: NewClient, host: str) -> None:
    async with scripted_upstream(silence) as upstream:
        failure = await failure_of(client(f"http://{host}:{upstream.port}/v1", allow_private=False))
        assert failure.kind == "upstream_unreachable"
        assert "not a public address" in failure.message
        assert "allow_private" in failure.message
        assert upstream.conversations == []


async def test_the_next_address_is_tried_where_one_refuses(client: NewClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(*_: object) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first

    monkeypatch.setattr(pool, "resolve", two)
    async with scripted_upstream(answers(OK)) as upstream:
        assert await client(upstream.url).ask() == (200, b"ok")


# TLS


def serving(chain: Path, private: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context


async def test_a_certificate_that_is_trusted_is_spoken_to(
    client: NewClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, private = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    async with scripted_upstream(answers(OK, OK), tls=serving(chain, private)) as upstream:
        ours = client(f"https://localhost:{upstream.port}/v1")
        assert await ours.ask() == (200, b"ok")
        assert await ours.ask() == (200, b"ok")
        assert len(upstream.conversations) == 1
        assert upstream.requests[0].headers["host"] == f"localhost:{upstream.port}"


@pytest.mark.parametrize(
    ("name", "trusted", "days"),
    [
        pytest.param("localhost", False, 1, id="self-signed"),
        pytest.param("another.example", True, 1, id="another name"),
        pytest.param("localhost", True, -5, id="expired"),
    ],
)
async def test_a_certificate_that_is_not_gets_no_request(
    client: NewClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, days: int
) -> None:
    chain, private = certificate(tmp_path, name, days=days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    async with scripted_upstream(silence, tls=serving(chain, private)) as upstream:
        ours = client(f"https://localhost:{upstream.port}/v1")
        failure = await failure_of(ours)
        assert failure.kind == "upstream_tls"
        await until(lambda: not ours.open_sockets)
        assert upstream.requests == []


async def test_a_plain_server_on_a_tls_port_gets_no_key(client: NewClient) -> None:
    heard = bytearray()

    async def script(conversation: Conversation) -> None:
        heard.extend(await conversation._reader.read(65536))
        conversation.send(http(400, b"this is plain HTTP"))
        await conversation.flushed()

    async with scripted_upstream(script) as upstream:
        failure = await failure_of(client(f"https://127.0.0.1:{upstream.port}/v1"))
        assert failure.kind == "upstream_tls"
        assert b"canary" not in heard


async def test_a_tls_handshake_that_does_not_end_meets_the_connect_deadline(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        while await conversation._reader.read(65536):
            pass
        left.set()

    left = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        failure = await failure_of(client(f"https://127.0.0.1:{upstream.port}/v1"), connect=SHORT)
        assert failure.kind == "upstream_timeout"
        await asyncio.wait_for(left.wait(), 10)


@pytest.mark.parametrize("ended_by", ["close", "reset"])
async def test_a_tls_handshake_that_breaks_off_is_unreachable(client: NewClient, ended_by: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation._reader.read(1)
        getattr(conversation, ended_by)()

    async with scripted_upstream(script) as upstream:
        failure = await failure_of(client(f"https://127.0.0.1:{upstream.port}/v1"))
        assert failure.kind in ("upstream_unreachable", "upstream_tls")


async def test_a_spare_socket_is_there_before_the_call_that_needs_it(
    client: NewClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, private = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    async with scripted_upstream(answers(OK, OK), tls=serving(chain, private)) as upstream:
        ours = client(f"https://localhost:{upstream.port}/v1")
        ours.pool.keep_warm(20)
        await until(lambda: ours.open_sockets == 1)
        ours.pool.keep_warm(20)  # there is one that is fresh
        assert await ours.ask() == (200, b"ok")
        assert (len(upstream.conversations), ours.exchanges[0].connect_us) == (1, None)


async def test_a_spare_socket_that_grows_old_is_followed_by_another(
    client: NewClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, private = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    monkeypatch.setattr(pool, "KEPT_WARM_SECONDS", -1.0)
    async with scripted_upstream(answers(OK), tls=serving(chain, private)) as upstream:
        ours = client(f"https://localhost:{upstream.port}/v1")
        ours.pool.keep_warm(20)
        await until(lambda: ours.pool._warming is None)
        assert ours.open_sockets == 1
        ours.pool.keep_warm(20)
        await until(lambda: ours.open_sockets == 2)


async def test_a_spare_socket_that_cannot_be_made_is_nobodys_trouble_and_not_tried_for_all_the_time(
    client: NewClient,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    ours = client(f"https://127.0.0.1:{port}/v1")
    ours.pool.keep_warm(20)
    await until(lambda: ours.pool._warming is None)
    ours.pool.keep_warm(20)
    assert ours.pool._warming is None


async def test_plain_sockets_are_made_when_they_are_needed(client: NewClient) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        ours = client(upstream.url)
        ours.pool.keep_warm(20)
        assert ours.pool._warming is None


async def test_a_spare_socket_that_the_provider_has_closed_is_followed_by_another(
    client: NewClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def closes_the_first(conversation: Conversation) -> None:
        if len(upstream.conversations) > 1:
            await conversation.gone()

    chain, private = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    async with scripted_upstream(closes_the_first, tls=serving(chain, private)) as upstream:
        ours = client(f"https://localhost:{upstream.port}/v1")
        ours.pool.keep_warm(20)
        await upstream.conversation(0)
        await until(lambda: not ours.open_sockets)
        ours.pool.keep_warm(20)
        await upstream.conversation(1)
        await until(lambda: ours.open_sockets == 1)
