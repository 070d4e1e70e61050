"""A home to act on."""

from pathlib import Path

import pytest

from tests.kit.acting import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, declared=("billing",))
