"""A 401, a 429 and a 500 spike, a provider that is gone and one that hangs, a velocity spike and a forecast breach:
each fires, acts, and is over with its cause.

A real gateway and the sandbox, with windows of seconds; all of them at once.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.journals import HOUR, a_call, closing, segment
from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.waiting import until

FIRES_WITHIN = 30.0
KEY = "sk-sandbox-alerts-0123456789abcdef"
DEAR = {"prompt_tokens": 100_000, "completion_tokens": 10, "total_tokens": 100_010}
"""0.25 USD of gpt-4o."""
CAUSES = {
    "locked": "provider_key/locked/env:ALERTS_KEY",
    "limited": "provider/limited",
    "dead": "provider/dead",
    "hanging": "provider/hanging",
    "broken": "route/stepped",
    "fast": "key/",
    "month": "budgets.team/usd",
}
"""Alert → its subject, or the beginning of it."""


def config(provider: str, nobody: int) -> str:
    to_sandbox = f'preset: openai, base_url: "{provider}/v1", api_key: env:ALERTS_KEY, allow_private: true'
    soon = "window: 8s, clear_for: 1s"
    zone = f"Etc/GMT{(datetime.now(UTC).hour + 3) % 24 - 11:+d}"  # where it is eight: a day with most of it left
    return f"""
providers:
  good: {{{to_sandbox}}}
  locked: {{{to_sandbox}}}
  limited: {{{to_sandbox}}}
  hanging: {{{to_sandbox}}}
  dead: {{preset: openai, base_url: "http://127.0.0.1:{nobody}/v1", api_key: env:ALERTS_KEY, allow_private: true}}
models:
  talk: {{targets: [good/gpt-4o-mini]}}
  dear: {{targets: [good/gpt-4o]}}
  refused: {{targets: [locked/fault-401, good/gpt-4o-mini]}}
  busy: {{targets: [limited/fault-429, good/gpt-4o-mini]}}
  gone: {{targets: [dead/gpt-4o-mini, good/gpt-4o-mini]}}
  late: {{targets: [hanging/fault-slow-first-byte, good/gpt-4o-mini], deadlines: {{first_byte: 1s}}}}
  stepped: {{targets: [good/gpt-4o, good/gpt-4o-mini], budget_step_down: true}}
budgets:
  team: {{scope: team/spenders, usd: 5, period: day, zone: {zone}}}
