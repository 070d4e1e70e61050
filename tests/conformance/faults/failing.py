"""Rows 7, 13, 15, 21, 22 and 23: what takes more than one call to be seen of a provider that fails."""

import asyncio
import json
import time

from tests.conformance.faults.callers import Told
from tests.conformance.faults.scene import Scene, story
from tests.conformance.faults.stage import as_b
from tests.conformance.faults.verdicts import by_a, by_b, early, refused
from tests.kit.provider_faults import drips, good, is_silent, nothing, says, status
from tests.kit.provider_voices import OPENAI, Voice
from tests.kit.raw_http import ask, request
from tests.kit.scripted_upstream import Conversation, Received, Script
from tests.kit.waiting import eventually, until


@story(1, "refuses-the-connection-and-costs-no-time", more="deadlines: {total: 5s}")
async def added(scene: Scene) -> None:
    """The route's A is a server that has gone; the best of three is what it adds without a busy machine's hiccups."""
    (place,) = (scene.stage.places[scene.route],)
    assert place.listening
    place.listening.close()
    rows = [await scene.judged(by_b("upstream_unreachable")) for _ in range(3)]
    assert min(row["attempts_detail"][0]["latency_ms"] for row in rows) < 100


@story(13, "the-client-is-kept-company-meanwhile", more="deadlines: {first_byte: 1500ms, total: 5s}")
async def company(scene: Scene) -> None:
    """As bytes: SDKs do not show comments."""
    path = "/v1/chat/completions" if scene.voice is OPENAI else "/v1/messages"
    body = {"model": scene.route, "stream": True, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    headers = as_b(scene.voice) | {"Authorization": f"Bearer {scene.stage.secret}"}
    async with scene.provider(says(nothing, then=is_silent)) as a:
        reply = await ask(scene.stage.port, request("POST", path, json.dumps(body).encode(), headers))
        await (await a.conversation(0)).left()
    scene.stage.calls[scene.route] = [Told(status=reply.status, headers=reply.headers, tries=1)]
    first = next(at for at, frame in enumerate(reply.frames) if b"data: " in frame and b"ping" not in frame)
    assert first >= 2, "a silence of 1.5 s, a word every 0.3 s"
    assert reply.ended == "chunks"
    row = await scene.stage.row_of(scene.stage.calls[scene.route][0])
    assert (row["status"], row["provider"]) == ("ok", f"b-{scene.voice.name}")


@story(13, "the-next-one-is-asked-soon", more="next_after: 500ms, deadlines: {total: 8s}")
async def next_after(scene: Scene) -> None:
    async with scene.provider(says(nothing, then=is_silent)) as a:
        begun = time.monotonic()
        await scene.judged(by_b("upstream_timeout", bought=True))
        assert time.monotonic() - begun < 4, "long before any deadline"
        await scene.judged(early(by_b("upstream_timeout", bought=True)), stream=True)
        for number in range(2):
            await (await a.conversation(number)).left()


@story(15, "drips-a-stream", alone=True, more="deadlines: {total: 2s}")
async def dripped(scene: Scene) -> None:
    async with scene.provider(drips) as a:
        begun = time.monotonic()
        told = await scene.call(stream=True)
        assert time.monotonic() - begun < 8
        row = await scene.stage.row_of(told)
        assert (told.code, told.whole, told.text[:5]) == ("upstream_timeout", False, "drip ")
        assert (row["status"], row["error_kind"], row["cost_basis"]) == ("truncated", "upstream_timeout", "estimated")
        assert row["output_tokens"] >= told.text.count("drip")
        await eventually(lambda: not a.errors and a.conversations[0].unsent == 0)
        await a.conversations[0].left()


class Mended:
    """Fails until it is told to be well. `hold`: the next answer waits for `free`."""

    def __init__(self, number: int) -> None:
        self.is_well = False
        self.asked = 0
        self.hold = False
        self.free = asyncio.Event()
        self._fails = status(number)

    def __call__(self, voice: Voice) -> Script:
        async def script(conversation: Conversation) -> None:
            while True:
                asked = await conversation.request()
                self.asked += 1
                if self.hold:
                    await self.free.wait()
                conversation.send(self._answer(voice, asked))

        return script

    def _answer(self, voice: Voice, asked: Received) -> bytes:
        return (good if self.is_well else self._fails)(voice, asked)


@story(21, "breaker")
async def breaker(scene: Scene) -> None:
    """It opens after four failures in a row, lets one call try after a second, and closes when that went well."""
    provider = Mended(500)
    async with scene.provider(provider):
        for _ in range(4):
            await scene.judged(by_b("upstream_error"))
        row = await scene.judged(by_b(None, 1))
        assert provider.asked == 4, "it is left alone"
        assert [each["target"] for each in row["passed_over"]] == [f"{scene.route}/{scene.voice.model}"]
        provider.hold = True
        probe = asyncio.ensure_future(_until_asked(scene, provider))
        await until(lambda: provider.asked, lambda asked: asked == 5)
        for _ in range(3):
            await scene.judged(by_b(None, 1))
        assert provider.asked == 5, "one tries, the others go to B"
        provider.is_well = True
        provider.free.set()
        await probe
        provider.hold = False
        await scene.judged(by_a())


async def _until_asked(scene: Scene, provider: Mended) -> None:
    """Calls one after the other until A is asked again."""
    while provider.asked == 4:
        await scene.call()


@story(22, "another-key-is-taken", alone=True, keys=2)
async def another_key(scene: Scene) -> None:
    async with scene.provider(says(status(401), good)) as a:
        await scene.judged(by_a()._replace(attempts=2, tried="upstream_auth"))
        await scene.judged(by_a(), stream=True)
        assert len(a.requests) == 3, "the key that was refused rests"
        await until(scene.alarms, bool)


@story(22, "no-key-is-left", alone=True)
async def no_key(scene: Scene) -> None:
    async with scene.provider(says(status(401))):
        await scene.judged(refused(502, "upstream_auth", unretried=True))
        told = await scene.call()
        assert told.status in (502, 503, 529)
        assert told.code == "upstream_auth", "never 401"


@story(23, "refusals-do-not-open-the-breaker")
async def no_breaker(scene: Scene) -> None:
    async with scene.provider(says(*[status(400)] * 12, good)) as a:
        for _ in range(12):
            await scene.judged(refused(400, "context_length_exceeded"))
        await scene.judged(by_a())
        assert len(a.requests) == 13
