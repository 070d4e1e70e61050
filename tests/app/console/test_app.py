"""The console as an operator uses it: stories with keys, on a real ledger."""

import asyncio
import os
import signal
import unicodedata
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError
from tests.kit.console_stage import (
    HOSTILE,
    LARGE,
    RETRIED_ID,
    SMALL,
    Stage,
    busy,
    console,
    empty,
    hostile,
    many,
    matches_snapshot,
    until,
)
from tests.kit.journals import MINUTE, SECOND, a_call, closing

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x48"])


@SIZES
async def test_the_overview_of_a_busy_gateway(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(busy(tmp_path), size) as stage:
        matches_snapshot(f"overview-{size[0]}x{size[1]}", stage.text())


@SIZES
async def test_the_calls_of_a_busy_gateway(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(busy(tmp_path), size, ":calls") as stage:
        matches_snapshot(f"calls-{size[0]}x{size[1]}", stage.text())


@SIZES
async def test_one_call_in_full(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(busy(tmp_path), size, f":call {RETRIED_ID}") as stage:
        matches_snapshot(f"call-{size[0]}x{size[1]}", stage.text())


@SIZES
async def test_nothing_has_happened_yet(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(empty(tmp_path), size) as stage:
        matches_snapshot(f"empty-{size[0]}x{size[1]}", stage.text())


@SIZES
async def test_no_gateway_answers(tmp_path: Path, size: tuple[int, int]) -> None:
    source = busy(tmp_path)
    source.go_away()
    async with console(source, size) as stage:
        matches_snapshot(f"failed-{size[0]}x{size[1]}", stage.text())


@SIZES
async def test_the_gateway_has_gone_and_the_last_numbers_stay(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(busy(tmp_path), size) as stage:
        stage.source.go_away()
        await stage.look(after_us=10 * SECOND)
        matches_snapshot(f"stale-{size[0]}x{size[1]}", stage.text())


@SIZES
async def test_all_keys_are_explained(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(busy(tmp_path), size, ":calls") as stage:
        await stage.press("question_mark")
        matches_snapshot(f"help-{size[0]}x{size[1]}", stage.text())
        await stage.press("escape")
        assert "outcome" in stage.text() or "status" in stage.text()


class TestLosingTheGateway:
    async def test_says_since_when_and_goes_on_by_itself(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            stage.source.go_away()
            await stage.look(after_us=5 * SECOND)
            await stage.look(after_us=60 * SECOND)
            assert "✗ gateway not reachable since 11:00:35 UTC" in stage.text()
            assert "claude-sonne" in stage.text()
            stage.source.trouble = None
            await stage.look()
            assert "● live" in stage.text()
            assert "not reachable" not in stage.text()

    async def test_a_ledger_that_cannot_be_read_is_another_thing_than_no_gateway(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            stage.source.trouble = GatewatchError("overview took longer than 30 s", "Ask for a shorter window.")
            await stage.look()
            assert "✗ no answer from the ledger since 11:00:31 UTC" in stage.text()
            assert "Ask for a shorter window." in stage.text()

    async def test_an_answer_that_nobody_expected_is_shown_and_the_console_lives_on(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            ask = stage.source.ask
            stage.source.ask = lambda *_, **__: 1 / 0  # type: ignore[method-assign, return-value, assignment]
            await stage.look()
            assert "ZeroDivisionError" in stage.text()
            stage.source.ask = ask  # type: ignore[method-assign]
            await stage.look()
            assert "ZeroDivisionError" not in stage.text()
            assert "● live" in stage.text()


class TestFindingACall:
    async def test_from_the_team_that_spends_to_the_call_and_back(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            await stage.press("tab", "down", "enter")
            assert "Calls › team=search" in stage.text()
            assert "support" not in stage.text()
            await stage.press("enter")
            assert "Attempts" in stage.text()
            await stage.press("escape")
            assert "Calls › team=search" in stage.text()
            await stage.press("escape")
            assert "Overview ›" in stage.text()

    async def test_a_filter_is_typed_and_changed(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), begin=":calls") as stage:
            await stage.press("slash")
            await stage.type("status>=400")
            assert "Calls › status>=400" in stage.text()
            assert "● ok" not in stage.text()
            await stage.press("slash")
            await stage.type(" team=growth")
            assert "Calls › status>=400 team=growth" in stage.text()
            assert "invalid_api_key" not in stage.text()
            await stage.press("enter")
            assert "Attempts" in stage.text()
            await stage.press("escape", "escape", "escape")
            assert "● ok" in stage.text()

    async def test_a_mistake_in_a_filter_is_pointed_at(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), begin=":calls") as stage:
            await stage.press("slash")
            await stage.type("status>=400 taem=x")
            lines = stage.text().splitlines()
            typed = next(line for line in lines if "taem=x" in line)
            pointer = next(line for line in lines if line.strip() == "▲")
            assert typed.index("taem") == pointer.index("▲")
            assert "did you mean team?" in stage.text()
            await stage.press("escape")
            assert "taem" not in stage.text()
            assert "● ok" in stage.text()

    async def test_a_link_leads_there_from_anywhere(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            await stage.press("colon")
            await stage.type("calls model~llama")
            assert "Calls › model~llama" in stage.text()
            await stage.press("colon")
            await stage.type(f"call {RETRIED_ID}")
            assert RETRIED_ID[:20] in stage.text()
            await stage.press("colon")
            await stage.type("overvew")
            assert "did you mean :overview?" in stage.text()

    async def test_the_palette_takes_links_and_actions(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), LARGE) as stage:
            await stage.press("ctrl+p")
            await stage.pilot.press(*":calls", "space", *"status=429")
            await until(lambda: ":calls status=429" in stage.text())
            await stage.press("down", "enter")
            await until(lambda: "Calls › status=429" in stage.text())

    async def test_a_filter_that_nothing_meets_says_what_to_do_next(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), begin=":calls team=nobody") as stage:
            assert "No call matches this filter" in stage.text()
            assert "team=nobody" in stage.text()

    async def test_an_id_that_is_not_in_the_ledger(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), begin=":call 01930b2e-7a31-7d0e-8a55-1b2c3d4e5f60") as stage:
            assert "This call is not in the ledger." in stage.text()

    async def test_the_calls_beside_it_are_one_key_away(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), LARGE, ":calls") as stage:
            await stage.press("down", "down", "enter")
            here = stage.text().splitlines()[0]
            await stage.press("j")
            assert stage.text().splitlines()[0] != here
            await stage.press("k")
            assert stage.text().splitlines()[0] == here
            await stage.press("escape")
            assert "status" in stage.text().splitlines()[1]

    async def test_its_id_is_copied_and_shown_because_there_is_no_receipt(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), begin=f":call {RETRIED_ID}") as stage:
            await stage.press("c")
            assert stage.app.clipboard == RETRIED_ID
            assert RETRIED_ID in stage.toasts()[0]


class TestAListThatMoves:
    async def test_new_calls_come_in_at_the_top(self, tmp_path: Path) -> None:
        async with console(many(tmp_path, 30), begin=":calls") as stage:
            assert "11:00:29" in stage.text().splitlines()[2]
            stage.source.add(closing(a_call(1000, at_us=stage.source.now_us, team="newcomer")))
            await stage.look()
            assert "newcomer" in stage.text().splitlines()[2]

    async def test_space_freezes_it_and_the_header_goes_on(self, tmp_path: Path) -> None:
        async with console(many(tmp_path, 30), begin=":calls") as stage:
            before = stage.text().splitlines()[2:20]
            await stage.press("space")
            for n in (1, 2):
                stage.source.add(closing(a_call(1000 + n, at_us=stage.source.now_us, team="newcomer")))
                await stage.look(after_us=21 * SECOND)
            assert "▲ PAUSED 00:42 · 2 newer" in stage.text().splitlines()[0]
            assert stage.text().splitlines()[2:20] == before
            await stage.press("space")
            assert "newcomer" in stage.text().splitlines()[2]
            assert "PAUSED" not in stage.text()

    async def test_looking_at_another_row_holds_the_list_still_until_home(self, tmp_path: Path) -> None:
        async with console(many(tmp_path, 30), begin=":calls") as stage:
            await stage.press("down")
            stage.source.add(closing(a_call(1000, at_us=stage.source.now_us, team="newcomer")))
            await stage.look()
            assert "PAUSED 00:01 · 1 newer" in stage.text()
            assert "newcomer" not in stage.text()
            await stage.press("home")
            assert "newcomer" in stage.text()

    async def test_the_overview_stands_still_too(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            await stage.press("space")
            before = stage.text().splitlines()[1:23]
            await stage.look(after_us=3 * MINUTE)
            assert stage.text().splitlines()[1:23] == before
            assert "PAUSED 03:00" in stage.text()

    async def test_older_pages_follow_at_the_end_up_to_five_hundred_rows(self, tmp_path: Path) -> None:
        async with console(many(tmp_path, 720), begin=":calls") as stage:
            calls = stage.app.view.calls  # type: ignore[union-attr]
            assert len(calls.rows) == 200
            await stage.press("end")
            last = calls.row["call_id"]
            await stage.press("pagedown")
            assert len(calls.rows) == 400
            assert calls.cursor == 200
            assert calls.rows[199]["call_id"] == last
            await stage.press("end", "pagedown")
            assert len(calls.rows) == 500
            started = [row["started_at"] for row in calls.rows]
            assert started == sorted(started, reverse=True)
            await stage.press("end", "pagedown")
            assert calls.rows[-1]["started_at"] == "2026-11-20T10:48:30.000000Z"
            await stage.press("o")
            assert "no older calls" in stage.toasts()[-1]

    async def test_an_older_page_waits_for_a_gateway_that_is_gone(self, tmp_path: Path) -> None:
        async with console(many(tmp_path, 300), begin=":calls") as stage:
            await stage.press("end")
            stage.source.go_away()
            await stage.press("pagedown")
            assert len(stage.app.view.calls.rows) == 200  # type: ignore[union-attr]
            stage.source.trouble = None
            await stage.look()
            assert len(stage.app.view.calls.rows) == 300  # type: ignore[union-attr]


class TestKeysThatDoNothingNow:
    async def test_the_reason_is_said(self, tmp_path: Path) -> None:
        async with console(empty(tmp_path), begin=":calls") as stage:
            await stage.press("c")
            assert stage.toasts() == ["Cannot copy: there is no call here"]

    async def test_back_at_the_beginning(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            await stage.press("escape")
            assert stage.toasts() == ["Cannot back: this is where it began"]


class TestAsking:
    async def test_only_what_the_screen_in_front_shows_is_asked_for(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path), begin=":calls") as stage:
            stage.source.asked.clear()
            await stage.look()
            assert stage.source.asked == ["live", "calls"]

    async def test_nothing_is_asked_while_the_console_is_suspended(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            timer = stage.app.set_interval(3600, stage.app.poll)
            stage.app.poll_with(timer)
            stage.app.app_suspend_signal.publish(stage.app)
            assert not timer._active.is_set()
            stage.app.app_resume_signal.publish(stage.app)
            assert timer._active.is_set()

    async def test_it_asks_every_second_by_itself_and_stops_at_the_end(self, tmp_path: Path) -> None:
        from app.console.app import ConsoleApp

        source = busy(tmp_path)
        app = ConsoleApp(source, poll_seconds=0.01, now_us=lambda: source.now_us)
        async with app.run_test(size=SMALL):
            await until(lambda: source.asked.count("live") > 3)
        assert source.closed
        asked = len(source.asked)
        await asyncio.sleep(0)
        assert len(source.asked) == asked

    async def test_a_question_that_takes_long_is_spoken_of(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            stage.app.asked_us = stage.source.now_us
            stage.source.now_us += 4 * SECOND
            stage.app.tick()
            await stage.pilot.pause()
            assert "▲ waiting 4.0 s for an answer" in stage.text()
            stage.app.asked_us = None


class TestEnding:
    async def test_a_signal_closes_it_in_order(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: stage.app._exit)
        assert stage.app.return_code == 128 + signal.SIGTERM

    async def test_q_leaves(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            await stage.pilot.press("q")
        assert stage.app.return_code == 0

    async def test_ctrl_c_leaves_too(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            await stage.pilot.press("ctrl+c")
        assert stage.app.return_code == 0


def nothing_raw(text: str) -> bool:
    """No control, format, surrogate or private character, but newlines."""
    return not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c != "\n"]


class TestHostileText:
    """Whatever apps and providers send: it is shown as it is, and does nothing."""

    async def test_in_the_overview(self, tmp_path: Path) -> None:
        async with console(hostile(tmp_path), LARGE) as stage:
            await self.harmless(stage)

    async def test_in_the_list_of_calls(self, tmp_path: Path) -> None:
        async with console(hostile(tmp_path), LARGE, ":calls") as stage:
            await self.harmless(stage)

    async def test_in_one_call(self, tmp_path: Path) -> None:
        async with console(hostile(tmp_path), (160, 200), ":calls") as stage:
            await stage.press("enter")
            assert "Attempts" in stage.text()
            await self.harmless(stage)
            assert "[/close]" in stage.text()
            assert stage.text().count("␛]52;c;cm0gLXJm") > 20

    async def test_a_name_that_nobody_could_type_is_not_made_a_filter(self, tmp_path: Path) -> None:
        async with console(hostile(tmp_path), LARGE) as stage:
            await stage.press("enter")
            assert "no filter can name it" in stage.toasts()[0]

    async def test_in_what_is_pasted_into_a_filter(self, tmp_path: Path) -> None:
        from textual import events

        async with console(busy(tmp_path), begin=":calls") as stage:
            await stage.press("slash")
            stage.app.post_message(events.Paste(HOSTILE))
            await stage.settle()
            await self.harmless(stage)
            assert "␛]52" in stage.text()

    async def test_in_the_words_of_an_error(self, tmp_path: Path) -> None:
        async with console(busy(tmp_path)) as stage:
            stage.source.trouble = GatewatchError(HOSTILE, HOSTILE)
            await stage.look()
            await self.harmless(stage)
            stage.app.say(HOSTILE)
            await stage.pilot.pause()
            await self.harmless(stage)

    async def harmless(self, stage: Stage) -> None:
        """Looks at what is written to the terminal, segment by segment, before any renderer cleans it."""
        screen = stage.app.screen
        strips = list(screen._compositor.render_strips())
        assert nothing_raw("\n".join(strip.text for strip in strips))
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        assert not [style.link for style in styles if style.link]
        assert not [style.meta for style in styles if any(key.startswith("@") for key in style.meta)]


async def test_a_banner_and_read_only_are_always_in_sight(tmp_path: Path) -> None:
    async with console(busy(tmp_path), LARGE, banner="demo · sandbox provider", read_only=True) as stage:
        await stage.press("2")
        assert "demo · sandbox provider" in stage.text().splitlines()[0]
        assert "READ-ONLY" in stage.text().splitlines()[1]


async def test_without_colour_every_status_still_has_its_mark_and_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(busy(tmp_path), LARGE, ":calls") as stage:
        assert stage.app.no_color
        assert {"● ok", "✗ error", "▲ blocked"} <= {
            word for line in stage.text().splitlines() for word in ("● ok", "✗ error", "▲ blocked") if word in line
        }
