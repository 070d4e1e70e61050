"""What the exact cache costs and saves: `python -m benchmarks.cache [--rounds N]`.

Worker CPU per plain call and per burst stream, interleaved: a route without a cache; one with it whose calls all miss
(`x-gatewatch-cache: refresh`, so that each has its key made, is asked for and kept) beside one without whose calls have
the same header; and one whose calls all hit. Prints Markdown; `--publish` puts it into `benchmarks/README.md`. Linux,
with nginx and wrk installed; loopback only.
"""

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.candidates import Candidate, Prepared, Upstreams, gatewatch_config
from benchmarks.dialects import README, Plan, gatewatch_from, range_text, worker_us
from benchmarks.machine import description, pin
from benchmarks.publish import published
from benchmarks.request import Doors
from benchmarks.rounds import mocks
from benchmarks.running import running
from benchmarks.spread import paired
from benchmarks.versions import ROOT

KINDS = (("plain", "plain chat"), ("burst", "chat stream of 66 frames"))
KEPT = "gpt-4o], cache: {ttl: 1h}}"
"""In place of what ends a model's targets."""


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 where all was measured, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cache", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of load for each sample (default: 3)")
    parser.add_argument("--publish", action="store_true", help="put the table into benchmarks/README.md")
    args = parser.parse_args(argv)
    if missing := [tool for tool in ("nginx", "wrk", "taskset") if not shutil.which(tool)]:
        sys.stderr.write(f"not installed: {', '.join(missing)} (Debian: apt install nginx wrk util-linux)\n")
        return 1
    cores = sorted(os.sched_getaffinity(0))
    plan = Plan(args.rounds, args.seconds, *((cores[0], cores[1]) if len(cores) > 1 else (None, None)))
    facts = description()
    pin(plan.load_core)
    report = [f"- {name}: {fact}" for name, fact in facts.items()]
    with tempfile.TemporaryDirectory(prefix="gatewatch-bench-") as folder:
        report += ["", *measured(candidates(), plan, Path(folder))]
    text = "\n".join(report) + "\n"
    sys.stdout.write(text)
    if args.publish:
        README.write_text(published(README.read_text(), "cache", text))
    return 0


def candidates() -> list[Candidate]:
    """Compared with each other as `AGAINST` says."""
    return [
        Candidate("none", "no cache", partial(_served, cached=False, more=())),
        Candidate("asked", "no cache, the misses' header", partial(_served, cached=False, more=REFRESH)),
        Candidate("miss", "cache, every call misses", partial(_served, cached=True, more=REFRESH)),
        Candidate("hit", "cache, every call hits", partial(_served, cached=True, more=())),
    ]


REFRESH = (("x-gatewatch-cache", "refresh"),)
AGAINST = {"asked": "none", "miss": "asked", "hit": "none"}


def measured(compared: list[Candidate], plan: Plan, folder: Path) -> list[str]:
    """The table."""
    spent: dict[tuple[str, str], dict[int, float]] = {}
    with mocks(folder, plan.load_core) as upstreams, ExitStack() as stack:
        up = [stack.enter_context(running(each, folder / each.name, upstreams, plan.proxy_core)) for each in compared]
        for number in range(plan.rounds + 1):
            for kind, _ in KINDS:
                for each in up if number % 2 else reversed(up):
                    door = each.doors.plain if kind == "plain" else each.doors.burst
                    cost = worker_us(each, door, kind == "burst", plan.seconds if number else 1, folder)
                    if number:  # round 0 warms up
                        spent.setdefault((kind, each.name), {})[number] = cost
            sys.stderr.write(f"cache: round {number}\n")
    lines = [f"Worker CPU-µs per call, {plan.rounds} rounds of {plan.seconds} s; ÷: same round:", ""]
    for kind, label in KINDS:
        lines += [f"| {label} | CPU-µs | ÷ |", "| --- | --- | --- |"]
        for candidate in compared:
            own, other = spent[kind, candidate.name], AGAINST.get(candidate.name)
            ratio = f"{range_text(paired(own, spent[kind, other]), 3)} of `{other}`" if other else ""
            lines.append(f"| `{candidate.name}`: {candidate.does} | {range_text(own.values())} | {ratio} |")
        lines.append("")
    return lines


def _served(
    folder: Path, port: int, upstreams: Upstreams, *, cached: bool, more: tuple[tuple[str, str], ...]
) -> Prepared:
    config = gatewatch_config(upstreams)
    (folder / "gatewatch.yaml").write_text(config.replace("gpt-4o]}", KEPT) if cached else config)
    prepared = gatewatch_from(ROOT, folder, port)
    doors = Doors(*(door and door._replace(more=more) for door in prepared.doors))
    return prepared._replace(doors=doors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
