"""The console as an operator uses it: stories with keys, on a real ledger."""

from pathlib import Path

import pytest

from tests.kit.console_stage import (
    LARGE,
    RETRIED_ID,
    SMALL,
    busy,
    console,
    empty,
    hostile,
    matches_snapshot,
)
from tests.kit.journals import SECOND

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
