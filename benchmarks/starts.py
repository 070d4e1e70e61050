"""What a start takes: seconds to the first 200, memory then and after many calls, and seconds of `gatewatch --help`."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.candidates import Candidate, Upstreams, gatewatch_command
from benchmarks.load import closed_loop
from benchmarks.machine import Watch, resident_mb, settle
from benchmarks.measures import SETTLE_SECONDS
from benchmarks.running import running
from benchmarks.sample import Sample

CALLS = 20_000
CONNECTIONS = 16
START, HELP = "start", "help"


def start(candidate: Candidate, number: int, folder: Path, upstreams: Upstreams, core: int | None) -> Sample:
    """A start in a new folder, and what it and the first `CALLS` calls left in memory."""
    watch = Watch()
    with running(candidate, folder, upstreams, core) as started:
        values, disturbed = {"first_200_s": started.first_200_s}, watch.disturbance()
        workers, beside = started.workers(), started.beside()
        settle([*workers, *beside], SETTLE_SECONDS)
        values |= {"idle_mb": resident_mb(workers), "beside_idle_mb": resident_mb(beside)}
        made = 0
        while made < CALLS:
            made += closed_loop.run(started.doors.plain, CONNECTIONS, 1, folder).calls
        settle([*workers, *beside], SETTLE_SECONDS)
        values |= {"after_mb": resident_mb(workers), "beside_after_mb": resident_mb(beside)}
    return Sample(START, candidate.name, number, values, disturbed)


def help_seconds(number: int, core: int | None) -> list[Sample]:
    """`gatewatch --help` and a Python that does nothing, one after the other."""
    samples = []
    for name, command in (("python", (sys.executable, "-c", "pass")), ("gatewatch", (gatewatch_command(), "--help"))):
        pinned = ("taskset", "-c", str(core), *command) if core is not None else command
        watch, began = Watch(), time.perf_counter()
        subprocess.run(pinned, check=True, stdout=subprocess.DEVNULL)
        elapsed = time.perf_counter() - began
        samples.append(Sample(HELP, name, number, {"seconds": elapsed}, watch.disturbance()))
    return samples
