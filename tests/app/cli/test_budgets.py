"""Budgets at the command line, without a gateway and with one."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.budgets import for_people
from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from tests.kit.acting import MINUTE
from tests.kit.journals import a_call, segment, whole
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

Run = Callable[..., tuple[int, str, str]]
USD = 10**12


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control) as store:
        store.create_team("search")
    return home


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch budgets …`: exit code, stdout, stderr."""

    def budgets(*argv: str) -> tuple[int, str, str]:
        code = main(["budgets", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return budgets


def test_a_budget_is_set_listed_granted_on_and_removed(run: Run) -> None:
    code, out, _ = run("set", "team/search", "--usd", "500", "--zone", "Europe/Berlin", "--soft", "75%", "-o", "json")
    (made,) = json.loads(out)
    assert code == 0
    assert (made["budget_id"], made["limit"], made["soft"]) == (
        "budget:team/search:usd:month@Europe/Berlin", "500", "375",
    )  # fmt: skip
    (row,) = json.loads(run("list", "-o", "json")[1])
    assert (row["spent"], row["held"], row["left"], row["used"]) == ("0", "0", "500", 0)
    code, out, _ = run("grant", "team/search", "--usd", "20.5", "--until", "2d", "--reason", "the launch", "-o", "json")
    assert (code, json.loads(out)["limit"]) == (0, "520.5")
    assert "520.5 (20.5 granted)" in run("list", "team/search")[1]
    assert run("remove", "team/search")[0] == 0
    assert json.loads(run("list", "-o", "json")[1]) == []


def test_the_list_shows_what_calls_have_cost_and_says_which_have_no_price(run: Run, home: Home) -> None:
    run("set", "gateway", "--usd", "1", "--rolling", "7d")
    with ControlStore.open(home.control) as store:
        now = store.clock()
    calls = [a_call(n, at_us=now - n * MINUTE, cost_picos=USD // 4) for n in range(3)]
    segment(home, *map(whole, [*calls, a_call(9, at_us=now, cost_picos=None, cost_basis="unpriced")]))
    code, out, err = run("list")
    assert code == 0
    assert {"0.75", "75.0%"} <= set(out.splitlines()[1].split())
    assert "1 calls have no price" in err
    (row,) = csv.DictReader(io.StringIO(run("list", "-o", "csv")[1]))
    assert (row["spent"], row["used"], row["unpriced_calls"]) == ("0.75", "0.75", "1")


def test_show_budgets_is_the_same_view(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("set", "team/search", "--usd", "5", "--tokens", "1000")
    listed = json.loads(run("list", "-o", "json")[1])
    assert main(["show", "budgets", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [row | {"pace": 0, "name_known": True} for row in shown] == [row | {"pace": 0} for row in listed]
    assert main(["show", "budgets", "--since", "1h"]) == 2
    assert "windows of their own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("set", "team/serch", "--usd", "5"), 3),
        (("set", "tema", "--usd", "5"), 2),
        (("set", "team/search"), 2),
        (("set", "team/search", "--usd", "5,00"), 2),
        (("set", "team/search", "--usd", "1e3"), 2),
        (("set", "team/search", "--usd", "5", "--soft", "0.8"), 2),
        (("set", "team/search", "--usd", "5", "--rolling", "7d", "--period", "day"), 2),
        (("set", "team/search", "--usd", "5", "--rolling", "soon"), 2),
        (("grant", "team/search", "--usd", "5", "--until", "1d", "--reason", "r"), 3),
        (("grant", "team/search", "--usd", "5", "--until", "whenever", "--reason", "r"), 2),
        (("grant", "team/search", "--usd", "5", "--until", "1d", "--reason", "WHY"), 2),
        (("grant", "team/search", "--usd", "5", "--until", "1d", "--reason", "…"), 2),
        (("remove", "team/search"), 3),
        (("list", "team/serch"), 3),
    ],
)
def test_what_does_not_fit_ends_with_a_code_and_a_next_step(run: Run, argv: tuple[str, ...], code: int) -> None:
    ended, out, err = run(*argv)
    assert (ended, out) == (code, "")
    assert err.startswith("gatewatch: ")
    assert "\n  " in err or ": write " in err


def test_what_the_file_declares_is_refused_with_the_lines_to_change(run: Run, home: Home) -> None:
    home.config.write_text("teams: {search: {budget: {usd: 500}}}\n")
    for argv in (("set", "team/search", "--usd", "600"), ("remove", "team/search")):
        code, _, err = run(*argv)
        assert code == 4
        assert "teams: search: budget:" in err
    assert run("grant", "team/search", "--usd", "100", "--until", "1d", "--reason", "r")[0] == 0
    assert "600 (100 granted)" in run("list")[1]


def test_a_budget_for_nobody_is_marked(run: Run, home: Home) -> None:
    with ControlStore.open(home.control) as store:
        id = store.create_key("app", team="search", pepper=bytes(32))[0].id
    home.config.write_text(
        "budgets: {a: {scope: team/serch, usd: 5}, b: {scope: key/app, usd: 5}, c: {scope: team/search, usd: 5}}\n"
    )
    out = run("list")[1]
    assert "serch (no such team)" in out
    assert "app (no such key)" in out, f"rules know it as {id}"
    rows = json.loads(run("list", "-o", "json")[1])
    assert {row["rule"]: row["name_known"] for row in rows} == {
        "budgets.a/usd": False, "budgets.b/usd": False, "budgets.c/usd": True,
    }  # fmt: skip


def test_a_home_without_anything_has_no_budgets(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "nowhere"))
    assert json.loads(run("list", "-o", "json")[1]) == []


def test_people_see_percent_and_cents(run: Run) -> None:
    row: dict[str, Any] = {
        "name": "", "key_name": None, "used": 0.123456, "pace": None, "forecast_used": None, "forecast": "17.858405",
        "forecast_low": "2.1", "forecast_high": "0.004567", "soft": "8", "soft_reached": True, "granted": 0,
        "limit": 10,
    }  # fmt: skip
    shown = for_people(row)
    assert (shown["used"], shown["pace"], shown["forecast"]) == ("12.3%", None, "17.85 (2.1–0.004567)")
    assert (shown["name"], shown["soft"], shown["limit"]) == (None, "8 reached", 10)


PRICED = """
providers:
  openai: {preset: openai, base_url: "LISTEN/v1", api_key: "env:SANDBOX_KEY", allow_private: true}
models: {bot: {targets: [openai/gpt-4o]}}
teams: {search: {budget: {usd: 5}}}
"""


@pytest.mark.slow
def test_what_is_set_on_a_running_gateway_holds_at_once_and_a_grant_lifts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call costs 0.35 USD (100,000 tokens in, 10,000 out, gpt-4o), whatever was estimated."""
    monkeypatch.setenv("SANDBOX_KEY", "sk-sandbox-0123456789")
    used = {"x-sandbox-usage": '{"prompt_tokens":100000,"completion_tokens":10000,"total_tokens":110000}'}
    body = {"model": "bot", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    with (
        sandbox(tmp_path) as provider,
        gateway(tmp_path, PRICED.replace("LISTEN", provider.listen)) as running,
        httpx.Client(base_url=running.base_url, timeout=30) as app,
    ):
        app.headers = httpx.Headers(used | {"authorization": f"Bearer {running.key('app')}"})

        def call() -> httpx.Response:
            return app.post("/chat/completions", json=body)

        running.ask("budgets", "set", "key/app", "--usd", "0.5", "--period", "month")
        assert [call().status_code for _ in range(3)] == [200, 200, 429]
        refused = call()
        assert refused.headers["x-should-retry"] == "false"
        assert refused.json()["error"] | {"message": "", "resets_at": ""} == {
            "message": "", "type": "insufficient_quota", "param": None, "code": "budget_exceeded", "scope": "key",
            "spent": "0.7", "limit": "0.5", "resets_at": "",
        }  # fmt: skip
        running.ask("budgets", "grant", "key/app", "--usd", "0.5", "--until", "1h", "--reason", "the launch")
        assert call().status_code == 200

        def spent() -> dict[str, tuple[str, str]]:
            return {row["scope"]: (row["spent"], row["limit"]) for row in running.ask("budgets", "list")}

        asyncio.run(until(spent, lambda found: found == {"team": ("1.05", "5"), "key": ("1.05", "1")}))
        (spend,) = running.ask("show", "spend", "--by", "team")
        assert (spend["cost_usd"], spend["budget_usd"], spend["budget_used"]) == ("1.05", "5", 0.21)
