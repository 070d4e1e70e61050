"""Nobody fills a disk or a worker's memory without a key."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest

from gatewatch.call import Call
from gatewatch.ids import new_call_id
from gatewatch.journal.writer import Journal
from gatewatch.paths import Home
from proxy.worker import refused_rows
from proxy.worker.refused_rows import MAX_SOURCES, ROWS_PER_SECOND, RefusedRows


class Clock:
    """Stands still until it is told to go on."""

    now = 1_790_000_000.5

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(refused_rows, "time", clock)
    return clock


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    journal = Journal(home.journal, reserve_bytes=4096)
    yield journal
    journal.stop()


def refused(source: str | None, key_id: str | None = None) -> Call:
    return Call(call_id=new_call_id(), started_at=1, source=source, key_id=key_id)


def counted(home: Home) -> list[tuple[str, str, int]]:
    """(source, kind, count) of the `rejected` records in the journal."""
    (segment,) = home.journal.glob("*.jsonl")
    records = [json.loads(line) for line in segment.read_text().splitlines()]
    return [(r["source"], r["error_kind"], r["count"]) for r in records if r["k"] == "rejected"]


def test_a_source_without_a_key_gets_twenty_rows_a_second_and_the_rest_is_counted(
    journal: Journal, home: Home, clock: Clock
) -> None:
    rows = RefusedRows(journal)
    written = [rows.may_write(refused("10.0.0.1"), "invalid_api_key") for _ in range(100)]
    assert written == [True] * ROWS_PER_SECOND + [False] * 80
    assert rows.may_write(refused("10.0.0.2"), "invalid_api_key")
    rows.flush()
    assert counted(home) == []
    clock.now += 1
    rows.flush()
    assert counted(home) == [("10.0.0.1", "invalid_api_key", 80)]
    assert rows.may_write(refused("10.0.0.1"), "invalid_api_key")


def test_a_record_is_of_the_second_in_which_it_was_counted(journal: Journal, home: Home, clock: Clock) -> None:
    rows = RefusedRows(journal)
    rows.count("10.0.0.1", "invalid_http")
    clock.now += 5
    rows.flush()
    (segment,) = home.journal.glob("*.jsonl")
    assert json.loads(segment.read_text())["started_at"] == 1_790_000_000_000_000


def test_a_caller_with_a_key_gets_a_row_for_each_refusal(journal: Journal, clock: Clock) -> None:
    rows = RefusedRows(journal)
    assert all(rows.may_write(refused("10.0.0.1", "kid"), "model_not_found") for _ in range(200))


def test_kinds_are_counted_apart(journal: Journal, home: Home, clock: Clock) -> None:
    rows = RefusedRows(journal)
    for kind in ("invalid_http", "request_timeout", "invalid_http"):
        rows.count("10.0.0.1", kind)
    rows.close()
    assert counted(home) == [("10.0.0.1", "invalid_http", 2), ("10.0.0.1", "request_timeout", 1)]


def test_a_hundred_thousand_sources_take_the_memory_of_a_thousand_and_none_is_lost(
    journal: Journal, home: Home, clock: Clock
) -> None:
    rows = RefusedRows(journal)
    tracemalloc.start()
    written = 0
    for number in range(100_000):
        source = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        written += rows.may_write(refused(source), "invalid_api_key")
        rows.count(source, "invalid_http")
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 2_000_000
    assert written == MAX_SOURCES
    rows.close()
    records = counted(home)
    assert len({source for source, _, _ in records}) == MAX_SOURCES + 1
    assert sum(count for _, _, count in records) == 200_000 - written
    assert max(records, key=lambda record: record[2])[0] == "others"


def test_a_call_from_nowhere_is_counted_too(journal: Journal, home: Home, clock: Clock) -> None:
    rows = RefusedRows(journal)
    for _ in range(ROWS_PER_SECOND + 1):
        rows.may_write(refused(None), "invalid_api_key")
    rows.close()
    assert counted(home) == [("unknown", "invalid_api_key", 1)]


def test_a_full_disk_takes_no_rows_of_refused_calls(journal: Journal, home: Home, clock: Clock) -> None:
    rows = RefusedRows(journal)
    journal.full = True
    assert not rows.may_write(refused("10.0.0.1"), "invalid_api_key")
    assert not rows.may_write(refused("10.0.0.1", "kid"), "ledger_full")
    rows.close()
    assert counted(home) == []


@pytest.mark.parametrize("kind", ["invalid_api_key", "network_not_allowed", "key_leaked"])
def test_a_key_that_is_used_up_or_in_the_wrong_hands_fills_no_disk(
    journal: Journal, home: Home, clock: Clock, kind: str
) -> None:
    rows = RefusedRows(journal)
    written = [rows.may_write(refused("198.51.100.7", "kid"), kind) for _ in range(ROWS_PER_SECOND + 5)]
    assert written == [True] * ROWS_PER_SECOND + [False] * 5
    assert rows.may_write(refused("198.51.100.7", "kid"), "model_not_allowed"), "its owner may be told of all else"
    clock.now += 1
    rows.flush()
    assert counted(home) == [("198.51.100.7", kind, 5)]
