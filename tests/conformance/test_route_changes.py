"""An operator sends calls elsewhere under load: canary, drain, rollback, and all of it back.

Two workers, steady calls and streams: not one of them fails, and rows and the audit trail tell what was in force.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.running import gateway, sandbox
from tests.kit.steady_load import SteadyLoad
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

SECONDS = 1.0
"""What is promised: from then on every new call goes by it."""
LOOKED_AT = 15
"""So many calls are watched, of each change."""
RATE = 40
CONFIG = """\
vault: file
workers: 2
providers:
  alpha: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
  beta: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
  gamma: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [{targets}]}}
"""
ALPHA, BETA, GAMMA = "alpha/gpt-4o-mini", "beta/gpt-4o", "gamma/gpt-4o-mini"


class Phase(NamedTuple):
    """What was in force, for calls that began between two moments (µs)."""

    since: int
    until: int


class Operator:
    """Does things and notes from when on each of them had to be in force."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.phases: dict[str, Phase] = {}

    async def does(self, action: str, **asked: object) -> Any:
        with ControlClient(Home(self._home).socket) as client:
            return await asyncio.to_thread(client.request, "POST", f"/v1/actions/routes.{action}", asked)

    async def watches(self, phase: str, load: SteadyLoad) -> None:
        since, begun = time.time_ns() // 1000 + int(SECONDS * 1e6), time.monotonic() + SECONDS
        await until(lambda: sum(told.begun >= begun for told in load.told), lambda calls: calls >= LOOKED_AT)
        self.phases[phase] = Phase(since, time.time_ns() // 1000)

    async def version(self) -> str:
        return str((await self.does("list"))[0]["version"])


def rows(home: Path) -> list[dict[str, Any]]:
    lines = [line for path in sorted((home / "journal").glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [row for row in map(json.loads, lines) if row["k"] == "close"]


def seen(found: Iterable[dict[str, Any]], phase: Phase) -> list[dict[str, Any]]:
    return [row for row in found if phase.since <= row["started_at"] < phase.until]


def target(row: dict[str, Any]) -> str:
    return f"{row['provider']}/{row['model']}"


async def test_canary_drain_and_rollback_under_load_fail_no_call(tmp_path: Path) -> None:
    with sandbox(tmp_path) as provider:
        config = CONFIG.format(sandbox=provider.listen, targets=f"{ALPHA}, {GAMMA}")
        with gateway(tmp_path, config) as running:
            secret = running.key("app")
            port = int(running.running.listen.rpartition(":")[2])
            operator = Operator(running.home)
            first = await operator.version()
            async with SteadyLoad(port, lambda: secret, RATE) as load:
                await operator.does("canary", route="chat", to=BETA, share="50%")
                await operator.watches("half", load)
                await operator.does("canary", route="chat", share="100%")
                await operator.watches("all", load)
                await operator.does("lift_canary", route="chat")
                await operator.does("drain", target=ALPHA, reason="it is slow")
                await operator.watches("drained", load)
                await operator.does("undrain", target=ALPHA)
                await operator.watches("undrained", load)
                other = CONFIG.format(sandbox=provider.listen, targets=f"{GAMMA}, {ALPHA}")
                (tmp_path / "gatewatch.yaml").write_text(other, encoding="utf-8")
                second = await until(operator.version, lambda version: version != first)
                told = await asyncio.to_thread(running.ask, "routes", "rollback", "chat", "--reason", "it was better")
                await operator.watches("rolled back", load)
                await operator.does("lift_rollback", route="chat")
                await operator.watches("back", load)
            assert [each for each in load.told if not each.is_whole] == []
            assert len(load.told) > LOOKED_AT * len(operator.phases)
            await until(lambda: len(rows(running.home)) == len(load.told))
            found = rows(running.home)
            trail = running.ask("audit", "list", "--action", "route.*")
            left = await operator.does("list")
    assert {row["status"] for row in found} == {"ok"}
    phases = {name: seen(found, phase) for name, phase in operator.phases.items()}
    assert all(len(calls) >= LOOKED_AT for calls in phases.values())

    def told_of(phase: str) -> set[tuple[str, str | None, str]]:
        return {(target(row), row.get("routed_by"), row["route_version"]) for row in phases[phase]}

    at_canary = [row for row in phases["half"] if target(row) == BETA]
    assert 0 < len(at_canary) < len(phases["half"]), "some of them; how many is for the router's own tests"
    assert {row.get("routed_by") for row in at_canary} == {"canary:chat"}
    assert told_of("half") <= {(BETA, "canary:chat", first), (ALPHA, None, first)}
    assert told_of("all") == {(BETA, "canary:chat", first)}
    assert told_of("drained") == {(GAMMA, f"drain:{ALPHA}", first)}
    assert told_of("undrained") == {(ALPHA, None, first)}
    assert told_of("rolled back") == {(ALPHA, "rollback:chat", first)}
    assert told_of("back") == {(GAMMA, None, second)}
    assert (told["version"], told["instead_of"]) == (first, second)
    assert [(entry["action"], entry["target"]) for entry in reversed(trail)] == [
        ("route.canary", "chat"), ("route.canary", "chat"), ("route.canary_lift", "chat"), ("route.drain", ALPHA),
        ("route.undrain", ALPHA), ("route.change", "chat"), ("route.rollback", "chat"), ("route.rollback_lift", "chat"),
    ]  # fmt: skip
    assert left[0]["overrides"] == []
