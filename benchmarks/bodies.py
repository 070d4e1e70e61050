"""What keeping bodies costs: `python -m benchmarks.bodies [--rounds N]`.

Worker CPU per plain call and per burst stream, interleaved: bodies off, and on. Prints Markdown. Linux, with nginx and
wrk installed; loopback only.
"""

import argparse
import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.candidates import Candidate, Prepared, Upstreams, gatewatch_config
from benchmarks.dialects import Plan, gatewatch_from
from benchmarks.machine import description, pin
from benchmarks.versions import ROOT
from benchmarks.worker_cost import measured


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 where all was measured, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bodies", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of load for each sample (default: 3)")
    args = parser.parse_args(argv)
    if missing := [tool for tool in ("nginx", "wrk", "taskset") if not shutil.which(tool)]:
        sys.stderr.write(f"not installed: {', '.join(missing)} (Debian: apt install nginx wrk util-linux)\n")
        return 1
    cores = sorted(os.sched_getaffinity(0))
    plan = Plan(args.rounds, args.seconds, *((cores[0], cores[1]) if len(cores) > 1 else (None, None)))
    facts = description()
    pin(plan.load_core)
    compared = [
        Candidate("off", "bodies off", partial(_served, "off")),
        Candidate("on", "bodies on", partial(_served, "on")),
    ]
    report = [f"- {name}: {fact}" for name, fact in facts.items()]
    with tempfile.TemporaryDirectory(prefix="gatewatch-bench-") as folder:
        report += ["", *measured(compared, plan, Path(folder), "bodies")]
    sys.stdout.write("\n".join(report) + "\n")
    return 0


def _served(bodies: str, folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    (folder / "gatewatch.yaml").write_text(gatewatch_config(upstreams) + f"ledger: {{bodies: {bodies}}}\n")
    return gatewatch_from(ROOT, folder, port)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
