"""Homes with a trail."""

from pathlib import Path

import pytest

from gatewatch.paths import Home
from tests.kit.audit_stage import MemoryVault, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(Home(tmp_path / "home").make(), MemoryVault())
