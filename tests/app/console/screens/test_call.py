"""One call: what is said while it is looked for."""

from pathlib import Path

from tests.kit.console_stage import NOW, RETRIED_ID, busy, console
from tests.kit.journals import SECOND, a_call, call_id, closing


async def test_a_call_that_has_only_just_ended_appears_by_itself(tmp_path: Path) -> None:
    late = call_id(NOW - SECOND, 999)
    async with console(busy(tmp_path), begin=f":call {late}") as stage:
        assert "not in the ledger" in stage.text()
        stage.source.add(closing(a_call(999, at_us=NOW - SECOND)))
        await stage.look()
        assert "Attempts" in stage.text()


async def test_its_money_is_exact(tmp_path: Path) -> None:
    async with console(busy(tmp_path), (100, 40), f":call {RETRIED_ID}") as stage:
        lines = [line.split() for line in stage.text().splitlines()]
        assert ["total", "0.0075", "computed"] in lines
        assert ["cache", "read", "800", "1.25", "0.001"] in lines


async def test_it_can_be_scrolled_at_80_by_24(tmp_path: Path) -> None:
    async with console(busy(tmp_path), begin=f":call {RETRIED_ID}") as stage:
        assert "config_version" not in stage.text()
        await stage.press("end")
        assert "config_version c0ffee" in stage.text()


async def test_without_a_list_there_is_no_next_call(tmp_path: Path) -> None:
    async with console(busy(tmp_path), begin=f":call {RETRIED_ID}") as stage:
        await stage.press("k")
        assert "no further call" in stage.toasts()[0]
