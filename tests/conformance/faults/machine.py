"""Rows 41 to 43: the gateway's own machine. A clock that jumps, a configuration that is wrong, the end under load."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control_client import ControlClient
from gatewatch.ledger.reader import open_reader
from gatewatch.paths import Home
from tests.conformance.faults.callers import Asked, Told, call
from tests.conformance.faults.scene import Scene, story
from tests.conformance.faults.verdicts import by_a
from tests.kit.prompt_gateway import PROMPT
from tests.kit.provider_faults import good, says
from tests.kit.provider_voices import OPENAI, VOICES, Voice
from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, Conversation, Script, chunk
from tests.kit.waiting import until

CONFIG = """\
vault: file
providers:
  openai: {{preset: openai, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
  anthropic: {{preset: anthropic, base_url: "{sandbox}", api_key: none, allow_private: true}}
models:
  openai: {{targets: [openai/gpt-4o-mini]}}
  anthropic: {{targets: [anthropic/claude-sonnet-4-5]}}
limits: {{a-minute: {{scope: team/search, requests: 10000}}}}
budgets: {{a-day: {{scope: team/search, usd: 1000, period: day}}}}
"""


class Held:
    """A stream whose second half comes when it is let go."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    def __call__(self, voice: Voice) -> Script:
        async def script(conversation: Conversation) -> None:
            await conversation.request()
            conversation.send(STREAM_HEAD + chunk(voice.begin() + voice.piece("What A ")))
            await self.go_on.wait()
            conversation.send(chunk(voice.piece("says.") + voice.end(voice.usage(10, 2))) + LAST_CHUNK)
            await conversation.gone()

        return script


BROKEN: dict[str, Callable[[str], str]] = {
    "a syntax error": lambda whole: whole + "models: [\n",
    "an unknown model's target": lambda whole: whole + "  lost: {targets: [no-such-provider/gpt-4o]}\n",
    "a missing secret": lambda whole: whole.replace("keys/healthy", "keys/no-such-file"),
    "half a file": lambda whole: whole[: len(whole) // 2],
    "an empty file": lambda whole: "models: 7\n",
}


@story(42, "a-configuration-that-is-wrong", alone=True, voices=(OPENAI,))
async def reloaded(scene: Scene) -> None:
    """The old one stays, the error is on the screen, calls in flight notice nothing; then a right one is taken."""
    stage, held = scene.stage, Held()
    file = stage.folder / "gatewatch.yaml"
    whole = file.read_text()
    version = stage.live()["config"]["version"]
    async with scene.provider(held):
        streaming = asyncio.ensure_future(scene.call(stream=True))
        await until(lambda: stage.worker()["provider_keys_in_flight"].get(scene.route), bool)
        try:
            for name, spoil in BROKEN.items():
                file.write_text(spoil(whole))  # in place, as some editors do it
                await until(lambda: _alarm(stage.live()), bool)
                assert stage.live()["config"]["version"] == version, name
                file.write_text(whole)
                await until(lambda: _alarm(stage.live()), lambda told: not told)
            file.write_text(whole + f"  row-42-new: {{targets: [{scene.route}/{OPENAI.model}]}}\n")
            await until(lambda: stage.live()["config"]["version"], lambda now: now != version)
        finally:
            held.go_on.set()
        told = await streaming
        assert (told.error, told.text, told.whole) == ("", "What A says.", True)
    async with scene.provider(says(good)):
        fresh = stage.asked(scene.route)
        fresh.model = "row-42-new"
        assert (await until(lambda: call(fresh), lambda told: not told.error)).text == "What A says."
        await scene.judged(by_a())
    file.write_text(whole)


def _alarm(live: dict[str, Any]) -> str:
    return "".join(alarm["text"] for alarm in live["alarms"] if alarm["id"] == "config")


@contextmanager
def _served(folder: Path) -> Iterator[Gateway]:
    with sandbox(folder, "--no-key") as provider:
        config = CONFIG.format(sandbox=provider.listen)
        with gateway(folder, config, module=PROMPT) as served:
            yield served


async def ends_under_load(folder: Path) -> None:
    """Row 43. New calls are refused, short ones end well, the rest is told so in its own words; every row is there."""
    with _served(folder) as served:
        secret = served.key("app")

        def asked(voice: Voice, chunks: int, *, stream: bool = True) -> Asked:
            slow = {"x-sandbox-chunks": str(chunks), "x-sandbox-chunk-gap-ms": "50"}
            headers = slow if stream else {"x-sandbox-latency-ms": "60000"}
            return Asked(voice.name, served.running.listen, secret, voice.name, stream, headers, patience=30)

        short = [asyncio.ensure_future(call(asked(voice, 15))) for voice in VOICES for _ in range(5)]
        long = [asyncio.ensure_future(call(asked(voice, 2000))) for voice in VOICES for _ in range(5)]
        late = [asyncio.ensure_future(call(asked(voice, 0, stream=False))) for voice in VOICES for _ in range(3)]
        await until(lambda: _in_flight(served), lambda count: count == 26)
        served.running.process.send_signal(signal.SIGTERM)
        after = await _refused(asked(OPENAI, 1))
        ended = [await asyncio.gather(*each) for each in (short, long, late)]
        assert await until(served.running.process.poll, lambda code: code is not None) == 0
    assert all(told.whole and not told.error for told in ended[0]), ended[0]
    for told in ended[1]:
        assert (told.code, told.whole, bool(told.text)) == ("gateway_stopping", False, True), told
        assert told.error in ("APIError", "APIStatusError")
    for told in ended[2]:
        assert told.status in (503, 529)
        assert told.code in ("gateway_stopping", "overloaded"), told
    assert after.error in ("APIConnectionError", "InternalServerError")
    rows = _rows(Home(folder / "home"))
    known = {told.call_id: told for each in ended for told in each}
    assert known.keys() <= rows.keys()
    for id, told in known.items():
        row = rows[id]
        status = "ok" if told.whole else "truncated" if told.text else "error"
        assert (row["status"], row["error_kind"]) == (status, None if told.whole else told.code)
        assert row["cost_basis"] == ("computed" if told.whole else "estimated")


async def _refused(asked: Asked) -> Told:
    """Of a call that comes when the end has begun: it may take a moment to begin."""
    told: Told = await until(lambda: call(asked), lambda told: bool(told.error))
    return told


def _in_flight(served: Gateway) -> int:
    with ControlClient(Home(served.home).socket) as client:
        return sum(worker["in_flight"] for worker in client.live()["workers"])


def _rows(home: Home) -> dict[str, dict[str, Any]]:
    reader = open_reader(home)
    try:
        return {row["call_id"]: row for row in reader.ask("calls", limit=500).rows}
    finally:
        reader.close()


LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")


def faketime() -> str:
    """Where it is; empty: it is not installed."""
    found = [str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))]
    return found[0] if found else ""


@contextmanager
def clock(folder: Path, library: str) -> Iterator[Path]:
    """The environment in which processes read the time of this file, as in `+1d`."""
    said = folder / "clock"
    said.write_text("+0s")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LD_PRELOAD", library)
        patched.setenv("FAKETIME_TIMESTAMP_FILE", str(said))
        patched.setenv("FAKETIME_NO_CACHE", "1")
        patched.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        yield said


async def clock_jumps(folder: Path, library: str) -> None:
    """Row 41. A day ahead, a day back: nothing waits for it, nothing counts below nothing, a key ends by the wall."""
    with clock(folder, library) as said, _served(folder) as served:
        brief, lasting = served.key("brief", "--ttl", "1h"), served.key("lasting")

        def asked(voice: Voice, key: str, *, stream: bool = False) -> Asked:
            headers = {"x-sandbox-chunks": "20" if stream else "3", "x-sandbox-chunk-gap-ms": "50"}
            return Asked(voice.name, served.running.listen, key, voice.name, stream, headers, patience=20)

        calls: list[Told] = []
        for jump in ("+1d", "-1d", "+0s"):
            streams = [asyncio.ensure_future(call(asked(voice, lasting, stream=True))) for voice in VOICES]
            await until(lambda: _in_flight(served), lambda count: count == len(VOICES))
            said.write_text(jump)
            calls += await asyncio.gather(*(call(asked(voice, lasting)) for voice in VOICES), *streams)
            ends = await call(asked(OPENAI, brief))
            assert (ends.status == 401) == (jump == "+1d"), (jump, ends)
            calls += [] if ends.error else [ends]
        assert [told for told in calls if told.error or not told.whole] == []
        assert max(told.seconds for told in calls) < 15
        rows = await until(lambda: served.ask("show", "calls", "--limit", "100"), lambda rows: len(rows) >= len(calls))
        for row in rows:
            assert 0 <= row["overhead_ms"] <= row["latency_ms"] < 15_000, row
        (budget,) = served.ask("budgets", "list")
        assert float(budget["spent"]) >= 0, budget
        log = served.running.log.read_text()
        assert "Traceback" not in log, log[-4000:]


def home_variables() -> dict[str, str]:
    """Of whoever runs the tests, without keys and addresses: what another interpreter needs."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
