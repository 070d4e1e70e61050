"""A changed configuration file is noticed, however it was changed."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from proxy.control.reload import watch_config
from tests.kit.waiting import until


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[list[str]]:
    """What the file held at each change that was told. The watch is on when this begins."""
    seen: list[str] = []
    task = asyncio.create_task(watch_config(path, lambda: seen.append(path.read_text() if path.exists() else "gone")))
    before = path.read_bytes() if path.exists() else None

    def touched() -> bool:
        path.write_bytes(b"watched")
        return bool(seen)

    try:
        await until(touched, bool)
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
        await until(lambda: seen[-1], lambda last: last == ("gone" if before is None else before.decode()))
        seen.clear()
        yield seen
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def in_place(path: Path) -> None:
    path.write_text("new")


def as_editors_do(path: Path) -> None:
    draft = path.with_suffix(".swp")
    draft.write_text("new")
    draft.replace(path)


def with_a_backup(path: Path) -> None:
    path.rename(path.with_suffix(".bak"))
    path.write_text("new")


@pytest.mark.parametrize("write", [in_place, as_editors_do, with_a_backup])
async def test_a_change_is_told(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "gatewatch.yaml"
    path.write_text("old")
    async with watched(path) as seen:
        write(path)
        await until(lambda: seen, lambda seen: bool(seen) and seen[-1] == "new")


async def test_a_file_that_is_written_later_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gatewatch.yaml"
    async with watched(path) as seen:
        path.write_text("new")
        await until(lambda: seen, lambda seen: bool(seen) and seen[-1] == "new")


async def test_a_mounted_config_map_is_told(tmp_path: Path) -> None:
    """gatewatch.yaml → ..data/gatewatch.yaml, and ..data → a folder that is replaced."""
    for name, text in (("..first", "old"), ("..second", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gatewatch.yaml").write_text(text)
    os.symlink("..first", tmp_path / "..data")
    path = tmp_path / "gatewatch.yaml"
    os.symlink("..data/gatewatch.yaml", path)
    seen: list[str] = []
    task = asyncio.create_task(watch_config(path, lambda: seen.append(path.read_text())))

    def swapped() -> list[str]:
        os.symlink("..second", tmp_path / "..new")
        os.replace(tmp_path / "..new", tmp_path / "..data")
        return seen

    await until(swapped, lambda seen: bool(seen) and seen[-1] == "new")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_its_neighbours_are_none_of_its_business(tmp_path: Path) -> None:
    """The ledger lies in the same folder and changes twice a second."""
    path = tmp_path / "gatewatch.yaml"
    path.write_text("old")
    async with watched(path) as seen:
        (tmp_path / "ledger.duckdb").write_text("changed")
        (tmp_path / "gatewatch.yaml~").write_text("a backup")
        path.write_text("new")
        await until(lambda: seen, bool)
        assert set(seen) == {"new"}
