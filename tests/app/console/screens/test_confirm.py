"""A question before something is changed: only a yes does it."""

from pathlib import Path

import pytest

from app.console.content import plain
from tests.kit.console_stage import console, empty


@pytest.mark.parametrize(
    ("key", "done"), [("y", True), ("enter", True), ("n", False), ("escape", False), ("q", False), ("ctrl+c", False)]
)
async def test_only_a_yes_does_it(tmp_path: Path, key: str, done: bool) -> None:
    said: list[str] = []
    async with console(empty(tmp_path)) as stage:
        stage.app.confirm(plain("Sure?"), lambda: said.append("done"))
        await stage.settle()
        assert "Sure?" in stage.text()
        await stage.press(key)
        assert "Sure?" not in stage.text()
        assert stage.app.is_running
    assert said == ["done"] * done
