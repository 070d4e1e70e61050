"""What the kernel says: of this machine, of a process and its descendants, and of who else was busy meanwhile.

Linux only: it reads /proc. Processor time is user plus system time of all threads, with the clock tick's resolution.
"""

import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

TICK = 1 / os.sysconf("SC_CLK_TCK")
FOREIGN_SHARE = 0.10
STOLEN_SHARE = 0.02
"""Shares of one core that somebody else may take before a sample counts as disturbed."""

PROC = Path("/proc")


def children(pid: int) -> list[int]:
    """Its direct children; none where it is gone."""
    try:
        tasks = list((PROC / str(pid) / "task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    return [pid, *(member for child in children(pid) for member in family(child))]


class ProcessTimes(NamedTuple):
    """Seconds on a processor."""

    own: float
    reaped: float
    """Of children that have ended and were waited for."""


def times_from_stat(stat: str) -> ProcessTimes:
    """From the text of /proc/PID/stat."""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    user, system, children_user, children_system = (int(field) for field in fields[11:15])
    return ProcessTimes((user + system) * TICK, (children_user + children_system) * TICK)


def processor_seconds(pids: Iterable[int], *, reaped: bool = False) -> float:
    """What these processes have used so far; a process that is gone counts as 0."""
    total = 0.0
    for pid in pids:
        try:
            times = times_from_stat((PROC / str(pid) / "stat").read_text())
        except OSError:
            continue
        total += times.own + (times.reaped if reaped else 0)
    return total


def resident_mb(pids: Iterable[int]) -> float:
    """Resident memory in 10⁶ bytes, shared pages counted in each."""
    pages = 0
    for pid in pids:
        pages += int((PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class MachineTimes(NamedTuple):
    """Seconds of all cores since the machine's start."""

    busy: float
    stolen: float


def times_from_machine(stat: str) -> MachineTimes:
    """From the text of /proc/stat."""
    user, nice, system, _idle, _waiting, irq, softirq, steal = (int(field) for field in stat.split(maxsplit=9)[1:9])
    return MachineTimes((user + nice + system + irq + softirq) * TICK, steal * TICK)


class Watch:
    """Looks from its making on at who uses the processors: us (this process and its descendants) or others."""

    def __init__(self) -> None:
        self._began, self._machine, self._ours = time.monotonic(), self._now(), self._used_by_us()

    def disturbance(self) -> str:
        """Why what was measured since is to be doubted; empty: nobody else did much."""
        elapsed = time.monotonic() - self._began
        now, ours = self._now(), self._used_by_us() - self._ours
        return disturbance(now.busy - self._machine.busy - ours, now.stolen - self._machine.stolen, elapsed)

    @staticmethod
    def _now() -> MachineTimes:
        return times_from_machine((PROC / "stat").read_text())

    @staticmethod
    def _used_by_us() -> float:
        return processor_seconds(family(os.getpid()), reaped=True)


def disturbance(foreign: float, stolen: float, elapsed: float) -> str:
    """Seconds that others and the hypervisor took → a remark, or nothing."""
    remarks = []
    if foreign > FOREIGN_SHARE * elapsed:
        remarks.append(f"others {foreign / elapsed:.0%} of a core")
    if stolen > STOLEN_SHARE * elapsed:
        remarks.append(f"steal {stolen / elapsed:.0%}")
    return ", ".join(remarks)


def settle(
    pids: Iterable[int], seconds: float, share: float = 0.03, pause: Callable[[float], None] = time.sleep
) -> None:
    """Wait, at most `seconds`, until these processes rest: what one candidate left over must not meet the next."""
    pids, step, quiet = list(pids), 0.1, 0
    for _ in range(int(seconds / step)):
        before = processor_seconds(pids)
        pause(step)
        quiet = quiet + 1 if processor_seconds(pids) - before <= max(share * step, TICK) else 0
        if quiet >= 3:
            return


def pin(core: int | None) -> None:
    """Keep this process, and what it starts from now on, on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def description() -> dict[str, str]:
    """The machine, for the report."""
    model = next((line for line in (PROC / "cpuinfo").read_text().splitlines() if line.startswith("model name")), ": ?")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "processor": f"{model.partition(':')[2].strip()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, kernel {platform.release()}",
        "load average at the start": load,
    }
