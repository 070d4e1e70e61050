"""One of three targets goes bad under load: what callers notice of it, and what it costs the others.

A model with three targets, a third of the calls each, takes 100 calls a second, a healthy one beside it 50. Each storm
is a quiet time, then one target is dead, slow, throttled, overloaded or flapping, then it is well again. What was
tried stands in the ledger.

    python -m benchmarks storms [--seconds 20] [--workers 1,2] [--only dead,slow]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from benchmarks.last_cent import serving
from benchmarks.load.timed_calls import TimedCalls
from benchmarks.mocks.moody import Mood, Moody
from benchmarks.request import Door
from benchmarks.spread import percentile
from gatewatch.control_client import ControlClient
from gatewatch.paths import Home

TARGETS = ("a", "b", "c")
"""`a` goes bad."""
CALLS, HEALTHY_CALLS = 100, 50
"""A second."""
FLAP_SECONDS = 1.0
RECOVERY_SECONDS = 30.0
LOOK_SECONDS = 0.5
A_GAP = 0.7
"""Seconds without a try at the bad target, where there were thirty a second: its breaker is open."""
STORMS: dict[str, Mood] = {
    "dead": "dead",
    "slow": "slow",
    "throttled": "429",
    "throttled, says when": "429 with Retry-After",
    "overloaded": "503",
    "flapping": "dead",
}
CONFIG = """\
vault: file
providers:
{providers}
  healthy: {{preset: openai, base_url: "http://127.0.0.1:{healthy}/v1", api_key: none, allow_private: true}}
models:
  stormy: {{targets: [a/gpt-4o, b/gpt-4o, c/gpt-4o], strategy: weight, next_after: 1s}}
  healthy: {{targets: [healthy/gpt-4o]}}
{more}"""


class Times(NamedTuple):
    """When a storm's parts began, by the wall clock."""

    quiet: float
    storm: float
    well: float
    over: float


class Storm(NamedTuple):
    """What one came to."""

    name: str
    calls: int
    failed: int
    tries_again: int
    """At a target that the same call had asked before."""
    tries_at_bad: int
    opened: float | None
    """Seconds from the storm's beginning until the target was left alone; None: it never was."""
    back: float | None
    """Seconds from its end until the target served again; None: it did not."""
    quiet_p99: float
    storm_p99: float
    """Of the healthy model, ms."""

    @property
    def success(self) -> float:
        return 1 - self.failed / self.calls

    @property
    def retries(self) -> float:
        """To each call."""
        return self.tries_again / self.calls


class Weather:
    """Makes storms over one gateway."""

    def __init__(self, providers: dict[str, Moody], stormy: TimedCalls, healthy: TimedCalls) -> None:
        self._bad = providers["a"]
        self._stormy, self._healthy = stormy, healthy
        self.times: dict[str, Times] = {}

    async def storm(self, name: str, seconds: float, quiet_seconds: float) -> None:
        quiet = time.time()
        await asyncio.sleep(quiet_seconds)
        storm = time.time()
        if name == "flapping":
            for number in range(int(seconds / FLAP_SECONDS)):
                await self._bad.turn("well" if number % 2 else "dead")
                await asyncio.sleep(FLAP_SECONDS)
        else:
            await self._bad.turn(STORMS[name])
            await asyncio.sleep(seconds)
        await self._bad.turn("well")
        well = time.time()
        await self._served_again()
        self.times[name] = Times(quiet, storm, well, time.time())

    async def _served_again(self) -> None:
        """Until the target has most of its share back, or the time for that is over."""
        give_up = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < give_up:
            asked = self._bad.asked
            await asyncio.sleep(LOOK_SECONDS)
            if self._bad.asked - asked > CALLS / len(TARGETS) / 2 * LOOK_SECONDS:
                return

    def told(self, name: str, tries: list[tuple[float, str, str, int]]) -> Storm:
        """`tries`: when, at whom, with which status, the number of the call's try at that target."""
        at = self.times[name]
        calls = self._stormy.between(at.storm, at.well)
        during = [each for each in tries if at.storm <= each[0] < at.well]
        bad = [when for when, provider, _, _ in during if provider == "a"]
        back = [when for when, provider, status, _ in tries if provider == "a" and status == "ok" and when >= at.well]
        return Storm(
            name=name,
            calls=len(calls),
            failed=sum(each.status != 200 for each in calls),
            tries_again=sum(number > 1 for *_, number in during),
            tries_at_bad=len(bad),
            opened=_first_gap(bad, at.storm, at.well),
            back=back[0] - at.well if back else None,
            quiet_p99=_p99(self._healthy, at.quiet, at.storm),
            storm_p99=_p99(self._healthy, at.storm, at.well),
        )


