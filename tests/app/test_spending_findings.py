"""The doctor on limits, budgets and alerts: what refuses calls or wakes people stands there once, with a next step."""

import argparse
import asyncio
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.cli.discreet_parser import DiscreetParser
from app.cli.main import COMMANDS
from app.doctor import examine
from app.finding import Finding
from app.spending_findings import NEXT, of_alerts, of_metrics, of_rules, of_sinks
from gatewatch.alerts.metric import METRICS
from gatewatch.alerts.silence import Silence
from gatewatch.config.loading import Loaded, load
from gatewatch.control.alerts import AlertRow, Alerts, Effect
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound
from gatewatch.paths import Home
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

ROW = AlertRow(
    id="server-errors|route/chat", alert="server-errors", subject="route/chat", state="firing", severity="critical",
    value="43 %", threshold="10 %", text="server-errors: route/chat: 43 % answers 5xx", since=5, changed_at=5,
)  # fmt: skip
PAUSE = Effect(kind="pause", scope="key", name="k1")
SPENT: dict[str, Any] = {
    "rule": "budgets.a/usd", "scope": "team", "name": "ads", "key_name": None, "measure": "usd", "limit": "5",
    "used": 1.041, "resets_at": "2026-12-01T00:00:00Z", "applies_to": "team/ads",
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db") as store:
        store.create_team("search")
        yield store


def loaded(tmp_path: Path, text: str = "") -> Loaded:
    path = tmp_path / "gatewatch.yaml"
    path.write_text(text)
    return load(path, {})


def alerts(store: ControlStore, tmp_path: Path, *rows: AlertRow, measured: bool = False) -> list[Finding]:
    Alerts(store).settle(fired=rows)
    return list(of_alerts(loaded(tmp_path).config, store, measured=measured))


def understood(command: str) -> argparse.Namespace:
    """As the program itself reads it. Raises SystemExit."""
    name, *rest = shlex.split(command)[1:]
    parser = DiscreetParser(prog=f"gatewatch {name}")
    import_module(COMMANDS[name][0]).add_arguments(parser)
    return parser.parse_args(rest)


def test_nothing_limited_is_nothing_broken_and_says_how_to_begin(store: ControlStore, tmp_path: Path) -> None:
    found = list(of_rules(loaded(tmp_path), store, []))
    assert [(each.state, each.area) for each in found] == [("unused", "limits"), ("unused", "budgets")]
    for each in found:
        understood(each.next_step)


def test_limits_and_budgets_are_counted(store: ControlStore, tmp_path: Path) -> None:
    text = "limits: {a: {scope: key, requests: 5, tokens: 9}}\nbudgets: {b: {scope: team/search, usd: 5}}\n"
    found = {each.area: (each.state, each.what) for each in of_rules(loaded(tmp_path, text), store, None)}
    assert found == {
        "limits": ("ok", "2: 2 of the configuration, 0 of operators"),
        "budgets": ("ok", "1: 1 of the configuration, 0 of operators"),
    }


def test_a_rule_for_nobody_is_broken(store: ControlStore, tmp_path: Path) -> None:
    text = "budgets:\n  b: {scope: team/serch, usd: 5}\n"
    (found,) = [each for each in of_rules(loaded(tmp_path, text), store, None) if each.state == "broken"]
    assert found.what.endswith("gatewatch.yaml:2: budgets.b.scope: no team 'serch': this rule holds for no call")
    assert "did you mean search?" in found.next_step


def test_a_spent_budget_is_told_with_the_command_that_lifts_it(store: ControlStore, tmp_path: Path) -> None:
    full = SPENT | {"used": 0.99}
    (found,) = [each for each in of_rules(loaded(tmp_path), store, [SPENT, full]) if each.state == "broken"]
    assert "team/ads has spent 104% of 5 USD" in found.what
    assert understood(found.next_step).scope == "team/ads"
    of_each = SPENT | {"applies_to": "team"}
    found = list(of_rules(loaded(tmp_path), store, [of_each]))[-1]
    assert found.next_step.endswith("(that lifts it for each team)")
    many = list(of_rules(loaded(tmp_path), store, [SPENT] * 30))
    assert many[-1].what == "20 more are spent"


def test_what_fires_is_told_with_what_to_look_at_and_how_to_acknowledge_it(store: ControlStore, tmp_path: Path) -> None:
    summary, found = alerts(store, tmp_path, ROW)
    assert summary.what.endswith("are watched, 1 firing")
    assert (found.state, found.area, found.what) == ("broken", "alert server-errors", ROW.text)
    look, ack = found.next_step.splitlines()
    assert understood(look).view == "errors"
    assert understood(ack).name == ROW.id


def test_what_is_only_told_of_breaks_nothing(store: ControlStore, tmp_path: Path) -> None:
    (_, found) = alerts(store, tmp_path, msgspec.structs.replace(ROW, severity="info"))
    assert found.state == "ok"


def test_of_what_an_alert_has_in_force_it_is_told_how_to_lift_it(store: ControlStore, tmp_path: Path) -> None:
    paused = msgspec.structs.replace(ROW, severity="info", actions=(PAUSE,))
    (_, found) = alerts(store, tmp_path, paused)
    assert found.state == "broken"
    assert understood(found.next_step.splitlines()[-1]).resume
    over = msgspec.structs.replace(paused, id="velocity|key/k1", alert="velocity", state="cleared")
    (_, _, found) = alerts(store, tmp_path, over)
    assert found.what.startswith("over, but not all that it did")
    assert understood(found.next_step).resume


def test_what_somebody_knows_of_is_counted_alone(store: ControlStore, tmp_path: Path) -> None:
    book = Alerts(store)
    made = Silence(id="s1", pattern="quiet|*", until=2**51, reason="a test", created_at=1, created_by="ann")
    book.silence(made)
    rows = [
        msgspec.structs.replace(ROW, id=f"{name}|x", alert=name) for name in ("quiet", "known", "budget-80")
    ]  # fmt: skip
    book.settle(fired=rows)
    book.acknowledge("known|x", None, resume=False)
    (summary,) = alerts(store, tmp_path, measured=True)
    assert summary.what.endswith("are watched, 2 firing, 1 acknowledged, 1 silenced"), "a budget is told as a budget"


def test_a_flood_of_alerts_is_cut(store: ControlStore, tmp_path: Path) -> None:
    found = alerts(store, tmp_path, *(msgspec.structs.replace(ROW, id=f"server-errors|route/{n}") for n in range(40)))
    assert len(found) == 12
    assert found[-1].what == "30 more fire"


@pytest.mark.parametrize("metric", METRICS)
def test_for_everything_that_is_watched_there_is_something_to_look_at(metric: str) -> None:
    if "--help" not in NEXT[metric]:
        understood(NEXT[metric])


def test_sinks_and_metrics_are_told(tmp_path: Path) -> None:
    text = """
alert_sinks:
  hook: {url: "env:HOOK", allow_hosts: [hooks.example.com], shape: slack}
  deaf: {url: "env:DEAF", allow_hosts: [hooks.example.com], shape: slack}
  lost: {url: "env:LOST", allow_hosts: [hooks.example.com], shape: slack}
metrics: {listen: "127.0.0.1:9464"}
"""

    def resolved(reference: str) -> None:
        if reference == "env:LOST":
            raise NotFound("LOST is not set", "set it")

    config = loaded(tmp_path, text).config
    found = {each.area: each for each in of_sinks(config, resolved, [{"id": "alert_sink:deaf", "text": "no answer"}])}
    assert {area: each.state for area, each in found.items()} == {
        "sink hook": "ok", "sink deaf": "broken", "sink lost": "broken",
    }  # fmt: skip
    assert found["sink deaf"].next_step == "gatewatch alerts test deaf"
    assert found["sink lost"].next_step == "set it"
    assert of_metrics(config) == Finding("ok", "metrics", "http://127.0.0.1:9464/metrics")
    nothing = loaded(tmp_path).config
    assert {each.state for each in (*of_sinks(nothing, resolved, []), of_metrics(nothing))} == {"unused"}


PRICED = """
vault: file
providers:
  openai: {dialect: openai-chat, base_url: "LISTEN/v1", api_key: "env:SANDBOX_KEY", allow_private: true}
models: {bot: {targets: [openai/gpt-4o]}}
budgets: {ads: {scope: team/search, usd: 0.1}, typo: {scope: team/serch, usd: 1}}
"""


async def test_one_overspend_of_a_running_gateway_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_KEY", "sk-sandbox-0123456789")
    used = {"x-sandbox-usage": '{"prompt_tokens":100000,"completion_tokens":10000,"total_tokens":110000}'}
    body = {"model": "bot", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    with sandbox(tmp_path) as provider, gateway(tmp_path, PRICED.replace("LISTEN", provider.listen)) as running:
        headers = used | {"authorization": f"Bearer {running.key('app')}"}
        url = f"{running.base_url}/chat/completions"
        sent = await asyncio.to_thread(httpx.post, url, json=body, headers=headers, timeout=30)
        assert sent.status_code == 200, sent.text
        home = Home(running.home)

        def broken() -> list[Finding]:
            return [each for each in examine(home, tmp_path / "gatewatch.yaml") if each.state == "broken"]

        def fires() -> bool:
            return any(row["alert"] == "budget-100" for row in running.ask("alerts", "list"))

        await until(fires, bool)
        typo, spent = await asyncio.to_thread(broken)
        (tmp_path / "gatewatch.yaml").write_text("provider: {}\n")
        areas = {each.area for each in await asyncio.to_thread(broken)}
    assert "no team 'serch'" in typo.what
    assert "budgets.ads/usd: team/search has spent" in spent.what
    assert {"configuration", "alarm alert:budget-100|budgets.ads/usd"} <= areas, "a broken file hides nothing"
