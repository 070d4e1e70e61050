"""Watches the configuration file and says when it has changed."""

from collections.abc import Callable
from pathlib import Path


async def watch_config(path: Path | None, changed: Callable[[], None]) -> None:
    """Call `changed` after each change of the file, until cancelled. Editors replace files: its folder is watched."""
    if path is None:
        return
    from watchfiles import awatch

    async for _ in awatch(
        path.parent,
        watch_filter=lambda _, changed_path: Path(changed_path).name == path.name,
        recursive=False,
        step=100,
        debounce=400,
    ):
        changed()
