"""The overview: what it says about the gateway, and where its lists lead."""

from pathlib import Path

import pytest

from app.console.screens.overview import alarm_of, gateway_lines
from app.console.snapshot import Question, Snapshot
from gatewatch.paths import Home
from tests.kit.console_stage import LARGE, LIVE, NOW, SMALL, Source, busy, console, matches_snapshot
from tests.kit.journals import MINUTE, SECOND, a_call, closing


@pytest.mark.parametrize(("rate", "alarm"), [(None, ""), (0.0099, ""), (0.01, "warn"), (0.05, "bad")])
def test_how_bad_an_error_rate_is(rate: float | None, alarm: str) -> None:
    assert alarm_of(rate) == alarm


def test_alarms_of_the_gateway_and_of_the_ledger_are_listed() -> None:
    live = LIVE | {"alarms": [{"id": "x", "text": "The disk is full.", "since": NOW}]}
    snapshot = Snapshot(NOW, Question(), live=live, fresh={"alarms": ["one line was quarantined"]})
    assert gateway_lines(snapshot, 80, 3).plain.splitlines() == [
        "● 1 worker on http://127.0.0.1:4000   7 in flight, 5 streams   61 MB",
        "▲ warning since 11:00 The disk is full.",
        "▲ ledger one line was quarantined",
    ]


def test_a_gateway_of_another_version_is_named() -> None:
    snapshot = Snapshot(NOW, Question(), live=LIVE | {"version": "9.9"})
    assert "▲ the gateway is version 9.9, this console is " in gateway_lines(snapshot, 160, 6).plain


def test_a_gateway_without_workers_is_marked() -> None:
    snapshot = Snapshot(NOW, Question(), live=LIVE | {"workers": []})
    assert gateway_lines(snapshot, 160, 6).plain.startswith("✗ 0 workers")


async def test_alarms_are_counted_in_the_top_line(tmp_path: Path) -> None:
    source = busy(tmp_path)
    source.live_state["alarms"] = [{"id": "x", "text": "The disk is full.", "since": NOW}]
    async with console(source) as stage:
        assert "▲ 1 alarm " in stage.text().splitlines()[0]
        assert "The disk is full." in stage.text()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x48"])
async def test_the_worst_alarm_is_seen_first_and_how_many_more_there_are(tmp_path: Path, size: tuple[int, int]) -> None:
    source = busy(tmp_path)
    budgets = [
        {"id": f"alert:budget-80|budgets.t{n}", "severity": "warning", "since": NOW - n * SECOND,
         "text": f"budget-80: team/t{n}: 8{n} % of the budget spent; fires from 80 % on."}
        for n in range(5)
    ]  # fmt: skip
    worst = {
        "id": "alert:velocity|key/AiuJsxbi", "severity": "critical", "since": NOW - MINUTE,
        "text": "velocity: key/AiuJsxbi (search-app of search): 12 × the usual spend (24.10 USD in 10m, usually 2.00"
        " USD); fires from 5 × on. In force: pause key/AiuJsxbi.",
    }  # fmt: skip
    source.live_state["alarms"] = [*budgets, worst]
    async with console(source, size) as stage:
        matches_snapshot(f"alarms-{size[0]}x{size[1]}", stage.text())


async def test_the_window_goes_round(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        for span in ("1 h", "6 h", "24 h", "7 d", "5 min", "15 min"):
            await stage.press("w")
            assert f"Overview › {span} since" in stage.text()


async def test_the_chart_goes_round(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        for title in ("TTFT  ━", "requests/s  ━", "spend per hour  ━", "tokens per minute  ━", "latency  ━"):
            await stage.press("m")
            assert title in stage.text()


async def test_a_model_leads_to_its_calls(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        await stage.press("enter")
        assert "Calls › model=claude-sonnet-4-5" in stage.text()


async def test_calls_without_a_team_are_found_too(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        await stage.press("tab", "end", "enter")
        assert 'Calls › team=""' in stage.text()
        assert "invalid_api_key" in stage.text()


async def test_an_error_leads_to_its_calls(tmp_path: Path) -> None:
    async with console(busy(tmp_path), LARGE) as stage:
        await stage.press("tab", "tab", "enter")
        assert "Calls › status=429 error=upstream_rate_limited provider=openai" in stage.text()
        assert "✗ error" in stage.text()


async def test_an_error_without_a_status_leads_to_its_calls_too(tmp_path: Path) -> None:
    broken = a_call(at_us=NOW - SECOND, status="interrupted", http_status=None, error_kind="interrupted")
    async with console(Source(Home(tmp_path), closing(broken)), LARGE) as stage:
        await stage.press("tab", "tab", "enter")
        assert "Calls › error=interrupted provider=openai" in stage.text()
        assert "✗ interrupted" in stage.text()


async def test_calls_today_but_none_in_the_window(tmp_path: Path) -> None:
    async with console(Source(Home(tmp_path), closing(a_call(at_us=NOW - 40 * MINUTE)))) as stage:
        assert "No calls in the last 15 min; 1 today (UTC)." in stage.text()
        await stage.press("w")
        assert "gpt-4o" in stage.text()
