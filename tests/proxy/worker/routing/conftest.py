"""A router as a worker has it."""

from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from tests.kit.planning import Clock, Planning


@pytest.fixture
def planning(tmp_path: Path) -> Planning:
    path = tmp_path / "control.db"
    ControlStore.open(path).close()
    return Planning(path)


@pytest.fixture
def clock() -> Clock:
    return Clock()
