from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import UsageError
from gatewatch.rotation.rotator import Wish
from proxy.control.rotating_by_itself import DAY_US, command, rotate


class Rotator:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Wish] = []
        self.refuses: str | None = None

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        if self.refuses:
            raise UsageError(self.refuses)
        self.asked.append(wish)
        return ProviderRotations(store).begin(wish.provider, "vault:openai", "openai", Detail())


class Clock:
    now = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="gateway", clock=lambda: Clock.now) as opened:
        yield opened


def rotated(store: ControlStore, rotator: Rotator) -> str | None:
    return rotate(store, rotator.begin, "openai", "vault:openai", "openai", "a test")


def test_one_that_runs_is_enough(store: ControlStore) -> None:
    rotator = Rotator()
    assert [rotated(store, rotator), rotated(store, rotator)] == [None, None]
    assert len(rotator.asked) == 1


def test_one_that_stopped_is_told(store: ControlStore) -> None:
    rotations = ProviderRotations(store)
    rotations.note(rotations.begin("openai", "vault:openai", "openai", Detail()), "taken", "failed", failure="403")
    assert rotated(store, Rotator()) == "its rotation stopped: 403"


def test_what_came_to_nothing_is_tried_again_a_day_later(store: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    rotations, rotator = ProviderRotations(store), Rotator()
    rotations.note(rotations.begin("openai", "vault:openai", "openai", Detail()), "begun", "rolled-back", failure="401")
    assert rotated(store, rotator) == "the last rotation was rolled back: 401"
    monkeypatch.setattr(Clock, "now", Clock.now + DAY_US + 1)
    assert rotated(store, rotator) is None
    assert len(rotator.asked) == 1


def test_what_is_in_the_way_is_told(store: ControlStore) -> None:
    rotator = Rotator()
    rotator.refuses = "there is no admin API"
    assert rotated(store, rotator) == "there is no admin API"


def test_the_only_key_needs_no_name_in_the_command() -> None:
    assert command("openai", "vault:openai", "vault:openai") == "gatewatch providers rotate-key openai"
    assert command("many", "a", "vault:many-a") == "gatewatch providers rotate-key many --key a"
