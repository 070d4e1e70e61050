"""Gatewatch beside nginx and beside nothing: `python -m benchmarks.gateway [--rounds N] [--quick]`.

Prints Markdown on stdout and writes it, with all samples as JSON, into `benchmarks/results`; progress goes to stderr.
`--publish` puts the tables into `benchmarks/README.md`. Linux, with nginx and wrk installed; loopback only.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.candidates import CANDIDATES
from benchmarks.machine import description, pin
from benchmarks.measures import OPEN
from benchmarks.publish import published
from benchmarks.rounds import Plan, measure
from benchmarks.sample import Samples, samples_from_json
from benchmarks.tables import markdown
from benchmarks.versions import ROOT, versions

RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "benchmarks" / "README.md"
TOOLS = ("nginx", "wrk", "taskset")


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 where all was measured, whatever the figures are."""
    args = _parser().parse_args(argv)
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        sys.stderr.write(f"not installed: {', '.join(missing)} (Debian: apt install nginx wrk util-linux)\n")
        return 1
    facts, samples = _read() if args.last else _measured(args)
    report = markdown(samples, facts)
    sys.stdout.write(report)
    (RESULTS / "gateway.md").write_text(report)
    if args.publish:
        README.write_text(published(README.read_text(), "gateway", report))
    return 0


def _measured(args: argparse.Namespace) -> tuple[dict[str, str], Samples]:
    plan = Plan(2, 1, 2, *_cores()) if args.quick else Plan(args.rounds, args.seconds, 5, *_cores())
    chosen = [each for each in CANDIDATES if args.only is None or each.name in args.only.split(",")]
    facts = {"measured": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), **description(), **versions()}
    facts |= {"candidates": "; ".join(f"{each.name}: {each.does}" for each in chosen), "method": _method(plan)}
    pin(plan.load_core)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gatewatch-bench-") as folder:
        samples, recorded = measure(chosen, plan, Path(folder))
    facts |= {"recorded": recorded, "took": f"{time.monotonic() - began:.0f} s"}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "gateway.json").write_text(json.dumps({"facts": facts, "samples": samples.as_json()}, indent=1))
    return facts, samples


def _read() -> tuple[dict[str, str], Samples]:
    last = json.loads((RESULTS / "gateway.json").read_text())
    return last["facts"], samples_from_json(last["samples"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="interleaved rounds (default: 5)")
    parser.add_argument("--seconds", type=int, default=4, metavar="N", help="of load for each sample (default: 4)")
    parser.add_argument("--quick", action="store_true", help="2 rounds, 1 s, 2 starts: does it work at all")
    parser.add_argument("--only", metavar="A,B", help="these candidates only")
    parser.add_argument("--last", action="store_true", help="measure nothing: the tables of the last run")
    parser.add_argument("--publish", action="store_true", help="put the tables into benchmarks/README.md")
    return parser


def _cores() -> tuple[int | None, int | None]:
    """One for the load and the mocks, one for the candidate; not pinned where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def _method(plan: Plan) -> str:
    if plan.proxy_core is None:
        pinning = "one core for everything, nothing pinned"
    else:
        pinning = f"every process of a candidate on core {plan.proxy_core}, load and mocks on core {plan.load_core}"
    return (
        f"{plan.rounds} interleaved rounds of {plan.seconds} s per sample ({OPEN.share * plan.seconds} s at the fixed "
        f"rate), {plan.starts} starts, medians (lowest–highest), ratios of the same round; loopback; {pinning}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
