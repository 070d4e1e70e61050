"""What limits and budgets cost: `python -m benchmarks.limits [--against CHECKOUT] [--rounds N]`.

Worker CPU per plain call and per burst stream, interleaved: no rules; the rules that a usual gateway has (a tier for
each key, tokens a minute of each key, a team's month, the gateway's month); a rule in every scope; and another checkout
of this project (the commit before a change). Prints Markdown; `--publish` puts it into `benchmarks/README.md`. Linux,
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
from benchmarks.dialects import README, Plan, gatewatch_from, git, range_text, worker_us
from benchmarks.machine import description, pin
from benchmarks.publish import published
from benchmarks.rounds import mocks
from benchmarks.running import running
from benchmarks.spread import paired
from benchmarks.versions import ROOT

USUAL = """\
limits:
  each-key: {scope: key, requests: 1000000, tokens: 1000000000}
budgets:
  company: {scope: gateway, usd: 1000000}
  teams: {scope: team, usd: 100000}
"""
EVERYWHERE = """\
limits:
  all: {scope: gateway, requests: 100000000, concurrent: 10000}
  keys: {scope: key, requests: 1000000, tokens: 1000000000, windows: [{per: 1h, requests: 100000000}]}
  models: {scope: model, concurrent: 10000, requests: 1000000}
  provider-keys: {scope: provider_key, requests: 1000000, tokens: 1000000000}
budgets:
  company: {scope: gateway, usd: 1000000, zone: Europe/Berlin}
  teams: {scope: team, usd: 100000, tokens: 1000000000000}
  keys: {scope: key, usd: 100000, rolling: 7d}
  routes: {scope: route, usd: 100000, period: day}
  environments: {scope: environment, usd: 100000}
"""
KINDS = (("plain", "plain chat"), ("burst", "chat stream of 66 frames"))


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 where all was measured, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=(__doc__ or "").splitlines()[0])
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
    report = [f"- {name}: {fact}" for name, fact in facts.items()]
    with tempfile.TemporaryDirectory(prefix="gatewatch-bench-") as folder:
        report += ["", *measured(candidates(args.against), plan, Path(folder))]
    text = "\n".join(report) + "\n"
    sys.stdout.write(text)
    if args.publish:
        README.write_text(published(README.read_text(), "limits", text))
    return 0


def candidates(other: Path | None) -> list[Candidate]:
    """The first is what the others are compared with."""
    found = [
        Candidate("none", "no rules", partial(_served, ROOT, "")),
        Candidate("usual", "4 rules: a usual gateway", partial(_served, ROOT, USUAL)),
        Candidate("everywhere", "15 rules: every scope", partial(_served, ROOT, EVERYWHERE)),
    ]
    if other:
        before = Candidate(
            "before", f"no rules, {git(other, 'rev-parse', '--short', 'HEAD')}", partial(_served, other, "")
        )
        found.insert(0, before)
    return found


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
            sys.stderr.write(f"limits: round {number}\n")
    first = compared[0]
    lines = [
        f"Worker CPU-µs per call, {plan.rounds} rounds of {plan.seconds} s; ÷: against `{first.name}`, same round:",
        "",
    ]
    for kind, label in KINDS:
        lines += [f"| {label} | CPU-µs | ÷ {first.name} |", "| --- | --- | --- |"]
        for each in compared:
            own = spent[kind, each.name]
            lines.append(
                f"| {each.does} | {range_text(own.values())} | {range_text(paired(own, spent[kind, first.name]), 3)} |"
            )
        lines.append("")
    return lines


def _served(checkout: Path, rules: str, folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    (folder / "gatewatch.yaml").write_text(gatewatch_config(upstreams) + rules)
    return gatewatch_from(checkout, folder, port)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
