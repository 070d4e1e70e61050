"""One gateway process for the whole matrix, healthy traffic beside every fault, and what is checked after each row: one
row in the ledger for each call, nothing held, nothing leaked, nobody else disturbed.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control_client import ControlClient
from gatewatch.ledger.reader import RemoteLedger
from gatewatch.paths import Home
from tests.conformance.faults.callers import Asked, Told, call
from tests.conformance.faults.places import Ground, Place, by_voice, canary
from tests.conformance.faults.trickle import HEALTHY, Trickle
from tests.conformance.faults.verdicts import B_USAGE, FROM_B
from tests.kit.prompt_gateway import PROMPT
from tests.kit.provider_voices import Voice
from tests.kit.running import Gateway, Running, gateway, sandbox
from tests.kit.waiting import until

STALLED_SECONDS = 4.0
"""A healthy call that takes so long was held up by the fault beside it; a busy machine's hiccups are shorter."""
MEMORY_MB = 64.0
"""That a worker may take on over all of the matrix: replies of a gigabyte among it."""
SPARE_SOCKETS = 40
"""That a worker may keep for later, beyond those that it had at the beginning."""

HEAD = """\
vault: file
workers: 1
resilience: {{breaker: {{failures: 4, pause: 1s}}, keep_alive: 300ms}}
caps: {{reply: 32MiB, held_reply: 256KiB, sse_line: 1MiB, header_time: 2s, body_time: 2s, write_time: 2s}}
budgets: {{matrix: {{scope: team/matrix, usd: 100000}}}}
limits: {{matrix: {{scope: team/matrix, concurrent: 500}}}}
providers:
  healthy: {{preset: openai, base_url: "{sandbox}/v1", api_key: "file:{keys}/healthy", allow_private: true}}
  b-openai: {{preset: openai, base_url: "{sandbox}/v1", api_key: "file:{keys}/b-openai", allow_private: true}}
  b-anthropic: {{preset: anthropic, base_url: "{sandbox}", api_key: "file:{keys}/b-anthropic", allow_private: true}}
"""


class Stage:
    """The gateway, and what calls it."""

    def __init__(
        self, folder: Path, served: Gateway, provider: Running, places: dict[str, Place], canaries: list[bytes]
    ) -> None:
        self.folder, self.served, self.provider, self.places = folder, served, provider, places
        self.port = int(served.running.listen.rpartition(":")[2])
        self.secret = served.key("matrix", team="matrix")
        self._canaries = canaries
        self.calls: dict[str, list[Told]] = {}
        """Route → what its calls were told, of the row that runs."""
        self._control = ControlClient(Home(served.home).socket)
        self._ledger = RemoteLedger(Home(served.home).socket)
        self.sockets_at_first, self.memory_at_first = self.sockets(), self.memory_mb()
        self.trickle = Trickle(self.port, served.key("trickle", team="healthy"))

    def close(self) -> None:
        self._control.close()
        self._ledger.close()

    # calling

    def asked(self, route: str, *, stream: bool = False, **more: Any) -> Asked:
        """A call of the SDK whose name is the last word of the route's."""
        voice = by_voice(route)
        headers = as_b(voice) | more.pop("headers", {})
        key = more.pop("key", self.secret)
        return Asked(voice.name, self.served.running.listen, key, route, stream, headers, **more)

    async def call(self, route: str, *, stream: bool = False, **more: Any) -> Told:
        """One call, whose row is looked for at the end."""
        told = await call(self.asked(route, stream=stream, **more))
        self.calls.setdefault(route, []).append(told)
        return told

    # looking

    def live(self) -> dict[str, Any]:
        return self._control.live()

    def worker(self) -> dict[str, Any]:
        (worker,) = self.live()["workers"]
        found: dict[str, Any] = worker
        return found

    def rows(self, route: str) -> list[dict[str, Any]]:
        """All rows of calls of that name, the oldest first, as `show calls` has them."""
        answer = self._ledger.ask("calls", where=f"requested_model={route}", limit=500)
        return answer.rows[::-1]

    def whole_row(self, call_id: str) -> dict[str, Any]:
        """As `show calls --id` has it, with its tries."""
        (row,) = self._ledger.ask("call", call_id=call_id).rows
        return row

    async def row_of(self, told: Told) -> dict[str, Any]:
        """The row of a call, once it is loaded."""
        found = await until(lambda: self._ledger.ask("call", call_id=told.call_id).rows, bool)
        row: dict[str, Any] = found[0]
        return row

    def sockets(self) -> int:
        """That the worker has open."""
        return sum(1 for each in Path(f"/proc/{self.worker()['pid']}/fd").iterdir() if _is_socket(each))

    def memory_mb(self) -> float:
        return float(self.worker()["rss_mb"])

    # judging

    @asynccontextmanager
    async def row(self) -> AsyncIterator[None]:
        """What is done inside is one row of the matrix; the common checks come behind it."""
        self.calls.clear()
        begun, logged = time.monotonic(), self.served.running.log.stat().st_size
        yield
        rows = await self._one_row_each()
        await self._nothing_is_held()
        self._nothing_leaked(rows, logged)
        self._nobody_noticed(begun)

    async def _one_row_each(self) -> list[dict[str, Any]]:
        """Exactly one for each request that was answered or refused."""
        found = []
        for route, calls in self.calls.items():
            ids = {told.call_id for told in calls if told.headers}
            expected = sum(max(1, told.tries) for told in calls)
            rows = await until(lambda route=route: self.rows(route), lambda rows, n=expected: len(rows) >= n)  # type: ignore[misc]
            assert len(rows) == expected, (route, [(row["call_id"], row["status"]) for row in rows])
            assert len({row["call_id"] for row in rows}) == expected
            assert ids <= {row["call_id"] for row in rows}
            found += rows
        return found

    async def _nothing_is_held(self) -> None:
        """Calls, lanes, budgets, concurrent places, connections: all as before."""
        await until(self.worker, _is_idle)

    def _nothing_leaked(self, rows: list[dict[str, Any]], logged: int) -> None:
        """No provider's key, and nothing that a page of a proxy said, is told to anybody."""
        told = json.dumps([vars(each) for calls in self.calls.values() for each in calls], default=str)
        sinks = {"replies": told, "rows": json.dumps(rows), "live": json.dumps(self.live())}
        log = self.served.running.log.read_bytes()[logged:].decode(errors="replace")
        for name, sink in (sinks | {"log": log}).items():
            assert "sk-canary-" not in sink, f"a provider's key stands in the {name}"
        assert "Traceback" not in log, log[-3000:]

    def _nobody_noticed(self, begun: float) -> None:
        beats = self.trickle.since(begun)
        assert [beat.trouble for beat in beats if beat.trouble] == []
        assert max((beat.seconds for beat in beats), default=0.0) < STALLED_SECONDS

    def nothing_stands_anywhere(self) -> None:
        """After all rows: no file of the home, but the vault, has a secret."""
        for path in self.served.home.rglob("*"):
            if path.is_file() and path.name != "vault.gw":
                content = path.read_bytes()
                assert not [canary for canary in self._canaries if canary in content], path


