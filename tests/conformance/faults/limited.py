"""Rows 16 to 20: a provider that limits, and one whose money is spent."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.conformance.faults.scene import Scene, story
from tests.conformance.faults.verdicts import by_a, by_b, refused
from tests.kit.provider_faults import Answer, good, in_n_seconds, says, status
from tests.kit.provider_voices import ANTHROPIC, OPENAI, Voice
from tests.kit.scripted_upstream import Received, http
from tests.kit.waiting import until

LIMITED = "upstream_rate_limited"


@story(16, "retry-after-is-waited-for", alone=True, more="deadlines: {total: 10s}")
async def waited_for(scene: Scene) -> None:
    async with scene.provider(says(status(429, "retry-after: 1"), good)) as a:
        begun = time.monotonic()
        row = await scene.judged(by_a()._replace(attempts=2, tried=LIMITED))
        assert time.monotonic() - begun >= 1.0
        assert (row["retries"], len(a.requests)) == (1, 2)


@story(16, "nobody-waits-where-there-is-another", more="deadlines: {total: 10s}")
async def not_waited_for(scene: Scene) -> None:
    async with scene.provider(says(status(429, "retry-after: 5"), good)) as a:
        row = await scene.judged(by_b(LIMITED))
        assert row["latency_ms"] < 4000, "nobody waited"
        await scene.judged(by_b(None, 1))
        assert len(a.requests) == 1, "A has its rest"
        await scene.judged(by_a(), scene.other_route)
        assert len(a.requests) == 2, "the rest is of that key with that model alone"


@story(16, "a-patient-route-waits", more="patience: 3s, deadlines: {total: 10s}")
async def patient(scene: Scene) -> None:
    async with scene.provider(says(status(429, "retry-after: 1"), good)):
        begun = time.monotonic()
        await scene.judged(by_a()._replace(attempts=2, tried=LIMITED))
        assert time.monotonic() - begun >= 1.0


@story(16, "another-key-goes-first", alone=True, more="deadlines: {total: 10s}", keys=2)
async def another_key(scene: Scene) -> None:
    async with scene.provider(says(status(429, "retry-after: 5"), good)) as a:
        await scene.judged(by_a()._replace(attempts=2, tried=LIMITED))
        first, second = a.requests
        assert _key(first) != _key(second)


def _key(asked: Received) -> str:
    return asked.headers.get("authorization") or asked.headers["x-api-key"]


WAITS: dict[str, Callable[[], str]] = {
    "a-date": lambda: in_n_seconds(20),
    "a-date-that-is-past": lambda: "Wed, 21 Oct 2015 07:28:00 GMT",
    "words": lambda: "soon, maybe",
    "a-billion-seconds": lambda: "1000000000",
    "1e9": lambda: "1e9",
    "less-than-nothing": lambda: "-5",
    "nothing": lambda: "0",
}


def _odd_wait(name: str) -> None:
    def limited(voice: Voice, asked: Received) -> bytes:
        return status(429, f"retry-after: {WAITS[name]()}")(voice, asked)

    @story(17, f"retry-after-is-{name}", alone=True, more="deadlines: {total: 1s}")
    async def odd(scene: Scene) -> None:
        async with scene.provider(says(limited)) as a:
            told = await scene.call()
            row = await scene.stage.row_of(told)
            assert (told.status, told.code, row["error_kind"]) == (429, LIMITED, LIMITED)
            wait = told.headers.get("retry-after", "1")
            assert wait.isdecimal(), wait
            assert 1 <= int(wait) <= 86_400
            if name == "a-date":
                assert 17 <= int(wait) <= 21
            assert len(a.requests) == row["attempts"] <= 8
            assert 0.0 <= (await scene.lane())["shut_seconds"] <= 60.0
            assert float(row["cost_usd"]) == 0.0


for each in WAITS:
    _odd_wait(each)


def _resets(voice: Voice, seconds: float) -> Answer:
    """Only headers of limits say when it is over."""
    if voice is OPENAI:
        text = f"{int(seconds // 60)}m{seconds % 60:g}s" if seconds >= 60 else f"{seconds * 1000:g}ms"
        said = ("x-ratelimit-limit-requests: 60", "x-ratelimit-remaining-requests: 0")
        return status(429, *said, f"x-ratelimit-reset-requests: {text}")
    at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    said = ("anthropic-ratelimit-requests-limit: 60", "anthropic-ratelimit-requests-remaining: 0")
    return status(429, *said, f"anthropic-ratelimit-requests-reset: {at}")


@story(18, "only-a-reset-in-minutes", alone=True, more="deadlines: {total: 2s}")
async def reset_in_minutes(scene: Scene) -> None:
    async with scene.provider(says(_resets(scene.voice, 360))) as a:
        told = await scene.call()
        assert (told.status, told.code, len(a.requests)) == (429, LIMITED, 1)
        assert 355 <= int(told.headers["retry-after"]) <= 361, told.headers
        assert 50 <= (await scene.lane())["shut_seconds"] <= 60, "a minute at most is believed"


@story(18, "only-a-reset-in-milliseconds", alone=True, voices=(OPENAI,), more="deadlines: {total: 5s}")
async def reset_in_milliseconds(scene: Scene) -> None:
    async with scene.provider(says(_resets(OPENAI, 0.012), good)):
        await scene.judged(by_a()._replace(attempts=2, tried=LIMITED))


@story(18, "only-a-time-of-reset", alone=True, voices=(ANTHROPIC,), more="deadlines: {total: 2s}")
async def time_of_reset(scene: Scene) -> None:
    async with scene.provider(says(_resets(ANTHROPIC, 40))) as a:
        told = await scene.call()
        assert (told.status, len(a.requests)) == (429, 1)
        assert 36 <= int(told.headers["retry-after"]) <= 41
        assert 30 <= (await scene.lane())["shut_seconds"] <= 41


GEMINI = json.dumps({
    "error": {
        "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Resource has been exhausted (e.g. check quota).",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}],
    }
}).encode()  # fmt: skip


@story(18, "googles-retry-info", alone=True, voices=(OPENAI,), more="deadlines: {total: 2s}", preset="google")
async def retry_info(scene: Scene) -> None:
    """The provider is one of Google's; its caller is OpenAI's SDK."""
    async with scene.provider(says(lambda voice, asked: http(429, GEMINI))) as a:
        told = await scene.call()
        assert (told.error, told.code, len(a.requests)) == ("RateLimitError", LIMITED, 1)
        assert 35 <= int(told.headers["retry-after"]) <= 37
        assert 30 <= (await scene.lane())["shut_seconds"] <= 37


@story(19, "everybody-limits", more="deadlines: {total: 5s}")
async def everybody(scene: Scene) -> None:
    """B is a model of the sandbox that limits: it comes first, and A is told to wait longer."""
    async with scene.provider(says(status(429, "retry-after: 40"))) as a:
        limits = {"x-sandbox-fault": "429", "x-sandbox-retry-after": "20"}
        calls = [scene.call(headers=limits, stream=stream) for stream in (False, True)]
        for told in await asyncio.gather(*calls):
            row = await scene.stage.row_of(told)
            assert (told.error, told.status, told.code) == ("RateLimitError", 429, LIMITED)
            assert 17 <= int(told.headers["retry-after"]) <= 20, "the soonest"
            assert row["attempts"] <= 2
        assert len(a.requests) <= 2
        again = await scene.call(headers=limits)
        assert (again.status, len(a.requests) <= 2) == (429, True), "no storm"


def _spent(voice: Voice, name: str) -> Answer:
    if name == "402":
        return status(402)
    return status(429, type="insufficient_quota", code="insufficient_quota")


def _no_money(name: str, voices: tuple[Voice, ...]) -> None:
    @story(20, f"{name}-goes-to-b", voices=voices)
    async def spent(scene: Scene) -> None:
        async with scene.provider(says(_spent(scene.voice, name))) as a:
            await scene.judged(by_b("upstream_auth"))
            await scene.judged(by_b(None, 1), stream=True)
            assert len(a.requests) == 1, "it is not asked again"
            await until(scene.alarms, bool)

    @story(20, f"{name}-alone", alone=True, voices=voices)
    async def alone(scene: Scene) -> None:
        async with scene.provider(says(_spent(scene.voice, name))) as a:
            await scene.judged(refused(502, "upstream_auth", unretried=True))
            assert len(a.requests) == 1


_no_money("402", (OPENAI, ANTHROPIC))
_no_money("insufficient-quota", (OPENAI,))
