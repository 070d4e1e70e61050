"""One try: what breaks before anything went out is mended elsewhere, and everybody who has to hears how it went."""

from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.settings import Deadlines, Settings
from tests.kit.scripted_upstream import Conversation, Script, chat_reply, http, scripted_upstream, silence
from tests.proxy.worker.test_asking import routed, saying
from tests.proxy.worker.test_attempts import OK, USAGE, error
from tests.proxy.worker.test_gateway_defects import Running

WHOLE = chat_reply(USAGE)
HTML = http(200, b"<html>busy</html>", content_type="text/html")
HALF_JSON = http(200, WHOLE[: len(WHOLE) // 2])
EMPTY = http(200, b"")
ERROR_INSIDE = http(200, b'{"error":{"code":502,"message":"Provider returned error"}}')
SHORT = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n" + WHOLE


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    running = Running(home)
    yield running
    await running.end()


def breaking(reply: bytes, how: Callable[[Conversation], None]) -> Script:
    """Says this much and then breaks off."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(reply)
        await conversation.flushed()
        how(conversation)

    return script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(saying(HTML), id="html"),
        pytest.param(saying(HALF_JSON), id="half-json"),
        pytest.param(saying(EMPTY), id="empty"),
        pytest.param(saying(ERROR_INSIDE), id="error-inside"),
        pytest.param(breaking(SHORT, Conversation.close), id="short-body"),
        pytest.param(breaking(SHORT, Conversation.reset), id="reset-in-body"),
        pytest.param(breaking(b"", Conversation.reset), id="reset-before-headers"),
        pytest.param(breaking(b"", Conversation.close), id="closed-before-headers"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_that_is_none_is_another_targets_to_give(running: Running, script: Script, stream: bool) -> None:
    async with scripted_upstream(script) as first, scripted_upstream(saying(OK)) as second:
        await running.start(first.url, routed(second.url))
        reply = await running.chat(stream=stream)
        assert len(first.requests) == 1, "what was sent and lost is never sent to the same target again"
    assert reply.status == 200
    (row,) = running.closed()
    assert (row["status"], row["provider"], row["attempts"]) == ("ok", "second", 2)
    tries = [record for record in running.records() if record["k"] == "attempt"]
    assert [each.get("status", "ok") for each in tries] == ["error", "ok"]


async def test_what_a_lost_reply_may_have_cost_is_in_the_row(running: Running) -> None:
    async with scripted_upstream(saying(HALF_JSON)) as first, scripted_upstream(saying(OK)) as second:
        await running.start(first.url, routed(second.url))
        await running.chat()
        await running.chat(model="second/gpt-4o-mini")
    with_loss, alone = running.closed()
    assert with_loss["cost_basis"] == "estimated"
    assert with_loss["cost_picos"] > alone["cost_picos"]


async def test_where_nobody_else_is_left_the_caller_hears_what_was_wrong(running: Running) -> None:
    async with scripted_upstream(saying(HALF_JSON)) as first, scripted_upstream(saying(HTML)) as second:
        await running.start(first.url, routed(second.url))
        reply = await running.chat()
    assert error(reply) == (502, "upstream_invalid")
    assert reply.headers["x-should-retry"] == "false"


async def test_a_target_whose_first_byte_is_late_is_left_for_the_next(running: Running) -> None:
    async with scripted_upstream(silence) as silent, scripted_upstream(saying(OK)) as second:
        await running.start(silent.url, routed(second.url, next_after=0.1))
        reply = await running.chat()
        await (await silent.conversation(0)).left()
    assert reply.status == 200
    (row,) = running.closed()
    assert (row["provider"], row["attempts"]) == ("second", 2)
    late = next(record for record in running.records() if record["k"] == "attempt")
    assert late["error_kind"] == "upstream_timeout"


async def test_the_last_target_has_all_the_time_there_is(running: Running) -> None:
    async def slow(conversation: Conversation) -> None:
        await conversation.request()
        await (await silent.conversation(0)).left()  # behind the time that the first had
        conversation.send(OK)

    async with scripted_upstream(silence) as silent, scripted_upstream(slow) as second:
        await running.start(silent.url, routed(second.url, next_after=0.05))
        reply = await running.chat()
    assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "second")


async def test_targets_are_measured_by_what_becomes_of_their_tries(running: Running) -> None:
    async with scripted_upstream(saying(HTML)) as first, scripted_upstream(saying(OK)) as second:
        await running.start(first.url, routed(second.url))
        await running.chat()
        await running.chat(stream=True)
    states = {state.target: state for state in running.gateway.router.measured.states()}
    assert states["openai/gpt-4o-mini"].failed == 2
    assert states["second/gpt-4o-mini"].failed == 0
    assert states["second/gpt-4o-mini"].ttft_ms is not None
    assert states["second/gpt-4o-mini"].latency_ms is not None


async def test_a_head_alone_is_no_first_byte(running: Running) -> None:
    async def head_alone(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        await conversation.gone()

    async with scripted_upstream(head_alone) as silent, scripted_upstream(saying(OK)) as second:
        await running.start(silent.url, routed(second.url, next_after=0.1))
        reply = await running.chat(stream=True)
        await (await silent.conversation(0)).left()
    assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "second")


async def test_an_error_under_a_good_status_that_names_no_status_is_another_targets_chance(running: Running) -> None:
    odd = http(200, b'{"error":{"message":"no","type":"provider_error","code":"provider_error"}}')
    async with scripted_upstream(saying(odd)) as first, scripted_upstream(saying(OK)) as second:
        await running.start(first.url, routed(second.url))
        assert (await running.chat()).status == 200


async def test_a_target_that_got_what_another_had_left_of_the_time_is_not_to_blame(running: Running) -> None:
    tight = Deadlines(connect=20, first_byte=0.15, idle=20, total=0.2)
    async with scripted_upstream(silence) as first, scripted_upstream(silence) as second:
        await running.start(first.url, routed(second.url, deadlines=tight))
        for _ in range(5):
            assert (await running.chat()).status == 504
    states = {(each.provider, each.state) for each in running.gateway.breakers.states()}
    assert states == {("openai", "open")}


async def test_a_route_that_is_impatient_leaves_a_target_for_itself_alone(running: Running) -> None:
    def change(settings: Settings) -> Settings:
        settings = routed(second.url, next_after=0.05)(settings)
        calm = msgspec.structs.replace(settings.routes["chat"], name="calm", next_after=None)
        return msgspec.structs.replace(settings, routes=settings.routes | {"calm": calm})

    async def slow(conversation: Conversation) -> None:
        body = (await conversation.request()).json
        if body.get("user") == "calm":
            conversation.send(OK)
        await conversation.gone()

    async with scripted_upstream(slow) as first, scripted_upstream(saying(OK)) as second:
        await running.start(first.url, change)
        for _ in range(6):
            assert (await running.chat()).headers["x-gatewatch-provider"] == "second"
        calm = await running.chat(model="calm", user="calm")
        assert len(first.requests) == 6, "five late ones, and the calm one's"
    assert (calm.status, calm.headers["x-gatewatch-provider"]) == (200, "openai")
