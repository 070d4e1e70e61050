"""What one worker finds out about a key, all are told: kept, told in alarms and the audit trail, and ended."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.config.models import Config
from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from proxy.control.alarms import Alarms
from proxy.control.quarantine import Quarantine
from proxy.control.workers import Workers
from proxy.settings import Deadlines, Provider, ProviderKey, Settings, Way
from proxy.worker.live import LiveState

HOLD = KeyHold(provider="openai", key_id="main", version="v1", kind="refused", reason="401", since=10, until=60)
REPORT = LiveState(
    pid=1, config_version="c", in_flight=0, streams=0, connections=0, started=0, ended=0, refused=0, errors=0,
    journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=1.0, draining=False,
)  # fmt: skip


def hold(**fields: Any) -> KeyHold:
    return msgspec.structs.replace(HOLD, **fields)


def settings(version: str = "v1") -> Settings:
    keys = (ProviderKey(id="main", secret="s", version=version), ProviderKey(id="backup", secret="t", version="w1"))
    way = Way(dialect="openai-chat", base_url="https://a.example")
    provider = Provider(name="openai", ways=(way,), keys=keys, price_provider="openai")
    return Settings(
        config_version="c", home="/", hosts=(), pepper="00", deadlines=Deadlines(), routes={},
        providers={"openai": provider},
    )  # fmt: skip


class ToldWorkers(Workers):
    """Notes what workers are told; none runs."""

    def __init__(self, alarms: Alarms) -> None:
        super().__init__([], 0, alarms)
        self.told: list[list[KeyHold]] = []

    def quarantine(self, holds: list[KeyHold]) -> None:
        super().quarantine(holds)
        self.told.append(holds)


class Desk:
    """The quarantine of a control process on a home."""

    def __init__(self, folder: Path, store: ControlStore) -> None:
        self.control = folder / "control.db"
        self.store = store
        self.alarms = Alarms()
        self.workers = ToldWorkers(self.alarms)
        self.quarantine = Quarantine(self.control, store, self.alarms, self.workers)
        self.quarantine.start(settings(), Config)

    async def hear(self, *faults: KeyHold, lifted: tuple[KeyHold, ...] = ()) -> None:
        self.quarantine.take(msgspec.structs.replace(REPORT, key_faults=list(faults), keys_lifted=list(lifted)))
        await self.quarantine.settle()

    @property
    def trail(self) -> list[tuple[str, str]]:
        entries = reversed(self.store.audit_entries(1000))
        return [(each.actor, each.action) for each in entries if each.action.startswith("provider_key")]

    @property
    def said(self) -> list[str]:
        return [alarm.text for alarm in self.alarms.standing()]


BEGUN = ("gateway", "provider_key.quarantine")
ENDED = ("gateway", "provider_key.quarantine.lift")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="gateway") as store:
        yield store


@pytest.fixture
def desk(tmp_path: Path, store: ControlStore) -> Desk:
    return Desk(tmp_path, store)


async def test_what_four_workers_say_of_one_key_is_one_alarm_and_one_entry(desk: Desk) -> None:
    await desk.hear(HOLD, hold(since=11, until=61))
    await desk.hear(hold(since=12, until=62))
    assert desk.workers.told == [[HOLD]]
    assert desk.trail == [BEGUN]
    (said,) = desk.said
    assert said.startswith("The key main is refused by openai since 1970-01-01T00:00:00Z: 401. backup serves instead.")


async def test_a_try_that_failed_is_told_to_all_and_is_no_second_entry(desk: Desk) -> None:
    await desk.hear(HOLD)
    await desk.hear(hold(since=70, until=190, failures=2))
    assert desk.workers.told[-1] == [hold(since=10, until=190, failures=2)]
    assert desk.trail == [BEGUN]
    assert len(desk.said) == 1


async def test_a_worker_that_found_no_other_key_makes_the_pause_shorter_for_all_and_none_longer(desk: Desk) -> None:
    await desk.hear(hold(until=190))
    await desk.hear(hold(until=130))
    assert desk.workers.told[-1] == [hold(until=130)]
    await desk.hear(hold(until=190))
    assert desk.workers.told[-1] == [hold(until=130)]
    assert len(desk.trail) == 1


async def test_a_try_that_went_well_ends_the_hold_and_the_alarm(desk: Desk) -> None:
    await desk.hear(HOLD)
    await desk.hear(lifted=(HOLD,))
    assert desk.workers.told[-1] == []
    assert desk.said == []
    assert desk.trail == [BEGUN, ENDED]


async def test_an_old_word_that_it_went_well_does_not_end_a_newer_failure(desk: Desk) -> None:
    await desk.hear(hold(failures=3))
    await desk.hear(lifted=(HOLD,))
    assert desk.workers.told[-1] == [hold(failures=3)]


async def test_a_new_secret_is_free_at_once_and_its_alarm_is_over(desk: Desk) -> None:
    await desk.hear(HOLD)
    desk.quarantine.configured(settings("v2"))
    await desk.quarantine.settle()
    assert desk.workers.told[-1] == []
    assert desk.said == []
    assert desk.trail == [BEGUN, ENDED]
    await desk.hear(HOLD)  # a worker's last word about the old secret
    assert desk.workers.told[-1] == []


async def test_an_operators_lift_takes_effect_from_any_process(desk: Desk) -> None:
    await desk.hear(HOLD)
    with ControlStore.open(desk.control, actor="kim") as other:
        ProviderQuarantine(other).lift(HOLD, "an operator lifted it")
    await desk.quarantine.settle()
    assert desk.workers.told[-1] == []
    assert desk.said == []
    assert desk.trail == [BEGUN, ("kim", "provider_key.quarantine.lift")]


async def test_it_outlives_a_restart(desk: Desk, tmp_path: Path, store: ControlStore) -> None:
    await desk.hear(HOLD)
    later = Desk(tmp_path, store)
    assert later.workers.told == [[HOLD]]
    assert len(later.said) == 1
    assert later.trail == [BEGUN]


async def test_a_model_that_nobody_asks_for_any_more_is_forgotten_after_a_day(desk: Desk) -> None:
    just_due = hold(model="real", until=now_us() - 1_000_000)
    await desk.hear(hold(model="made-up", until=now_us() - 86_401_000_000), just_due)
    await desk.quarantine.settle()
    assert desk.workers.told[-1] == [just_due]


async def test_each_key_has_an_alarm_and_models_of_one_key_share_it(desk: Desk) -> None:
    await desk.hear(
        hold(model="a", until=now_us()), hold(model="b", until=now_us()), hold(key_id="backup", version="w1")
    )
    assert sorted(alarm.id for alarm in desk.alarms.standing()) == [
        "provider_key:openai:backup",
        "provider_key:openai:main",
    ]


async def test_a_store_that_cannot_be_written_stops_neither_word_nor_alarm(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatewatch.control.schema.BUSY_SECONDS", 0.05, raising=False)
    with closing(sqlite3.connect(desk.control, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await desk.hear(HOLD)
        assert desk.workers.told == [[HOLD]]
        assert len(desk.said) == 1
        assert desk.trail == []
        other.execute("ROLLBACK")
    await desk.quarantine.settle()
    assert desk.trail == [BEGUN]
    assert desk.workers.told == [[HOLD]]
