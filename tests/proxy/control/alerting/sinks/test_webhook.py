"""A webhook delivers in order and once, through failures, without ever holding up who tells it."""

import asyncio
import base64
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from gatewatch.config.alert_sinks import Webhook
from gatewatch.vault.references import SecretError
from proxy.control.alarms import Alarms
from proxy.control.alerting.firing import Firing
from proxy.control.alerting.sinks import webhook as webhook_module
from proxy.control.alerting.sinks.webhook import MOST_WAITING, WebhookSink
from tests.kit.firings import a_firing
from tests.kit.scripted_upstream import Conversation, ScriptedUpstream, http, scripted_upstream, silence
from tests.kit.waiting import eventually, until

SIGNING = "canary-signing-secret-4f1c9a7e2b8d6350"
PATH_CANARY = "canarypath4f1c9a7e2b8d6350"


class Stage:
    """A sink and its receiver, which answers each message with the next of `statuses`, then with 200."""

    def __init__(self, upstream: ScriptedUpstream, alarms: Alarms, **fields: Any) -> None:
        self.upstream = upstream
        self.alarms = alarms
        secrets = {"env:URL": f"{upstream.url}/{PATH_CANARY}", "env:SIGNING": SIGNING}
        named = {"url": "env:URL", "secret": "env:SIGNING", "allow_hosts": ["127.0.0.1"], "allow_private": True}
        self.secrets = secrets

        def resolve(reference: str) -> str:
            if reference not in secrets:
                raise SecretError("the environment variable is not set")
            return secrets[reference]

        self.heard: list[str] = []

        def hear(firing: Firing) -> None:
            self.heard.append(firing.id)

        self.sink = WebhookSink("ops", Webhook.model_validate(named | fields), resolve, alarms, "gw-1:4000", hear)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.json for request in self.upstream.requests]

    def alarm(self) -> str:
        return "".join(alarm.text for alarm in self.alarms.standing())


