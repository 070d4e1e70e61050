"""Whatever ends a stream once its headers are out, the app hears of it in one error event, nothing comes after it, the
row is `truncated`, and the provider is left.

What a provider says itself (its error, a broken frame, its end without a mark) is told by test_stream_errors.py.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.control.store import ControlStore
from proxy.routing import Coalescing, Routing
from proxy.settings import Deadlines, Route
from tests.kit.dialect_worker import asked, dialect_worker, route
from tests.kit.provider_streams import said
from tests.kit.raw_http import RawReply, begun, connect, read_reply
from tests.kit.scripted_upstream import STREAM_HEAD, Conversation, chunk, scripted_upstream
from tests.kit.worker_process import Worker, make_key
from tests.proxy.worker.conftest import Serve
from tests.proxy.worker.test_stream_errors import APPS, is_the_error_of, split
from tests.proxy.worker.test_translated import deltas_of

FRAMES = said("gemini", "This is said. This is not").frames
BEGUN = STREAM_HEAD + b"".join(map(chunk, FRAMES[:-2]))
TEXT = "This is said. This is no"
"""What the frames say that come."""
PATIENT = Deadlines(connect=20, first_byte=20, idle=20, total=20)
DEADLINES = {
    "idle": Deadlines(connect=20, first_byte=20, idle=0.3, total=20),
    "total": Deadlines(connect=20, first_byte=20, idle=20, total=0.5),
}
CODES = {
    "idle": "upstream_timeout",
    "total": "upstream_timeout",
    "reset": "upstream_truncated",
    "revoked": "key_revoked",
    "ceiling": "cost_ceiling",
}
FORMS = {"plain": None, "sentences": Coalescing(max_wait=3600)}


def routes() -> Iterator[Route]:
    for form, coalescing in FORMS.items():
        for end in CODES:
            made = route(f"{end}-{form}", "gemini", coalescing=coalescing)
            yield msgspec.structs.replace(made, deadlines=DEADLINES.get(end, PATIENT))


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    with dialect_worker(tmp_path_factory.mktemp("worker"), listening, *routes()) as worker:
        yield worker


def code_of(app: str, lines: list[bytes]) -> str:
    if app != "messages":
        return str(is_the_error_of(app, lines)["code"])
    assert lines[0] == b"event: error"
    said = json.loads(lines[1].removeprefix(b"data: "))
    assert said["type"] == "error"
    return str(said["error"]["details"]["error_code"])


def heard_of_its_end(app: str, got: RawReply, code: str) -> str:
    """The text that came before the one error event."""
    before, last = split(got)
    assert code_of(app, last) == code
    assert b"event: error" not in before
    assert b'data: {"error"' not in before
    assert not any(mark in before for mark in (b"[DONE]", b"message_stop", b"response.completed"))
    frames = [frame for frame in before.split(b"\n\n") if frame and not frame.startswith((b":", b"event: ping"))]
    return deltas_of(app, b"".join(frame + b"\n\n" for frame in frames)).text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", CODES)
@pytest.mark.parametrize("app", APPS)
async def test_a_stream_that_is_ended_tells_so_once(
    worker: Worker, serve: Serve, app: str, end: str, form: str
) -> None:
    """Text that is held for its sentence goes out before, except where the key is revoked."""
    going_on = asyncio.Event()
    kid, secret = make_key(worker.home, f"{app}-{end}-{form}")
    headers = {"Authorization": f"Bearer {secret}"}

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(BEGUN)
        await conversation.flushed()
        await going_on.wait()
        if end == "reset":
            conversation.reset()
            return
        if end == "ceiling":
            conversation.send(b"".join(chunk(frame) for frame in said("gemini", "x" * 400 + ".").frames[:-1]))
        await conversation.gone()

    if end == "ceiling":
        headers["x-gatewatch-max-cost-usd"] = "0.0002"
    async with serve(script) as upstream, connect(worker.port) as (reader, writer):
        writer.write(asked(worker, app, f"{end}-{form}", headers, stream=True))
        await begun(reader)
        going_on.set()
        if end == "revoked":
            with ControlStore.open(worker.home.control) as store:
                store.revoke_key(kid)
        async with asyncio.timeout(5):
            got = await read_reply(reader)
            if end != "reset":
                await (await upstream.conversation(0)).left()
    text = heard_of_its_end(app, got, CODES[end])
    held = end == "revoked" and form == "sentences"
    assert text.startswith("This is said." if held else TEXT)
    if end != "ceiling":
        assert len(text) <= len(TEXT)
    row = await worker.closed(call_id=got.headers["x-gatewatch-call-id"])
    assert (row["status"], row["http_status"], row["error_kind"]) == ("truncated", 200, CODES[end])
    assert (row["cost_basis"], row["cost_picos"] > 0, row["attempts"]) == ("estimated", True, 1)


@pytest.mark.slow
async def test_streams_that_a_stopping_gateway_ends_are_told_so_once(tmp_path: Path) -> None:
    """One of them has heard comments only."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        streams = Routing(keep_alive=0.2)
        with dialect_worker(tmp_path, listening, routing=streams, drain_seconds=0.3) as worker:

            async def script(conversation: Conversation) -> None:
                received = await conversation.request()
                if "/gemini" in received.line:
                    conversation.send(BEGUN)
                await conversation.gone()

            async def told(app: str, provider: str) -> RawReply:
                async with connect(worker.port) as (reader, writer):
                    writer.write(asked(worker, app, provider, stream=True))
                    return await read_reply(reader)

            async with scripted_upstream(script, listening=listening) as upstream:
                calls = [(app, provider) for app in APPS for provider in ("gemini", "messages")]
                telling = [asyncio.create_task(told(*call)) for call in calls]
                for number in range(len(calls)):
                    await (await upstream.conversation(number)).arrived()
                worker.terminate()
                for (app, provider), reply in zip(calls, await asyncio.gather(*telling), strict=True):
                    if reply.status == 200:
                        assert bool(heard_of_its_end(app, reply, "gateway_stopping")) is (provider == "gemini")
                        row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
                        assert (row["status"], row["error_kind"]) == ("truncated", "gateway_stopping")
                assert await worker.exit_code() == 0
