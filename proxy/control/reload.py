"""Watches the configuration file and says when it has changed."""

from collections.abc import Callable
from pathlib import Path

KUBERNETES_LINK = "..data"
"""A mounted ConfigMap's files are links through this one, and a change replaces it, not them."""


async def watch_config(path: Path, changed: Callable[[], None]) -> None:
    """Call `changed` after each change of the file, until cancelled; it need not exist yet, but its folder must.

    Editors replace files, so the folder is watched.
    """
    from watchfiles import awatch

    names = (path.name, KUBERNETES_LINK)
    async for _ in awatch(
        path.parent,
        watch_filter=lambda _, changed_path: Path(changed_path).name in names,
        recursive=False,
        step=100,
        debounce=400,
    ):
        changed()