@asynccontextmanager
async def stage(*statuses: int, **fields: Any) -> AsyncIterator[Stage]:
    left = list(statuses)

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            conversation.send(http(left.pop(0) if left else 200, b"ok"))

    async with scripted_upstream(script) as upstream:
        made = Stage(upstream, Alarms(), **fields)
        running = asyncio.create_task(made.sink.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(webhook_module, "LONGEST_PAUSE", 0.02)


async def test_a_message_is_whole_and_signed_over_its_id_time_and_body() -> None:
    async with stage() as made:
        made.sink.tell(a_firing())
        await eventually(lambda: made.upstream.requests)
        (request,) = made.upstream.requests
    wanted = {"id", "alert", "subject", "state", "severity", "value", "threshold", "since", "at", "text", "gateway"}
    assert wanted <= request.json.keys()
    assert (request.json["gateway"], request.json["subject"]) == ("gw-1:4000", "team/search")
    stamp = request.headers["webhook-timestamp"]
    assert abs(int(stamp) - time.time()) < 60
    signed = f"{request.headers['webhook-id']}.{stamp}.".encode() + request.body
    digest = hmac.new(SIGNING.encode(), signed, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


async def test_messages_come_in_order_once_and_under_one_id_however_often_they_are_tried() -> None:
    async with stage(503, 500, 429, 200, 503) as made:
        for subject in ("one", "two", "three"):
            made.sink.tell(a_firing(id=f"slow|{subject}", subject=subject))
        await until(lambda: len(made.upstream.requests), lambda tries: tries == 7)
    assert [body["subject"] for body in made.bodies] == ["one", "one", "one", "one", "two", "two", "three"]
    ids = [request.headers["webhook-id"] for request in made.upstream.requests]
    assert len(set(ids)) == 3
    assert len(set(ids[:4])) == 1


async def test_trouble_is_an_alarm_that_ends_with_the_next_message_taken(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(404) as made:
        made.sink.tell(a_firing())
        await eventually(made.alarm)
        assert "alert sink ops does not take messages: it answered 404" in made.alarm()
        made.sink.tell(a_firing(state="cleared"))
        await until(made.alarm, lambda text: not text)
    assert [body["state"] for body in made.bodies] == ["firing", "cleared"]


async def test_a_message_whose_time_is_up_is_given_up_and_the_next_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(*[503] * 500, give_up="1s") as made:
        made.sink.tell(a_firing(id="one", subject="one"))
        made.sink.tell(a_firing(id="two", subject="two"))
        await until(made.alarm, lambda text: "given up: 2" in text)
    assert {body["subject"] for body in made.bodies} == {"one", "two"}


async def test_telling_never_waits_and_what_waits_is_bounded() -> None:
    held = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await held.wait()

    async with scripted_upstream(script) as upstream:
        made = Stage(upstream, Alarms())
        running = asyncio.create_task(made.sink.run())
        for number in range(MOST_WAITING * 2):
            made.sink.tell(a_firing(id=str(number), severity="info"))
        made.sink.tell(a_firing(id="urgent", severity="critical"))
        waiting = [firing.id for firing, _ in made.sink._waiting.values()]
        assert waiting[0] == "0"
        assert (len(waiting), waiting[-1]) == (MOST_WAITING, "urgent")
        assert made.heard == []
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_told_again_waits_once_and_says_what_was_said_last() -> None:
    async with stage(503) as made:
        made.sink.tell(a_firing(value="1.4 s"))
        made.sink.tell(a_firing(value="1.9 s"))
        await eventually(lambda: made.heard)
        made.sink.tell(a_firing(id="next"))
        await until(lambda: len(made.heard), lambda count: count == 2)
    assert [body["id"] for body in made.bodies] == ["slow|team/search"] * 2 + ["next"]
    assert made.bodies[0]["value"] == "1.9 s"


async def test_a_message_is_heard_when_it_is_taken_or_given_up_and_not_before() -> None:
    async with stage(503, 503, 200, 404) as made:
        made.sink.tell(a_firing(id="taken"))
        made.sink.tell(a_firing(id="refused"))
        assert made.heard == []
        await until(lambda: len(made.heard), lambda count: count == 2)
    assert made.heard == ["taken", "refused"]


async def test_one_that_cannot_work_is_an_alarm_before_the_first_alert_and_a_good_test_ends_it() -> None:
    async with scripted_upstream(silence) as upstream:
        made = Stage(upstream, Alarms())
        url = made.secrets.pop("env:URL")
        running = asyncio.create_task(made.sink.run())
        await eventually(made.alarm)
        assert "the environment variable is not set" in made.alarm()
        assert "tried again" not in made.alarm()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with stage() as made:
        made.alarms.set("alert_sink:ops", f"as it was: {url[:4]}")
        assert (await made.sink.send(a_firing())).delivered
        assert not made.alarm()


async def test_only_what_is_severe_enough_is_sent() -> None:
    async with stage(severity="warning") as made:
        for severity in ("info", "warning", "critical"):
            made.sink.tell(a_firing(id=severity, severity=severity))
        await until(lambda: len(made.bodies), lambda count: count == 2)
    assert [body["severity"] for body in made.bodies] == ["warning", "critical"]


async def test_slack_gets_its_own_shape_and_needs_no_secret() -> None:
    async with stage(shape="slack", secret=None) as made:
        made.sink.tell(a_firing(text="<!channel>"))
        await eventually(lambda: made.upstream.requests)
        (request,) = made.upstream.requests
    assert {"text", "blocks"} <= request.json.keys()
    assert b"<!channel>" not in request.body
    assert "webhook-signature" not in request.headers


async def test_a_secret_that_comes_later_or_changes_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as made:
        del made.secrets["env:SIGNING"]
        made.sink.tell(a_firing())
        await eventually(made.alarm)
        assert "the environment variable is not set" in made.alarm()
        made.secrets["env:SIGNING"] = SIGNING
        await eventually(lambda: made.upstream.requests)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda secrets: secrets.update({"env:URL": f"https://evil.example/{PATH_CANARY}"}),
        lambda secrets: secrets.update({"env:URL": f"http://127.0.0.1:1/{PATH_CANARY}"}),
        lambda secrets: secrets.update({"env:SIGNING": "canary-weak"}),
        lambda secrets: secrets.update({"env:URL": f"http://127.0.0.1:99999/{PATH_CANARY}"}),
    ],
)
async def test_no_secret_stands_in_an_alarm_the_log_or_the_sink(
    caplog: pytest.LogCaptureFixture, break_it: Callable[[dict[str, str]], None]
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with stage(give_up="1s") as made:
            break_it(made.secrets)
            made.sink.tell(a_firing())
            await eventually(made.alarm)
            said = made.alarm() + caplog.text + repr(made.sink.__dict__) + repr(made.sink.webhook)
    assert "canary" not in said.lower()
    assert not made.upstream.requests


async def test_what_nobody_thought_of_is_an_alarm_and_the_sink_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [True]
    told = webhook_module.told

    def breaks(*given: Any) -> dict[str, object]:
        if fails.pop(0):
            fails.append(False)
            raise ZeroDivisionError(PATH_CANARY)
        fails.append(False)
        return told(*given)

    monkeypatch.setattr(webhook_module, "told", breaks)
    async with stage() as made:
        made.sink.tell(a_firing())
        await eventually(lambda: made.upstream.requests)
        await until(made.alarm, lambda text: not text)


def test_a_message_is_json_whatever_stands_in_it() -> None:
    assert msgspec.json.decode(msgspec.json.encode(webhook_module.told(a_firing(text="\x00\u202e"), "gw")))
