"""What is older than it may be goes, whole days at a time; what is kept adds up all the same."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.bodies.day_files import days
from gatewatch.errors import NotAllowed
from gatewatch.ledger import retiring
from gatewatch.ledger.keeping import Keeping
from gatewatch.ledger.rebuild import rebuild
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.timespan import iso
from tests.kit.bodies_made import keep
from tests.kit.journals import DAY, HOUR, T0, a_call, attempt, closing, opening, segment, whole

DAYS = 10
MIDNIGHT = T0 - 10 * HOUR
"""The beginning of the first day."""
CALLS_A_DAY = 30


class Clock:
    def __init__(self) -> None:
        self.now = MIDNIGHT + DAYS * DAY

    def __call__(self) -> int:
        return self.now


def run(day: int) -> str:
    return f"202611{20 + day:02d}T000000Z-{day:08x}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def filled(home: Home, clock: Clock) -> Iterator[LedgerService]:
    """Ten days of calls, a segment for each, all loaded and packed away when the day was over."""
    service = LedgerService(home, clock=clock)
    for day in range(DAYS):
        calls = [a_call(n, at_us=MIDNIGHT + day * DAY + n * 40 * 60_000_000) for n in range(CALLS_A_DAY)]
        segment(home, *map(whole, calls), run=run(day))
    service.load_once()
    for day in range(DAYS):
        packed = home.loaded / f"{run(day)}-000001.jsonl.zst"
        end = (MIDNIGHT + day * DAY + DAY - HOUR) / 1e6
        os.utime(packed, (end, end))
    yield service
    service.close()


def calls_by_day(service: LedgerService) -> list[int]:
    rows = service.ask("calls", limit=500).rows
    return [sum(row["started_at"].startswith(iso(MIDNIGHT + day * DAY)[:10]) for row in rows) for day in range(DAYS)]


def sums(service: LedgerService, since: int = 0) -> tuple[int, str]:
    """Calls and cost of whole days, from the sums."""
    window = {"since": iso(MIDNIGHT + since * DAY), "until": iso(MIDNIGHT + DAYS * DAY)}
    (row,) = service.ask("overview", **window).rows
    return row["calls"], row["cost_usd"]


def told(service: LedgerService, kind: str) -> dict[str, object]:
    return next(row for row in service.ask("retention").rows if row["class"] == kind)


def retire(service: LedgerService, clock: Clock, keeping: Keeping) -> None:
    service.keep(keeping)
    clock.now += 31_000_000
    service.load_once()
    assert service._recorder is not None
    assert service._recorder.retiring.step(clock.now, seconds=60.0)


def test_nothing_goes_until_it_is_said_how_long_things_are_kept(filled: LedgerService, clock: Clock) -> None:
    clock.now += 5000 * DAY
    filled.load_once()
    assert calls_by_day(filled) == [CALLS_A_DAY] * DAYS
    assert told(filled, "calls")["kept"] is None


def test_calls_go_by_whole_days_and_their_sums_stay(filled: LedgerService, clock: Clock) -> None:
    before = sums(filled)
    retire(filled, clock, Keeping(calls=3 * DAY))
    assert calls_by_day(filled) == [0] * 7 + [CALLS_A_DAY] * 3
    assert sums(filled) == before == (CALLS_A_DAY * DAYS, sums(filled)[1])
    checked = filled.check()
    assert (checked.ok, checked.problems, checked.calls) == (True, [], 3 * CALLS_A_DAY)
    row = told(filled, "calls")
    assert (row["kept"], row["rows"], row["deleted"]) == ("3d", 6 * CALLS_A_DAY, 14 * CALLS_A_DAY)
    assert row["oldest"] == row["deleted_before"] == iso(MIDNIGHT + 7 * DAY)
    assert row["next_deletion"] == iso(MIDNIGHT + 11 * DAY)


def test_a_day_goes_when_its_last_moment_is_old_enough(filled: LedgerService, clock: Clock) -> None:
    clock.now = MIDNIGHT + DAYS * DAY - 40_000_000
    retire(filled, clock, Keeping(calls=9 * DAY))
    assert calls_by_day(filled)[0] == CALLS_A_DAY
    retire(filled, clock, Keeping(calls=9 * DAY))
    assert calls_by_day(filled)[:2] == [0, CALLS_A_DAY]


def test_segments_go_with_their_calls(home: Home, filled: LedgerService, clock: Clock) -> None:
    retire(filled, clock, Keeping(calls=3 * DAY))
    assert sorted(path.name[:8] for path in home.loaded.iterdir()) == ["20261127", "20261128", "20261129"]
    assert filled.check().gone == 7


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_rebuild_brings_nothing_back_and_keeps_the_sums(
    home: Home, filled: LedgerService, clock: Clock, is_damaged: bool
) -> None:
    late = a_call(99, at_us=MIDNIGHT + 7 * DAY - HOUR)  # in a segment that is kept
    segment(home, whole(late), whole(a_call(98, at_us=MIDNIGHT + 9 * DAY)), run=run(77))
    filled.load_once()
    os.utime(home.loaded / f"{run(77)}-000001.jsonl.zst", (clock.now / 1e6, clock.now / 1e6))
    before = sums(filled)
    retire(filled, clock, Keeping(calls=3 * DAY))
    kept = sums(filled, since=7)
    filled.close()
    if is_damaged:
        home.ledger.write_bytes(b"\0" * 100_000)
    assert rebuild(home, say=lambda _: None).ok
    again = LedgerService(home, clock=clock)
    assert sums(again, since=7) == kept
    if not is_damaged:
        assert sums(again) == before
        assert calls_by_day(again) == [0] * 7 + [CALLS_A_DAY] * 2 + [CALLS_A_DAY + 1]
        assert told(again, "calls")["deleted"] == 14 * CALLS_A_DAY + 2
    assert again.check().ok
    again.close()


def test_a_rebuild_keeps_calls_that_are_kept_longer_than_their_segments(
    home: Home, filled: LedgerService, clock: Clock
) -> None:
    before = sums(filled)
    one = filled.ask("call", call_id=a_call(0, at_us=MIDNIGHT).call_id).rows
    assert len(one[0]["attempts_detail"]) == 1
    by_model = filled.ask("spend", since=iso(MIDNIGHT), until=iso(MIDNIGHT + DAYS * DAY), by="model").rows
    retire(filled, clock, Keeping(journal=3 * DAY))
    rows = filled.ask("calls", limit=500).rows
    assert len(list(home.loaded.iterdir())) == 3
    for _ in range(2):  # what was carried over once is carried over again
        filled.close()
        assert rebuild(home, say=lambda _: None).ok
        filled = LedgerService(home, clock=clock)
        assert calls_by_day(filled) == [CALLS_A_DAY] * DAYS
        assert sums(filled) == before
        assert filled.ask("spend", since=iso(MIDNIGHT), until=iso(MIDNIGHT + DAYS * DAY), by="model").rows == by_model
        assert filled.ask("calls", limit=500).rows == rows
        assert filled.ask("call", call_id=a_call(0, at_us=MIDNIGHT).call_id).rows == one
    filled.close()
    (home.loaded / f"{run(8)}-000001.jsonl.zst").unlink()  # by hand: nothing says that it may be missing
    with pytest.raises(NotAllowed, match=f"^{CALLS_A_DAY} calls stand only"):
        rebuild(home, say=lambda _: None)


def test_finer_sums_go_before_coarser_ones(filled: LedgerService, clock: Clock) -> None:
    before = sums(filled)
    retire(filled, clock, Keeping(minutes=2 * DAY, hours=5 * DAY, days=8 * DAY))
    assert [told(filled, kind)["oldest"] for kind in ("minutes", "hours", "days")] == [
        iso(MIDNIGHT + day * DAY) for day in (8, 5, 2)
    ]
    assert calls_by_day(filled) == [CALLS_A_DAY] * DAYS
    assert sums(filled)[0] == before[0] - 2 * CALLS_A_DAY
    checked = filled.check()
    assert (checked.ok, checked.problems) == (True, [])


def test_a_call_of_a_deleted_day_that_comes_late_goes_too_and_counts(
    home: Home, filled: LedgerService, clock: Clock
) -> None:
    retire(filled, clock, Keeping(calls=3 * DAY))
    before = sums(filled)[0]
    segment(home, whole(a_call(99, at_us=MIDNIGHT + DAY)), run=run(88))
    filled.load_once()
    assert calls_by_day(filled)[1] == 1
    retire(filled, clock, Keeping(calls=3 * DAY))
    assert calls_by_day(filled)[1] == 0
    assert sums(filled)[0] == before + 1
    assert filled.check().ok


def test_one_step_is_bounded_and_loading_goes_on_in_between(
    home: Home, filled: LedgerService, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retiring.Retiring.step, "__defaults__", (0.0,))
    filled.keep(Keeping(calls=3 * DAY))
    left = []
    for n in range(3):
        segment(home, opening(a_call(n)), run=f"20261130T00000{n}Z-0000000a")
        filled.load_once()
        left.append(sum(calls_by_day(filled)[:7]))
    assert left[0] > left[2] > 6 * CALLS_A_DAY
    assert len(filled.ask("calls", where="status=interrupted").rows) == 3
    assert filled.check().ok


CANARY = b"the prisoner of Chillon asked for cold soup"


def holding(root: Path, text: bytes) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file() and text in path.read_bytes()]


def test_text_of_bodies_is_gone_from_every_file(
    home: Home, filled: LedgerService, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.kit.bodies_made.Packer", lambda: bytes)  # to be seen in a file
    for day in range(DAYS):
        keep(home, a_call(0, at_us=MIDNIGHT + day * DAY), b'{"content":"%s %d"}' % (CANARY, day))
    filled.load_once()
    assert len(holding(home.root, CANARY)) == DAYS
    retire(filled, clock, Keeping(bodies=2 * DAY))
    assert days(home.bodies) == ["2026-11-28", "2026-11-29"]
    assert len(holding(home.root, CANARY)) == 2
    for day, count in ((7, 0), (8, 1)):
        assert len(filled.ask("body_places", call_id=a_call(0, at_us=MIDNIGHT + day * DAY).call_id).rows) == count
    assert told(filled, "bodies")["rows"] == 2
    assert calls_by_day(filled) == [CALLS_A_DAY] * DAYS
    retire(filled, clock, Keeping(bodies=30 * DAY, calls=DAY))
    assert days(home.bodies) == ["2026-11-29"]


def test_what_cannot_be_deleted_is_said_and_keeps_nothing_else(
    home: Home, filled: LedgerService, clock: Clock, tmp_path: Path
) -> None:
    for day in range(DAYS):
        keep(home, a_call(0, at_us=MIDNIGHT + day * DAY), b"{}")
    elsewhere = tmp_path / "elsewhere"
    (home.bodies / "2026-11-22").rename(elsewhere)
    (home.bodies / "2026-11-22").symlink_to(elsewhere)  # a link is not followed when it is deleted
    (home.bodies / "2026-11-01").write_text("a note")
    odd = home.loaded / f"{run(0)}-000009.jsonl.zst"
    odd.mkdir()
    os.utime(odd, (0, 0))

    for _ in range(2):
        retire(filled, clock, Keeping(calls=3 * DAY))
        assert calls_by_day(filled) == [0] * 7 + [CALLS_A_DAY] * 3
        assert days(home.bodies) == ["2026-11-22", "2026-11-27", "2026-11-28", "2026-11-29"]
        assert [path.name[:8] for path in sorted(home.loaded.glob("*.zst"))][1:] == ["20261127", "20261128", "20261129"]
        assert told(filled, "bodies")["deleted"] == 6
        assert filled.loaded_until_us == clock.now
        first, second = filled.fresh()["alarms"]
        assert first.startswith("retention cannot delete bodies of 2026-11-22: ")
        assert second.startswith(f"retention cannot delete segment {run(0)}-000009: ")

    (home.bodies / "2026-11-22").unlink()
    odd.rmdir()
    retire(filled, clock, Keeping(calls=3 * DAY))
    assert filled.fresh()["alarms"] == []
    assert told(filled, "bodies")["deleted"] == 7


def test_bad_lines_go_with_their_segment(home: Home, filled: LedgerService, clock: Clock) -> None:
    segment(home, closing(a_call(97, at_us=MIDNIGHT)), b"noise\n", run=run(66))
    filled.load_once()
    assert told(filled, "quarantine")["rows"] == 1
    retire(filled, clock, Keeping(journal=9 * DAY))
    assert told(filled, "quarantine")["rows"] == 1
    packed = home.loaded / f"{run(66)}-000001.jsonl.zst"
    clock.now += 30 * DAY
    os.utime(packed, (MIDNIGHT / 1e6, MIDNIGHT / 1e6))
    retire(filled, clock, Keeping(journal=9 * DAY))
    assert not packed.exists()
    assert told(filled, "quarantine")["rows"] == 0


def test_what_was_left_behind_is_swept(home: Home, filled: LedgerService, clock: Clock) -> None:
    old = [home.scratch / "snapshot-1.duckdb", home.scratch / "close.jsonl", home.loaded / "x.jsonl.packing"]
    young = [home.scratch / "snapshot-2.duckdb"]
    for path, age in [*((path, 2 * DAY) for path in old), *((path, HOUR) for path in young)]:
        path.write_bytes(b"x")
        os.utime(path, ((clock.now - age) / 1e6,) * 2)
    retire(filled, clock, Keeping())
    assert [path.exists() for path in old + young] == [False, False, False, True]


def test_a_longer_time_keeps_what_is_left(filled: LedgerService, clock: Clock) -> None:
    retire(filled, clock, Keeping(calls=3 * DAY))
    retire(filled, clock, Keeping(calls=None))
    clock.now += 100 * DAY
    filled.load_once()
    assert calls_by_day(filled) == [0] * 7 + [CALLS_A_DAY] * 3
    row = told(filled, "calls")
    assert (row["kept"], row["next_deletion"], row["deleted_before"]) == ("for ever", None, iso(MIDNIGHT + 7 * DAY))
    assert filled.check().ok


def test_attempts_go_by_their_own_beginning(home: Home, filled: LedgerService, clock: Clock) -> None:
    over = a_call(96, at_us=MIDNIGHT + 7 * DAY - 100)
    segment(home, opening(over), attempt(over), closing(over), run=run(55))
    filled.load_once()
    retire(filled, clock, Keeping(calls=3 * DAY))
    assert filled.check().ok
