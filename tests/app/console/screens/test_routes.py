"""The routes screen: what it shows, where its rows lead, and what its two keys do after a question."""

from pathlib import Path
from typing import Any

import pytest

from app.console.screens.routes import rolling_back, state_cell
from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from tests.kit.console_stage import LARGE, SMALL, Source, busy, console, empty, matches_snapshot
from tests.kit.journals import HOUR

FILE = """
providers:
  openai: {dialect: openai-chat, base_url: "https://openai.example/v1", api_key: none}
  groq: {dialect: openai-chat, base_url: "https://groq.example/v1", api_key: none}
models:
  bot: {targets: [openai/gpt-4o, groq/llama-3.3-70b], strategy: latency}
  summaries: {targets: [groq/llama-3.1-8b]}
"""
NEWER, OLDER = "c3d4e5f6", "a1b2c3d4"


def version(route: str, version: str, *targets: str, **more: Any) -> dict[str, Any]:
    split = [target.partition("/") for target in targets]
    made = [{"provider": provider, "model": model, "weight": 1} for provider, _, model in split]
    return {"name": route, "version": version, "targets": made, "deadlines": {}, "strategy": "order"} | more


def routed(folder: Path) -> Source:
    """Two routes, one of them with a version before; the calls of a busy gateway, and one breaker that is open."""
    source = busy(folder)
    home = Home(folder)
    home.config.write_text(FILE)
    with ControlStore.open(home.control, actor="gateway", clock=lambda: source.now_us - 2 * HOUR) as store:
        book, by = RouteVersions(store), WrittenBy(config="c0ffee")
        book.note({"bot": version("bot", OLDER, "openai/gpt-4o-mini")}, by)
        targets = "openai/gpt-4o", "groq/llama-3.3-70b"
        book.note({"bot": version("bot", NEWER, *targets, strategy="latency")}, by)
        book.note({"summaries": version("summaries", "0badcafe", "groq/llama-3.1-8b")}, by)
    breaker = {"key": "main", "state": "open", "workers": 1, "failures": 5, "again_in": 4.0}
    of_all = {"calls": 3, "failed": 0, "in_flight": 0, "retries": 0, "failovers": 0, "shifted": []}
    source.live_state["targets"] = [
        of_all | {"target": "openai/gpt-4o", "ttft_ms": 310, "latency_ms": 1200, "breakers": []},
        of_all | {"target": "groq/llama-3.1-8b", "ttft_ms": None, "latency_ms": None, "breakers": [breaker]},
    ]
    in_flight = {"targets_in_flight": {"bot": {"openai/gpt-4o": 6}}}
    source.live_state["workers"] = [source.live_state["workers"][0] | in_flight]
    return source


def audit(source: Source) -> list[tuple[str, str]]:
    with ControlStore.open(source._home.control) as store:
        return [(each.action, each.target) for each in reversed(store.audit_entries())]


def in_force(source: Source) -> list[str]:
    routes: list[dict[str, Any]] = source.perform("routes.list")
    return [each["id"] for route in routes for each in route["overrides"]]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x48"])
async def test_targets_their_figures_and_what_is_in_force_are_in_sight(tmp_path: Path, size: tuple[int, int]) -> None:
    source = routed(tmp_path)
    source.perform("routes.canary", route="bot", to="openai/gpt-4.1", share="5%")
    async with console(source, size, begin=":routes") as stage:
        matches_snapshot(f"routes-{size[0]}x{size[1]}", stage.text())


async def test_rolling_back_names_both_versions_and_what_differs_and_is_done_after_a_yes(tmp_path: Path) -> None:
    source = routed(tmp_path)
    async with console(source, LARGE, begin=":routes") as stage:
        await stage.press("R")
        matches_snapshot("routes-rollback-160x48", stage.text())
        await stage.press("escape")
        assert in_force(source) == []
        await stage.press("R", "y")
        assert in_force(source) == ["rollback:bot"]
        assert any(f"bot is rolled back to {OLDER}" in said for said in stage.toasts())
        assert "rolled back" in stage.text()
        await stage.press("R")
        assert f"back from version {OLDER} to {NEWER}, as configured?" in stage.text()
        await stage.press("y")
        assert in_force(source) == []
    assert [deed for deed in audit(source) if deed[0] != "route.change"] == [
        ("route.rollback", "bot"), ("route.rollback_lift", "bot"),
    ]  # fmt: skip


