import os
from collections.abc import Callable

import pytest

from benchmarks import machine
from benchmarks.machine import (
    MachineTimes,
    ProcessTimes,
    disturbance,
    family,
    settle,
    times_from_machine,
    times_from_stat,
)

pytestmark = pytest.mark.skipif(not machine.PROC.joinpath("stat").exists(), reason="needs /proc")


def seconds(ticks: int) -> float:
    return ticks * machine.TICK


def test_processor_time_of_a_process_is_user_and_system_of_its_own_and_of_reaped_children() -> None:
    # proc(5): utime, stime, cutime and cstime are fields 14 to 17; the name in field 2 may hold anything
    stat = "7 (a) S (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 100 20 30 4 20 0 2 0 99 0 0"
    assert times_from_stat(stat) == ProcessTimes(seconds(120), seconds(34))


def test_the_machine_is_busy_with_all_but_idling_waiting_and_being_robbed() -> None:
    # proc(5): user nice system idle iowait irq softirq steal guest guest_nice
    assert times_from_machine("cpu  100 1 20 9999 8888 3 4 5 6 7\ncpu0 1 1 1 1") == MachineTimes(
        seconds(128), seconds(5)
    )


def test_this_process_is_of_its_own_family() -> None:
    assert family(os.getpid())[0] == os.getpid()


def test_a_process_that_is_gone_has_no_children_and_used_nothing() -> None:
    assert family(2**22 + 1) == [2**22 + 1]
    assert machine.processor_seconds([2**22 + 1]) == 0


@pytest.mark.parametrize(
    ("foreign", "stolen", "remark"),
    [
        (0.39, 0.07, ""),
        (-1.0, 0.0, ""),
        (2.0, 0.0, "others 50% of a core"),
        (0.0, 0.2, "steal 5%"),
        (4.0, 0.4, "others 100% of a core, steal 10%"),
    ],
)
def test_what_others_took_of_four_seconds_is_remarked(foreign: float, stolen: float, remark: str) -> None:
    assert disturbance(foreign, stolen, 4.0) == remark


def busy_for(looks: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Processes that use the processor until they were looked at so often; returns the pause to look with."""
    used, pauses = [0.0], [0]

    def pause(step: float) -> None:
        pauses[0] += 1
        if pauses[0] <= looks:
            used[0] += step

    monkeypatch.setattr(machine, "processor_seconds", lambda pids: used[0])
    pause.count = pauses  # type: ignore[attr-defined]
    return pause


def test_settling_ends_when_three_looks_in_a_row_were_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = busy_for(5, monkeypatch)
    settle([1], 60.0, pause=pause)
    assert pause.count == [8]  # type: ignore[attr-defined]


def test_settling_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = busy_for(10**9, monkeypatch)
    settle([1], 2.0, pause=pause)
    assert pause.count == [20]  # type: ignore[attr-defined]
