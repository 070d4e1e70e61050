"""The recorder's thread keeps on, whatever the file is going through. (A locked file: tests/crash.)"""

import logging
from pathlib import Path

import pytest

from gatewatch.ledger.reader import LocalLedger
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from proxy.control import recording as recording_module
from proxy.control.alarms import Alarms
from proxy.control.recording import Recording
from tests.kit.journals import a_call, segment, whole
from tests.kit.waiting import until


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "LOAD_SECONDS", 0.02)
    monkeypatch.setattr(recording_module, "RETRY_SECONDS", 0.02)


def a_segment_appears(home: Home, *lines: bytes) -> None:
    """Whole at once, as if its writer had held it until now."""
    made = segment(Home(home.root / "elsewhere"), *lines)
    made.replace(home.journal / made.name)


def calls_in(home: Home) -> int:
    ledger = LocalLedger(home)
    try:
        return len(ledger.ask("calls", since="2026-11-20T00:00:00Z", until="2026-11-21T00:00:00Z").rows)
    finally:
        ledger.close()


async def test_what_is_written_is_loaded_by_itself(home: Home) -> None:
    recording = Recording(service := LedgerService(home), Alarms())
    recording.start()
    try:
        a_segment_appears(home, whole(a_call(0)), whole(a_call(1)))
        await until(lambda: service.fresh()["loaded_until"], bool)
    finally:
        recording.stop()
    assert calls_in(home) == 2


def test_a_stop_loads_what_is_left_and_lets_go_of_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "LOAD_SECONDS", 3600.0)
    recording = Recording(service := LedgerService(home), Alarms())
    service.load_once()
    recording.start()
    a_segment_appears(home, whole(a_call(0)))
    recording.stop()
    assert home.ledger.exists()
    assert not list(home.journal.glob("*.jsonl")), "the segment was left for the next start"
    assert calls_in(home) == 1


def test_one_that_was_never_started_stops_too(home: Home) -> None:
    Recording(LedgerService(home), Alarms()).stop()


async def test_a_damaged_ledger_is_an_alarm_said_once_in_the_log_and_over_when_the_file_is_mended(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.ledger.write_bytes(b"this is no database " * 500)
    a_segment_appears(home, whole(a_call(0)))
    alarms = Alarms()
    service = LedgerService(home)
    passes = []
    load_once = service.load_once

    def counted() -> object:
        passes.append(1)
        return load_once()

    service.load_once = counted  # type: ignore[method-assign, assignment]
    recording = Recording(service, alarms)
    with caplog.at_level(logging.ERROR, "gatewatch.control"):
        recording.start()
        try:
            (alarm,) = await until(alarms.standing, bool)
            assert alarm.id == "recorder"
            assert "Calls are served" in alarm.text
            await until(lambda: len(passes), lambda count: count > 4)
            assert len(caplog.records) == 1
            home.ledger.unlink()
            assert await until(alarms.standing, lambda standing: not standing) == []
        finally:
            recording.stop()
    assert calls_in(home) == 1
