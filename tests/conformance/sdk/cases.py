"""What every Python driver shares: what is asked, what the sandbox is told to answer, and how cases run.

A driver is one client and one API. It runs its cases against every provider and prints the verdicts as JSON:

    echo '{"url": …, "key": …, "sandbox": …, "providers": [{"name": …, "plain": …, "thinking": …}]}' |
        python -m tests.conformance.sdk.DRIVER [CASE ...]

Needs nothing but the client, whichever generation the interpreter has. A verdict is what the case returns, or what an
app can tell from the exception; `verdicts.py` says what it should be. `seen` in it is what the provider got.
"""

import asyncio
import inspect
import json
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

_WORDS = json.loads(Path(__file__).with_name("words.json").read_text())
"""Shared with the drivers in JavaScript."""
TEXT: str = _WORDS["text"]
QUESTION: str = _WORDS["question"]
THOUGHT: str = _WORDS["thought"]
OUTPUTS: dict[str, str] = _WORDS["outputs"]
"""City → what the tool says of it."""
SCHEMA: dict[str, Any] = _WORDS["schema"]
PIXEL: str = _WORDS["pixel"]
"""A PNG of one pixel."""
PICTURE: str = _WORDS["picture"]
UNKNOWN: str = _WORDS["unknown_parameter"]
"""What no API has."""


def saying(text: str = TEXT, **more: str) -> dict[str, str]:
    """Headers that dictate a reply to the sandbox."""
    return {"x-sandbox-text": json.dumps(text), **more}


CALLING = {"x-sandbox-calls": json.dumps([{"name": "get_weather", "arguments": {"city": city}} for city in OUTPUTS])}
THINKING = {"x-sandbox-thinking": json.dumps(THOUGHT)}
IN_WRITES = {"x-sandbox-chunk-gap-ms": "0"}
"""Each delta of a stream is a write of its own."""


class Provider(NamedTuple):
    """One provider behind the gateway."""

    name: str
    plain: str
    """A model that does not think."""
    thinking: str
    """A model that thinks where it is asked to."""

    def faulty(self, fault: str) -> str:
        return f"{self.name}/fault-{fault}"


class Run:
    """One case of one client at one provider."""

    def __init__(self, client: Any, provider: Provider, sandbox: str, name: str) -> None:
        self.client = client
        self.provider = provider
        self.name = name
        """No two runs have the same."""
        self.tries = 0
        """How often its requests were sent."""
        self._sandbox = sandbox

    def script(self, steps: str) -> dict[str, str]:
        """Headers: what befalls the first, second, … try."""
        return {"x-sandbox-script": steps, "x-sandbox-session": self.name}

    def seen(self) -> Any:
        """The body of the last request that reached the provider."""
        with urllib.request.urlopen(f"{self._sandbox}/__sandbox/stats?last=1") as reply:
            return json.load(reply)["last"][-1]["body"]


Case = Callable[[Run], Any]
Hook = Callable[[object], None]
AsyncHook = Callable[[object], Awaitable[None]]


class Driver:
    """Cases by name, and how they are run. A coroutine function gets the client's async variant."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases: dict[str, Case] = {}

    def case(self, function: Case) -> Case:
        self.cases[function.__name__] = function
        return function

    def main(
        self,
        version: str,
        clients: Callable[[dict[str, Any], Hook, AsyncHook], tuple[Any, Any]],
        told: Callable[[BaseException], dict[str, Any]],
    ) -> None:
        """`clients`: (place, hooks on requests) → a client and an async one. `told`: an exception → its verdict."""
        place = json.load(sys.stdin)
        wanted = sys.argv[1:]
        runs: list[Run] = []

        def note(_request: object) -> None:
            runs[-1].tries += 1

        async def note_async(request: object) -> None:
            note(request)

        async def everything() -> dict[str, dict[str, Any]]:
            client, async_client = clients(place, note, note_async)
            found: dict[str, dict[str, Any]] = {}
            for each in place["providers"]:
                provider = Provider(**each)
                found[provider.name] = {}
                for name, function in self.cases.items():
                    if wanted and name not in wanted:
                        continue
                    is_async = inspect.iscoroutinefunction(function)
                    unique = f"{self.name} {version} {provider.name} {name}"
                    runs.append(Run(async_client if is_async else client, provider, place["sandbox"], unique))
                    try:
                        verdict = await function(runs[-1]) if is_async else function(runs[-1])
                    except Exception as error:  # noqa: BLE001 - the verdict is which one it is
                        verdict = told(error)
                    found[provider.name][name] = verdict
            client.close()
            await async_client.close()
            return found

        json.dump({"version": version, "verdicts": asyncio.run(everything())}, sys.stdout)


class Waited:
    """Whether at least a second passes: what `Retry-After: 1` asks for, and more than any client waits by itself."""

    def __enter__(self) -> "Waited":
        self._began = time.monotonic()
        self.a_second = False
        return self

    def __exit__(self, *_: object) -> None:
        self.a_second = time.monotonic() - self._began >= 1
