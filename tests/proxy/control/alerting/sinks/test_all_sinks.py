"""The sinks of a gateway: as configured, changed while it runs, and tried out by name."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gatewatch.config.alert_sinks import Webhook
from gatewatch.errors import GatewatchError, NotFound
from proxy.control.alarms import Alarms
from proxy.control.alerting.sinks.all_sinks import Sinks
from tests.kit.firings import a_firing
from tests.kit.scripted_upstream import Conversation, http, scripted_upstream, silence
from tests.kit.waiting import eventually

SLACK = {"url": "env:URL", "shape": "slack", "allow_hosts": ["127.0.0.1"], "allow_private": True}


def webhook(**fields: Any) -> Webhook:
    return Webhook.model_validate(SLACK | fields)


@asynccontextmanager
async def sinks(url: str) -> AsyncIterator[tuple[Sinks, Alarms]]:
    alarms = Alarms()
    made = Sinks(lambda _: url, alarms, "gw-1:4000")
    try:
        yield made, alarms
    finally:
        await made.stop()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("alert sink")]


async def takes(conversation: Conversation) -> None:
    while True:
        await conversation.request()
        conversation.send(http(200, b"ok"))


async def refuses(conversation: Conversation) -> None:
    while True:
        await conversation.request()
        conversation.send(http(403, b"no"))


async def test_all_are_told_and_the_log_always(caplog: pytest.LogCaptureFixture) -> None:
    async with scripted_upstream(takes) as upstream, sinks(upstream.url) as (made, _):
        with caplog.at_level(logging.INFO, "gatewatch.alerts"):
            made.tell(a_firing(), ())
            made.configure({"a": webhook(), "b": webhook()})
            made.tell(a_firing(), ())
            await eventually(lambda: len(upstream.requests) == 2)
    assert len([record for record in caplog.records if record.getMessage().startswith("alert {")]) == 2


async def test_each_is_told_what_it_does_not_know() -> None:
    async with scripted_upstream(takes) as upstream, sinks(upstream.url) as (made, _):
        heard: list[tuple[str, str]] = []
        made.on_heard = lambda name, firing: heard.append((name, firing.state))
        made.configure({"a": webhook(), "b": webhook()})
        made.tell(a_firing(), {"a", "log"})
        await eventually(lambda: heard)
        assert heard == [("b", "firing")]
        made.tell(a_firing(state="cleared"), {"b", "gone"})
        assert heard[1:] == [("gone", "cleared")]
        await eventually(lambda: len(heard) == 3)
        assert heard[2] == ("b", "cleared")
        assert len(upstream.requests) == 2


async def test_messages_name_the_gateway_by_the_port_that_it_has_found() -> None:
    async with scripted_upstream(takes) as upstream, sinks(upstream.url) as (made, _):
        made.named("gw-1:45910")
        made.configure({"a": webhook(shape="generic")})
        made.tell(a_firing(), ())
        await eventually(lambda: upstream.requests)
        assert upstream.requests[0].json["gateway"] == "gw-1:45910"


async def test_one_that_is_gone_is_told_nothing_more_and_its_alarm_ends() -> None:
    async with scripted_upstream(refuses) as upstream, sinks(upstream.url) as (made, alarms):
        made.configure({"a": webhook()})
        made.tell(a_firing(), ())
        await eventually(alarms.standing)
        made.configure({})
        assert not alarms.standing()
        made.tell(a_firing(), ())
        made.configure({"a": webhook()})
        assert len(upstream.requests) == 1


async def test_one_that_stays_as_it_was_keeps_what_waits() -> None:
    held = asyncio.Event()

    async def slow(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await held.wait()
            conversation.send(http(200, b"ok"))

    async with scripted_upstream(slow) as upstream, sinks(upstream.url) as (made, _):
        made.configure({"a": webhook()})
        for number in range(3):
            made.tell(a_firing(id=str(number)), ())
        made.configure({"a": webhook(), "b": webhook()})
        held.set()
        await eventually(lambda: len(upstream.requests) == 3)


async def test_what_waits_at_the_end_goes_out_but_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_upstream(takes) as upstream:
        async with sinks(upstream.url) as (made, _):
            made.configure({"a": webhook()})
            for number in range(5):
                made.tell(a_firing(id=str(number)), ())
        assert len(upstream.requests) == 5
    monkeypatch.setattr("proxy.control.alerting.sinks.all_sinks.LAST_SECONDS", 0.05)
    async with scripted_upstream(silence) as upstream, sinks(upstream.url) as (made, _):
        made.configure({"a": webhook()})
        made.tell(a_firing(), ())


async def test_each_can_be_tried_out_and_says_how_it_went() -> None:
    async with scripted_upstream(takes) as upstream, sinks(upstream.url) as (made, _):
        made.configure({"ops": webhook(severity="critical")})
        tried = await made.test("ops")
        assert (tried["sink"], tried["delivered"], tried["said"]) == ("ops", True, "answered 200")
        assert b"nothing is wrong" in upstream.requests[0].body
        assert (await made.test("log"))["delivered"]
        assert (await made.test("console"))["delivered"]
        with pytest.raises(NotFound, match="no alert sink 'nobody'"):
            await made.test("nobody")


async def test_a_try_that_fails_says_why_and_leaves_no_alarm() -> None:
    async with scripted_upstream(refuses) as upstream, sinks(upstream.url) as (made, alarms):
        made.configure({"ops": webhook()})
        with pytest.raises(GatewatchError, match="it answered 403"):
            await made.test("ops")
        assert not alarms.standing()
