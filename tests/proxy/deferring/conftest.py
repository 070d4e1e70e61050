"""The sandbox in the test's own event loop, and a gateway in front of it that runs deferred calls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gatewatch.paths import Home
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.deferred_stage import Stage


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tries again does so soon."""
    monkeypatch.setattr("proxy.deferring.patience.FIRST_SECONDS", 0.01)
    monkeypatch.setattr("proxy.deferring.patience.LATE_SECONDS", 0.05)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options(batch_seconds=0.1))
    yield running
    await running.close()


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Stage]:
    """A gateway in front of a provider whose batches take an hour."""
    sandbox = await start(Options(batch_seconds=3600.0))
    stage = Stage(Home(tmp_path / "slow").make(), sandbox.url)
    async with stage.serving():
        yield stage
    await sandbox.close()


@pytest.fixture
def stopped(tmp_path: Path, sandbox: Sandbox) -> Stage:
    """A gateway that does not serve yet."""
    return Stage(Home(tmp_path / "home").make(), sandbox.url)


@pytest.fixture
async def stage(stopped: Stage) -> AsyncIterator[Stage]:
    async with stopped.serving():
        yield stopped