async def test_a_target_is_drained_after_a_yes_and_gets_calls_again_after_another(tmp_path: Path) -> None:
    source = routed(tmp_path)
    async with console(source, begin=":routes") as stage:
        await stage.press("D")
        assert "Send no new calls to openai/gpt-4o, on any route?" in stage.text()
        assert "6 calls run there" in stage.text()
        await stage.press("y")
        assert in_force(source) == ["drain:openai/gpt-4o"]
        assert "drained" in stage.text()
        await stage.press("D", "y")
        assert in_force(source) == []


async def test_what_is_refused_is_said(tmp_path: Path) -> None:
    source = routed(tmp_path)
    async with console(source, LARGE, begin=":routes") as stage:
        await stage.press("end", "R")
        assert any("summaries has no version before 0badcafe" in said for said in stage.toasts())
        await stage.press("D", "y")
        assert any("summaries would have no target left" in said for said in stage.toasts())
        assert in_force(source) == []


async def test_a_drain_of_a_whole_provider_is_lifted_as_it_was_made(tmp_path: Path) -> None:
    source = routed(tmp_path)
    source.perform("routes.drain", target="groq", route="bot")
    async with console(source, begin=":routes") as stage:
        await stage.press("down", "D", "y")
        assert in_force(source) == []


async def test_a_row_leads_to_its_calls(tmp_path: Path) -> None:
    async with console(routed(tmp_path), LARGE, begin=":routes") as stage:
        await stage.press("enter")
        assert "route=bot provider=openai model=gpt-4o" in stage.text()
        await stage.press("escape")
        assert "openai/gpt-4o" in stage.text()


async def test_a_read_only_console_neither_rolls_back_nor_drains(tmp_path: Path) -> None:
    source = routed(tmp_path)
    async with console(source, begin=":routes", read_only=True) as stage:
        assert "roll back" not in stage.text()
        await stage.press("R", "y", "D", "y")
    assert in_force(source) == []


async def test_without_routes_it_says_how_to_make_one(tmp_path: Path) -> None:
    async with console(empty(tmp_path), begin=":routes") as stage:
        assert "The configuration has no routes." in stage.text()
        await stage.press("R")
        assert any("there is no route here" in said for said in stage.toasts())


async def test_figures_stay_when_the_gateway_goes(tmp_path: Path) -> None:
    source = routed(tmp_path)
    async with console(source, begin=":routes") as stage:
        source.go_away()
        await stage.look()
        assert "openai/gpt-4o" in stage.text()
        assert "No gateway answers" in stage.text()
        await stage.press("R")
        assert any("No gateway answers" in said for said in stage.toasts())


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({}, "● in use"),
        ({"is_target": False}, "not a target"),
        ({"purposes": ["code"]}, "● code"),
        ({"breaker": "half_open"}, "✗ half open"),
        ({"shifted": True}, "▲ comes last"),
        ({"overrides": [{"kind": "drain"}], "breaker": "open"}, "✗ drained, breaker open"),
        ({"overrides": [{"kind": "rollback"}], "is_target": False}, "not a target"),
    ],
)
def test_a_state_is_a_mark_and_words(row: dict[str, Any], text: str) -> None:
    assert state_cell({"overrides": [], "is_target": True, "purposes": []} | row).plain == text


def test_of_many_differences_the_first_are_named() -> None:
    differences = [{"key": f"k{n}", "then": None, "now": ["a", "b"]} for n in range(15)]
    text = rolling_back({"route": "bot", "before": "b", "version": "a", "differences": differences}).plain
    assert "k0: not set → a, b" in text
    assert "k12" not in text
    assert "and 3 more: gatewatch routes diff bot" in text
