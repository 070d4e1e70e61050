"""Bodies are kept where the configuration says so, redacted, and never at a call's cost."""

import json
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from gatewatch.bodies.day_files import days, files_of
from gatewatch.bodies.record import Head, records, unpacked
from gatewatch.paths import Home
from proxy.settings import Bodies, Settings
from proxy.worker.bodies.keeper import BodyKeeper
from tests.kit.scripted_upstream import (
    DONE,
    LAST_CHUNK,
    STREAM_HEAD,
    answers,
    chat_reply,
    chunk,
    delta,
    http,
    scripted_upstream,
    usage_event,
)
from tests.kit.waiting import until
from tests.proxy.worker.test_gateway_defects import Running

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}
OK = http(200, chat_reply(USAGE))
KEY = "sk-proj-Zq3Xv7Kp9Lm2Nb5Rt8Yw1Ua4"
FRAMES = delta(f"It is {KEY[:9]}"), delta(f"{KEY[9:]}, yes"), usage_event(USAGE) + DONE
STREAM = STREAM_HEAD + b"".join(map(chunk, FRAMES)) + LAST_CHUNK


def kept(home: Home) -> list[tuple[Head, Any]]:
    """Every body in the files, and what it says."""
    found = []
    for day in days(home.bodies):
        for path in files_of(home.bodies, day):
            raw = path.read_bytes()
            with path.open("rb") as stream:
                for placed, _ in records(stream, 0, len(raw)):
                    text = unpacked(raw[placed.offset : placed.offset + placed.head.stored])
                    found.append((placed.head, json.loads(text)))
    return found


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    made = Running(home)
    yield made
    await made.end()


def keeping(policy: Bodies) -> Callable[[Settings], Settings]:
    return lambda settings: msgspec.structs.replace(settings, bodies=policy)


ON = keeping(Bodies(on=True))


async def test_prompt_and_reply_are_kept_without_secrets(running: Running) -> None:
    async with scripted_upstream(answers(http(200, chat_reply(USAGE, text=f"Not {KEY}!")))) as upstream:
        await running.start(upstream.url, ON)
        asked = f"Is it {KEY}?"
        sent = await running.chat(messages=[{"role": "user", "content": asked}])
        running.gateway.bodies.stop()
    (close,) = running.closed()
    (request, said), (reply, answered) = kept(running.home)
    assert (request.call_id, request.kind, reply.call_id, reply.kind) == (
        close["call_id"],
        "request",
        close["call_id"],
        "reply",
    )
    assert request.started_at == reply.started_at == close["started_at"]
    assert said["messages"] == [{"role": "user", "content": "Is it [secret]?"}]
    assert answered["choices"][0]["message"]["content"] == "Not [secret]!"
    assert (request.redacted, reply.redacted) == ({"secret": 1}, {"secret": 1})
    assert (reply.size, reply.cut, request.cut) == (len(sent.body), 0, 0)


async def test_a_secret_over_two_frames_of_a_stream_is_found(running: Running) -> None:
    async with scripted_upstream(answers(STREAM)) as upstream:
        await running.start(upstream.url, ON)
        await running.chat(stream=True)
        running.gateway.bodies.stop()
    (_, (reply, answered)) = kept(running.home)
    assert answered["choices"] == [{"text": "It is [secret], yes", "finish": None}]
    assert reply.redacted == {"secret": 1}
    assert not any(KEY[9:].encode() in path.read_bytes() for path in running.home.root.rglob("*") if path.is_file())


async def test_nothing_is_kept_where_nobody_asked_for_it(running: Running) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url)
        await running.chat()
        assert running.gateway.bodies.is_on is False
        running.gateway.bodies.stop()
    assert not running.home.bodies.exists()


@pytest.mark.parametrize(
    ("policy", "is_kept"),
    [
        (Bodies(), False),
        (Bodies(on=True), True),
        (Bodies(routes={"chat": True}), True),
        (Bodies(routes={"other": True}), False),
        (Bodies(on=True, routes={"chat": False}), False),
        (Bodies(teams={"search": True}), True),
        (Bodies(teams={"other": True}), False),
        (Bodies(on=True, teams={"search": False}), False),
        (Bodies(routes={"chat": True}, teams={"search": False}), False),
        (Bodies(routes={"chat": False}, teams={"search": True}), False),
    ],
)
async def test_a_model_and_a_team_decide_for_themselves_and_a_teams_no_wins(
    running: Running, policy: Bodies, is_kept: bool
) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url, keeping(policy))
        await running.chat()
        running.gateway.bodies.stop()
    assert bool(kept(running.home)) is is_kept


async def test_a_call_that_failed_keeps_its_prompt(running: Running) -> None:
    async with scripted_upstream(answers(http(400, b'{"error":{"message":"no"}}'))) as upstream:
        await running.start(upstream.url, ON)
        assert (await running.chat()).status == 400
        running.gateway.bodies.stop()
    ((request, _),) = kept(running.home)
    assert request.kind == "request"


async def test_a_call_that_was_not_let_in_keeps_nothing(running: Running) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url, ON)
        assert (await running.chat(model="unknown")).status == 404
        running.gateway.bodies.stop()
    assert kept(running.home) == []


async def test_a_long_prompt_is_cut_and_says_so(running: Running) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url, keeping(Bodies(on=True, most_bytes=2000)))
        await running.chat(messages=[{"role": "user", "content": "word " * 5000}])
        running.gateway.bodies.stop()
    (request, said), _ = kept(running.home)
    assert request.kept < 3000 < 25_000 < request.size
    assert request.cut >= 23_000
    assert "left out" in said["messages"][0]["content"]


async def test_more_than_can_be_written_is_dropped_and_counted(running: Running) -> None:
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url, ON)
        running.gateway.bodies._held.most = 10
        assert (await running.chat()).status == 200
        assert running.gateway.bodies.dropped == 1
        assert running.gateway.bodies.error == "they come faster than they can be written"
        assert running.gateway.bodies._held.bytes == 0
    assert kept(running.home) == []


async def test_a_disk_that_takes_nothing_costs_no_call(running: Running) -> None:
    running.home.bodies.write_bytes(b"a file in the place of the folder")
    async with scripted_upstream(answers(OK, OK)) as upstream:
        await running.start(upstream.url, ON)
        assert (await running.chat()).status == 200
        await until(lambda: running.gateway.bodies.dropped == 1)
        running.home.bodies.unlink()
        assert (await running.chat()).status == 200
        running.gateway.bodies.stop()
    assert "File exists" in str(running.gateway.bodies.error) or running.gateway.bodies.error is None
    assert [head.kind for head, _ in kept(running.home)] == ["request", "reply"]
    assert running.gateway.bodies._held.bytes == 0


async def test_a_nearly_full_disk_is_left_to_the_journal(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.statvfs", lambda _: os.statvfs_result((4096, 4096, 1000, 90, 90, 1, 1, 1, 0, 255)))
    keeper = BodyKeeper(running.home.bodies)
    assert keeper._space() is False
    assert (keeper.dropped, keeper.error) == (1, "the disk is nearly full")
    await running.start("http://127.0.0.1:9")


def test_a_policy_is_on_where_anybody_may_be_kept() -> None:
    assert not Bodies(routes={"a": False}, teams={"b": False}).any_on
    assert all(each.any_on for each in (Bodies(on=True), Bodies(routes={"a": True}), Bodies(teams={"b": True})))
