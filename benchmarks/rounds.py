"""The order of work: mocks up, candidates up, rounds in which one measure after the other meets every candidate, then
starts, one candidate after the other. What a candidate left to do is awaited before the next one is loaded.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import nginx, starts
from benchmarks.candidates import DIRECT, GATEWATCH, Candidate, Upstreams
from benchmarks.journal_count import closed_calls
from benchmarks.measures import MEASURES, WARM_UP, take
from benchmarks.request import Door
from benchmarks.running import ask_until_200, free_port, process, running
from benchmarks.sample import Samples


class Plan(NamedTuple):
    """How much is measured, and where; a core of None: not pinned."""

    rounds: int
    seconds: int
    starts: int
    load_core: int | None
    proxy_core: int | None


class Measured(NamedTuple):
    """`recorded` says whether what was served also stands in the journal."""

    samples: Samples
    recorded: str


def measure(candidates: Sequence[Candidate], plan: Plan, folder: Path) -> Measured:
    """Everything. Raises NotServing where a candidate does not come up."""
    samples = Samples()
    with mocks(folder, plan.load_core) as upstreams:
        warm_up = _rounds(candidates, plan, folder, upstreams, samples)
        served = warm_up.total("calls", GATEWATCH) + samples.total("calls", GATEWATCH)
        recorded = (
            f"{served:,.0f} calls ended at the client, {closed_calls(folder / GATEWATCH):,} closed in the journal"
        )
        for number in range(1, plan.starts + 1):
            for candidate in candidates:
                if candidate.name != DIRECT:
                    _say(f"start {number}: {candidate.name}")
                    home = folder / f"start-{number}-{candidate.name}"
                    samples.add(starts.start(candidate, number, home, upstreams, plan.proxy_core))
            for sample in starts.help_seconds(number, plan.proxy_core):
                samples.add(sample)
    return Measured(samples, recorded)


def _rounds(
    candidates: Sequence[Candidate], plan: Plan, folder: Path, upstreams: Upstreams, samples: Samples
) -> Samples:
    """Returns what warmed up: a second of plain calls and one of streams, for connections, caches and allocators."""
    warm_up = Samples()
    with ExitStack() as stack:
        up = [stack.enter_context(running(each, folder / each.name, upstreams, plan.proxy_core)) for each in candidates]
        _say(f"up: {', '.join(each.name for each in up)}")
        for each in up:
            for measured in WARM_UP:
                warm_up.add(take(measured, each, 0, 1, folder))
        for number in range(1, plan.rounds + 1):
            for measured in MEASURES:
                for each in up:
                    sample = take(measured, each, number, plan.seconds, folder)
                    samples.add(sample)
                    doubt = f" ({sample.disturbed})" if sample.disturbed else ""
                    _say(f"round {number}: {measured.name} {each.name}{doubt}")
    return warm_up


@contextmanager
def mocks(folder: Path, core: int | None) -> Iterator[Upstreams]:
    """Both upstreams, up."""
    upstreams = Upstreams(free_port(), free_port())
    file = folder / "upstream.conf"
    file.write_text(nginx.answering(folder, upstreams.plain))
    streaming = (sys.executable, "-m", "benchmarks.mocks.sse_upstream", str(upstreams.streams))
    with (
        process(("nginx", "-c", str(file)), {}, core, folder / "upstream.log"),
        process(streaming, {}, core, folder / "streams.log"),
    ):
        ask_until_200(Door(upstreams.plain, "/"))
        ask_until_200(Door(upstreams.streams, "/burst/"))
        yield upstreams


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
