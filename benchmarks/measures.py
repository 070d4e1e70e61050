"""What is measured of a candidate that runs. Each measure is bounded in time.

The processor time of a call is that of the candidate's workers, divided by the calls; `beside_us` is that of its other
processes. Both are taken until these processes rest: work that is put off is work that is done.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.load import closed_loop, open_loop, streams
from benchmarks.machine import Watch, processor_seconds, settle
from benchmarks.mocks.sse_upstream import PACED_SECONDS
from benchmarks.running import Running
from benchmarks.sample import Sample

SETTLE_SECONDS = 10.0
CONNECTIONS = (1, 16, 64)
BURST_CONNECTIONS = 10
RATE = 200
PACED_STREAMS = 50

Load = Callable[[Running, int, Path], closed_loop.ClosedLoop | open_loop.OpenLoop | streams.Streams]


class Measure(NamedTuple):
    """`load` loads a running candidate for about so many seconds; the folder is for its files."""

    name: str
    load: Load
    share: int = 1
    """How many times the usual seconds it takes."""


def _closed(connections: int) -> Measure:
    return Measure(
        f"closed {connections}",
        lambda candidate, seconds, folder: closed_loop.run(candidate.doors.plain, connections, seconds, folder),
    )


BURST = Measure("burst", lambda candidate, seconds, _: streams.run(candidate.doors.burst, BURST_CONNECTIONS, seconds))
OPEN = Measure("open", lambda candidate, seconds, _: open_loop.run(candidate.doors.plain, RATE, seconds), share=2)
PACED = Measure(
    "paced",
    lambda candidate, seconds, _: streams.run(candidate.doors.paced, PACED_STREAMS, seconds, stagger=PACED_SECONDS),
)
MEASURES = (*(_closed(connections) for connections in CONNECTIONS), BURST, OPEN, PACED)


WARM_UP = (MEASURES[2], BURST)


def take(measure: Measure, candidate: Running, number: int, seconds: int, folder: Path) -> Sample:
    """Load the candidate in round `number`, and see what that took."""
    workers, beside = candidate.workers(), candidate.beside()
    worked, worked_beside = processor_seconds(workers), processor_seconds(beside)
    watch = Watch()
    seen = measure.load(candidate, seconds * measure.share, folder)
    disturbed = watch.disturbance()
    settle([*workers, *beside], SETTLE_SECONDS)
    values: dict[str, float] = seen._asdict()
    if workers:
        values["worker_us"] = (processor_seconds(workers) - worked) / seen.calls * 1e6
        values["beside_us"] = (processor_seconds(beside) - worked_beside) / seen.calls * 1e6
    return Sample(measure.name, candidate.name, number, values, disturbed)