def _first_gap(tries: list[float], begun: float, ended: float) -> float | None:
    """Seconds until the first time in which nobody asked."""
    for one, following in zip([begun, *tries], [*tries, ended], strict=True):
        if following - one > A_GAP:
            return one - begun
    return None


def _p99(calls: TimedCalls, begun: float, ended: float) -> float:
    return percentile(sorted(each.ms for each in calls.between(begun, ended)), 0.99)


@asynccontextmanager
async def weather(folder: Path, workers: int, more: str = "") -> AsyncIterator[Weather]:
    """Three providers and a healthy one, a gateway with `more` in its configuration, and the load."""
    async with AsyncExitStack() as stack:
        moody = {name: Moody() for name in (*TARGETS, "healthy")}
        for each in moody.values():
            await each.turn("well")
            stack.push_async_callback(each.end)
        lines = (
            f'  {name}: {{preset: openai, base_url: "http://127.0.0.1:{moody[name].port}/v1", api_key: none, '
            "allow_private: true}"
            for name in TARGETS
        )
        file, home = folder / "gatewatch.yaml", folder / "home"
        file.write_text(CONFIG.format(providers="\n".join(lines), healthy=moody["healthy"].port, more=more))
        options = ("--home", str(home), "--config", str(file), "--port", "0", "--workers", str(workers))
        listen = stack.enter_context(serving("serve", *options))
        with ControlClient(Home(home).socket) as control:
            key = {"name": "storm", "team": "storms", "create_team": True}
            secret = control.request("POST", "/v1/actions/keys.create", key)["secret"]
        door = Door(int(listen.rpartition(":")[2]), "/v1/chat/completions", "stormy", secret)
        healthy = await stack.enter_async_context(TimedCalls(door._replace(model="healthy"), HEALTHY_CALLS))
        stormy = await stack.enter_async_context(TimedCalls(door, CALLS))
        yield Weather(moody, stormy, healthy)


def tries_of(home: Path) -> list[tuple[float, str, str, int]]:
    """All tries at the three targets, in their order, once the gateway has ended."""
    asked = (
        "SELECT epoch(started_at), provider, status, row_number() OVER (PARTITION BY call_id, provider ORDER BY n)"
        " FROM attempts WHERE provider <> 'healthy' ORDER BY started_at"
    )
    with duckdb.connect(str(Home(home).ledger), read_only=True) as ledger:
        return [(when, provider, status, number) for when, provider, status, number in ledger.execute(asked).fetchall()]


async def storms(
    folder: Path, workers: int, seconds: float, names: list[str], *, quiet: float | None = None, more: str = ""
) -> list[Storm]:
    """One after the other, over one gateway with `more` in its configuration. `quiet`: seconds before each storm."""
    async with weather(folder, workers, more) as made:
        await asyncio.sleep(1.0)
        for name in names:
            await made.storm(name, seconds, seconds if quiet is None else quiet)
            sys.stderr.write(f"storms: {workers} workers, {name}\n")
    tries = tries_of(folder / "home")
    return [made.told(name, tries) for name in names]


def table(found: list[Storm]) -> list[str]:
    """Markdown."""
    lines = [
        "| storm | calls | success seen by clients | tries again ÷ calls | tries at the bad target "
        "| left alone after, s | serves again after, s | p99 healthy, ms: quiet → storm (÷) |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in found:
        opened, back = (f"{value:.2f}" if value is not None else "–" for value in (each.opened, each.back))
        p99 = f"{each.quiet_p99:.1f} → {each.storm_p99:.1f} ({each.storm_p99 / each.quiet_p99:.2f})"
        lines.append(
            f"| {each.name} | {each.calls} | {each.success:.3%} | {each.retries:.3f} | {each.tries_at_bad} | {opened} "
            f"| {back} | {p99} |"
        )
    return lines


def main(arguments: list[str]) -> int:
    """1 where callers saw less than 99.9 %, or a target was asked again by more than a fifth of the calls."""
    parser = argparse.ArgumentParser(prog="benchmarks storms", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--only", default=",".join(STORMS), help="separated by `,`")
    args = parser.parse_args(arguments)
    names = [name for name in STORMS if name.partition(",")[0] in args.only.split(",")]
    failed = False
    for workers in map(int, args.workers.split(",")):
        with tempfile.TemporaryDirectory(prefix="gatewatch-storms-") as folder:
            found = asyncio.run(storms(Path(folder), workers, args.seconds, names))
        print(f"{workers} worker{'s' if workers > 1 else ''}, {args.seconds:g} s each:\n", *table(found), "", sep="\n")
        failed |= any(each.success < 0.999 or each.retries > 0.2 for each in found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