def as_b(voice: Voice) -> dict[str, str]:
    """What B has to say: told by the caller's headers."""
    return {"x-sandbox-text": json.dumps(FROM_B), "x-sandbox-usage": json.dumps(voice.usage(*B_USAGE))}


def _is_idle(worker: Mapping[str, Any]) -> bool:
    busy = [lane for lane in worker["provider_lanes"] if lane["running"] or lane["waiting"]]
    return not worker["in_flight"] and not worker["held"] and not busy and worker["connections"] <= 1


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False


@contextmanager
def stage(folder: Path, routes: Callable[[Ground], tuple[dict[str, Place], str]]) -> Iterator[Stage]:
    """`routes`: makes the places, and says the lines of `models:`."""
    keys = folder / "keys"
    keys.mkdir()
    ground = Ground(folder)
    with closing(ground):
        yield from _staged(folder, keys, ground, routes)


def _staged(
    folder: Path, keys: Path, ground: Ground, routes: Callable[[Ground], tuple[dict[str, Place], str]]
) -> Iterator[Stage]:
    places, models = routes(ground)
    names = [HEALTHY, "b-openai", "b-anthropic", *(name for place in places.values() for name in place.key_names)]
    secrets = {name: canary(name) for name in names}
    for name, secret in secrets.items():
        (keys / name).write_text(secret)
        (keys / name).chmod(0o600)
    with pytest.MonkeyPatch.context() as patched, sandbox(folder) as provider:
        patched.setenv("SSL_CERT_FILE", str(ground.trusted[0]))
        config = HEAD.format(sandbox=provider.listen, keys=keys)
        config += "".join(place.provider_line(keys) for place in places.values())
        config += f"models:\n  {HEALTHY}: {{targets: [{HEALTHY}/gpt-4o-mini]}}\n" + models
        with gateway(folder, config, module=PROMPT) as served:
            made = Stage(folder, served, provider, places, [secret.encode() for secret in secrets.values()])
            with closing(made), made.trickle:
                yield made


async def all_of(*coroutines: Any) -> list[Any]:
    return list(await asyncio.gather(*coroutines))