alerts:
  locked: {{when: 401, above: 1, per: provider_key, do: [notify, shift], {soon}}}
  limited: {{when: 429, above: 50%, per: provider, least: 5, do: [notify, shift], {soon}}}
  dead: {{when: 5xx, above: 50%, per: provider, least: 5, only: [dead], {soon}}}
  hanging: {{when: 5xx, above: 50%, per: provider, least: 5, only: [hanging], {soon}}}
  broken: {{when: 5xx, above: 50%, per: route, least: 5, only: [stepped], do: [notify, step_down], {soon}}}
  fast: {{when: velocity, above: 5x, floor: 60, do: [notify, pause], {soon}}}
  month: {{when: forecast, above: 100%, do: [notify, throttle], clear_for: 1s}}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("alerts")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ALERTS_KEY", KEY)
        # of spenders somebody has made a call three hours ago: a forecast takes some time to be worth a word
        earlier = a_call(1, at_us=time.time_ns() // 1000 - 3 * HOUR, team="spenders")
        segment(Home(folder / "home"), closing(earlier))
        with (
            socket.create_server(("127.0.0.1", 0)) as nobody,
            sandbox(folder) as provider,
        ):
            port = nobody.getsockname()[1]
            nobody.close()  # nobody listens there
            with gateway(folder, config(provider.listen, port)) as running:
                yield running


@pytest.fixture
def control(running: Gateway) -> Iterator[ControlClient]:
    with ControlClient(Home(running.home).socket) as client:
        yield client


@pytest.fixture
async def app(running: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.base_url, timeout=30) as client:
        yield client


async def ask(app: httpx.AsyncClient, key: str, model: str, **headers: str) -> httpx.Response:
    return await app.post(
        "/chat/completions",
        json={"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10},
        headers={
            "authorization": f"Bearer {key}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


def alerts(control: ControlClient) -> dict[str, dict[str, Any]]:
    """Those of `CAUSES` that fire, or have something in force, by name."""
    return {alert["alert"]: alert for alert in control.live()["alerts"] if alert["alert"] in CAUSES}


def firing(control: ControlClient) -> set[str]:
    return {name for name, alert in alerts(control).items() if alert["state"] == "firing"}


async def served_by(running: Gateway, reply: httpx.Response) -> tuple[str, str, int]:
    """Provider, model and number of tries of a call."""
    id = reply.headers["x-gatewatch-call-id"]

    def rows() -> Any:
        return running.ask("show", "calls", "--where", f"id={id}", "--since", "1h")

    (row,) = await until(rows, bool)
    return row["provider"], row["model"], row["attempts"]


@pytest.mark.slow
async def test_each_fires_within_30_s_acts_and_clears(
    running: Gateway, control: ControlClient, app: httpx.AsyncClient
) -> None:
    key, fast, spender = running.key("app"), running.key("fast"), running.key("spender", team="spenders")
    usage = json.dumps(DEAR)
    began = time.monotonic()
    await asyncio.gather(
        *(ask(app, key, model) for model in ("refused", "busy", "gone", "late") for _ in range(8)),
        *(ask(app, key, "stepped", x_sandbox_fault="fault-500") for _ in range(8)),
        *(ask(app, fast, "dear", x_sandbox_usage=usage) for _ in range(24)),  # 6 USD in 8 s, where 4 are too much
        *(ask(app, spender, "dear", x_sandbox_usage=usage) for _ in range(8)),  # 2 USD in three hours, of 5 for a day
    )
    fires = await until(lambda: firing(control), lambda found: found == set(CAUSES), FIRES_WITHIN)
    assert time.monotonic() - began < FIRES_WITHIN
    standing = alerts(control)
    assert all(standing[name]["subject"].startswith(subject) for name, subject in CAUSES.items())
    assert {name: [each.partition(" ")[0] for each in standing[name]["actions"]] for name in fires} == {
        "locked": ["shift"], "limited": ["shift"], "broken": ["step_down"], "fast": ["pause"], "month": ["throttle"],
        "dead": [], "hanging": [],
    }  # fmt: skip
    assert {alarm["id"] for alarm in control.live()["alarms"]} >= {
        f"alert:{alert['id']}" for alert in standing.values()
    }

    async def paused() -> httpx.Response:
        return await ask(app, fast, "talk")

    refused = await until(paused, lambda reply: reply.status_code == 403, 5)
    assert refused.json()["error"]["code"] == "key_paused"
    assert await served_by(running, await ask(app, key, "busy")) == ("good", "gpt-4o-mini", 1)
    assert await served_by(running, await ask(app, key, "refused")) == ("good", "gpt-4o-mini", 1)
    assert await served_by(running, await ask(app, key, "stepped")) == ("good", "gpt-4o-mini", 1)
    slow = await asyncio.gather(*(ask(app, spender, "talk", x_sandbox_latency_ms="300") for _ in range(3)))
    assert sorted(reply.status_code for reply in slow) == [200, 429, 429]

    granted = {"scope": "team/spenders", "picos": 10**15, "until": (int(time.time()) + 3600) * 10**6, "reason": "test"}
    control.request("POST", "/v1/actions/budgets.grant", granted)
    await until(lambda: firing(control), lambda found: not found, FIRES_WITHIN)
    assert {name: alert["actions"] for name, alert in alerts(control).items()} == {
        "fast": [f"pause {standing['fast']['subject']}"]
    }
    assert (await paused()).status_code == 403
    running.ask("alerts", "ack", "fast", "--resume", "--note", "it was a test")
    assert (await until(paused, lambda reply: reply.status_code == 200, 5)).json()["choices"]

    trail = running.ask("audit", "list", "--limit", "500")
    for deed in ("alert.fire", "alert.clear"):
        told = {entry["target"].partition("|")[0] for entry in trail if entry["action"] == deed}
        assert told >= set(CAUSES)
        assert {entry["actor"] for entry in trail if entry["action"] == deed} == {"gateway"}
    assert running.ask("audit", "verify")["ok"]
