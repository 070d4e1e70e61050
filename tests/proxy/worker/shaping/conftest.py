"""A gateway whose providers are played by one scripted upstream."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.shaping_stage import Shaped, shaping_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Shaped]:
    async with shaping_stage(tmp_path / "home") as running:
        yield running
