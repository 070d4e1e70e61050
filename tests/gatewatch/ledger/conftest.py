"""A home, and the ledger on it, with a clock that stands at an hour after the first call."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import NOW


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def service(home: Home) -> Iterator[LedgerService]:
    made = LedgerService(home, clock=lambda: NOW)
    yield made
    made.close()
