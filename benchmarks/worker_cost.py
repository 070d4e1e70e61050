"""What configurations cost a worker: CPU per plain call and per burst stream, several gateways interleaved in one run.

The first candidate is what the others are compared with, round by round. Linux, with nginx and wrk installed; loopback
only.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.candidates import Candidate, Prepared, Upstreams, gatewatch_config
from benchmarks.dialects import README, Plan, gatewatch_from, git, range_text, worker_us
from benchmarks.machine import description, pin
from benchmarks.publish import published
from benchmarks.rounds import mocks
from benchmarks.running import running
from benchmarks.spread import paired
from benchmarks.versions import ROOT

KINDS = (("plain", "plain chat"), ("burst", "chat stream of 66 frames"))
Config = Callable[[Upstreams], str]


def main(argv: list[str], name: str, about: str, candidates: dict[str, tuple[str, Config]]) -> int:
    """Measure, print Markdown; `--publish` puts it into benchmarks/README.md as block `name`.

    `candidates`: name → what it is, and its configuration file. Returns the exit code: 0 where all was measured,
    whatever the figures are.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of this project")
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
    compared = [Candidate(key, does, partial(_served, ROOT, config)) for key, (does, config) in candidates.items()]
    if args.against:
        does, config = next(iter(candidates.values()))
        before = f"{does}, {git(args.against, 'rev-parse', '--short', 'HEAD')}"
        compared.insert(0, Candidate("before", before, partial(_served, args.against, config)))
    report = [f"- {fact}: {value}" for fact, value in facts.items()]
    with tempfile.TemporaryDirectory(prefix="gatewatch-bench-") as folder:
        report += ["", *measured(compared, plan, Path(folder), name)]
    text = "\n".join(report) + "\n"
    sys.stdout.write(text)
    if args.publish:
        README.write_text(published(README.read_text(), name, text))
    return 0


def measured(compared: list[Candidate], plan: Plan, folder: Path, name: str) -> list[str]:
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
            sys.stderr.write(f"{name}: round {number}\n")
    first = compared[0]
    lines = [
        f"Worker CPU-µs per call, {plan.rounds} rounds of {plan.seconds} s; ÷: against `{first.name}`, same round:",
        "",
    ]
    for kind, label in KINDS:
        lines += [f"| {label} | CPU-µs | ÷ {first.name} |", "| --- | --- | --- |"]
        for candidate in compared:
            own = spent[kind, candidate.name]
            ratios = range_text(paired(own, spent[kind, first.name]), 3)
            lines.append(f"| {candidate.does} | {range_text(own.values())} | {ratios} |")
        lines.append("")
    return lines


def with_rules(rules: str) -> Config:
    """The usual file, and these lines behind it."""
    return lambda upstreams: gatewatch_config(upstreams) + rules


def _served(checkout: Path, config: Config, folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    (folder / "gatewatch.yaml").write_text(config(upstreams))
    return gatewatch_from(checkout, folder, port)
