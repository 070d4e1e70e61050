"""What speaking several dialects costs: `python -m benchmarks.dialects [--against CHECKOUT] [--rounds N]`.

- Straight calls against another checkout of this project (the commit before a change): worker CPU per call, plain and
  burst streams, interleaved; their ratio must not exceed 1 by more than the rounds differ among themselves.
- Every pair of caller and provider dialect against the sandbox: worker CPU per call, plain and streamed.
- Time to first token at the sandbox's pace (50 ms to the first, 10 ms between): direct, straight and translated.

Prints Markdown; `--publish` puts it into `benchmarks/README.md`. Linux, with nginx and wrk installed; loopback only.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.candidates import Candidate, Prepared, Upstreams, gatewatch_config
from benchmarks.load import closed_loop, streams
from benchmarks.machine import description, pin, processor_seconds, settle
from benchmarks.publish import published
from benchmarks.request import Door, Doors
from benchmarks.rounds import mocks
from benchmarks.running import Running, free_port, process, running
from benchmarks.spread import paired, spread
from benchmarks.versions import ROOT

README = ROOT / "benchmarks" / "README.md"
CHAT = "/v1/chat/completions"
CALLERS = {"chat": CHAT, "messages": "/v1/messages", "responses": "/v1/responses"}
PROVIDERS = {
    "chat": "openai-chat",
    "messages": "anthropic-messages",
    "responses": "openai-responses",
    "gemini": "gemini",
}
MODELS = {"chat": "gpt-4o", "messages": "claude-sonnet-4-5", "responses": "gpt-4o", "gemini": "gemini-2.0-flash"}
DIRECT_PATHS = {
    "chat": CHAT,
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "gemini": "/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse",
}
TEXT = (("x-sandbox-chunks", "64"),)
PACE = (*TEXT, ("x-sandbox-latency-ms", "50"), ("x-sandbox-chunk-gap-ms", "10"))
CONNECTIONS, BURST_CONNECTIONS, PACED_STREAMS, PACED_SECONDS = 16, 10, 10, 0.7


class Plan(NamedTuple):
    rounds: int
    seconds: int
    load_core: int | None
    proxy_core: int | None


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 where all was measured, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dialects", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of this project")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of load for each sample (default: 3)")
    parser.add_argument("--publish", action="store_true", help="put the tables into benchmarks/README.md")
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
        if args.against:
            report += ["", *against(args.against, plan, Path(folder))]
        report += ["", *pairs(plan, Path(folder))]
    text = "\n".join(report) + "\n"
    sys.stdout.write(text)
    if args.publish:
        README.write_text(published(README.read_text(), "dialects", text))
    return 0


def against(checkout: Path, plan: Plan, folder: Path) -> list[str]:
    """Worker CPU per straight call, here and there, interleaved."""
    commit = git(checkout, "rev-parse", "--short", "HEAD")
    here = Candidate("here", "this checkout", partial(_served_from, ROOT))
    there = Candidate("there", f"the checkout at {commit}", partial(_served_from, checkout))
    spent: dict[tuple[str, str], dict[int, float]] = {}
    with mocks(folder, plan.load_core) as upstreams, ExitStack() as stack:
        up = [
            stack.enter_context(running(each, folder / each.name, upstreams, plan.proxy_core)) for each in (here, there)
        ]
        for number in range(plan.rounds + 1):
            for kind in ("plain", "burst"):
                for each in up if number % 2 else reversed(up):
                    door = each.doors.plain if kind == "plain" else each.doors.burst
                    cost = worker_us(each, door, kind == "burst", plan.seconds if number else 1, folder)
                    if number:  # round 0 warms up
                        spent.setdefault((kind, each.name), {})[number] = cost
            _say(f"against {commit}: round {number}")
    lines = [f"Straight calls, worker CPU-µs per call, against {commit}, {plan.rounds} rounds of {plan.seconds} s:", ""]
    lines += ["| call | before | now | now ÷ before |", "| --- | --- | --- | --- |"]
    for kind, label in (("plain", "plain chat"), ("burst", "chat stream of 66 frames")):
        ours, theirs = spent[kind, "here"], spent[kind, "there"]
        ratio = range_text(paired(ours, theirs), 3)
        lines.append(f"| {label} | {range_text(theirs.values())} | {range_text(ours.values())} | {ratio} |")
    return lines


def pairs(plan: Plan, folder: Path) -> list[str]:
    """CPU per call and time to first token of every pair of dialects, against the sandbox."""
    cpu: dict[tuple[str, str, str], dict[int, float]] = {}
    ttft: dict[tuple[str, str], dict[int, float]] = {}
    with _sandbox(folder, plan.load_core) as port:
        made = Candidate("pairs", "every dialect", partial(_all_dialects, port))
        with running(made, folder / "pairs", Upstreams(port, port), plan.proxy_core) as up:
            key = up.doors.plain.key
            for number in range(plan.rounds + 1):
                for provider in PROVIDERS:
                    for caller, path in CALLERS.items():
                        door = Door(up.doors.plain.port, path, f"{provider}/{MODELS[provider]}", key, caller, TEXT)
                        for kind in ("plain", "stream"):
                            cost = worker_us(up, door, kind == "stream", 1, folder)
                            if number:
                                cpu.setdefault((caller, provider, kind), {})[number] = cost
                        if number:
                            ttft.setdefault((caller, provider), {})[number] = _first_token_ms(door._replace(more=PACE))
                    if number:
                        ttft.setdefault(("direct", provider), {})[number] = _first_token_ms(_direct(port, provider))
                _say(f"pairs: round {number}")
    lines = [
        f"Pairs of dialects, {plan.rounds} rounds, replies of 64 tokens from the sandbox. Worker CPU-µs per call:",
        "",
    ]
    for kind in ("plain", "stream"):
        lines += [f"| {kind}: caller ↓ provider → | {' | '.join(PROVIDERS)} |", "| --- " * (len(PROVIDERS) + 1) + "|"]
        for caller in CALLERS:
            cells = [range_text(cpu[caller, provider, kind].values()) for provider in PROVIDERS]
            lines.append(f"| {caller} | {' | '.join(cells)} |")
        lines.append("")
    lines += [f"Time to first token, ms, p50 of {PACED_STREAMS} paced streams:", ""]
    lines += [f"| caller ↓ provider → | {' | '.join(PROVIDERS)} |", "| --- " * (len(PROVIDERS) + 1) + "|"]
    for caller in ("direct", *CALLERS):
        cells = [range_text(ttft[caller, provider].values(), 1) for provider in PROVIDERS]
        lines.append(f"| {caller} | {' | '.join(cells)} |")
    return lines


def worker_us(candidate: Running, door: Door, stream: bool, seconds: int, folder: Path) -> float:
    workers = candidate.workers()
    worked = processor_seconds(workers)
    if stream:
        calls = streams.run(door, BURST_CONNECTIONS, seconds).calls
    else:
        calls = closed_loop.run(door, CONNECTIONS, seconds, folder).calls
    settle(workers, 5.0)
    return (processor_seconds(workers) - worked) / calls * 1e6


def _first_token_ms(door: Door) -> float:
    return streams.run(door, PACED_STREAMS, 2.0, stagger=PACED_SECONDS).ttft_p50_ms


def _direct(port: int, provider: str) -> Door:
    keys = {"gemini": ("x-goog-api-key", "sk-bench"), "messages": ("anthropic-version", "2023-06-01")}
    more = (*PACE, keys[provider]) if provider in keys else PACE
    return Door(port, DIRECT_PATHS[provider], MODELS[provider], "sk-bench", provider, more)


def _served_from(checkout: Path, folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    (folder / "gatewatch.yaml").write_text(gatewatch_config(upstreams))
    return gatewatch_from(checkout, folder, port)


def _all_dialects(sandbox: int, folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    del upstreams
    bases = {name: f"http://127.0.0.1:{sandbox}{'/v1' if name in ('chat', 'responses') else ''}" for name in PROVIDERS}
    lines = [
        f'  {name}: {{dialect: {dialect}, base_url: "{bases[name]}", api_key: env:UPSTREAM_KEY, allow_private: true}}'
        for name, dialect in PROVIDERS.items()
    ]
    lines += ["models:", *(f"  {name}: {{targets: [chat/gpt-4o]}}" for name in Doors._fields)]
    (folder / "gatewatch.yaml").write_text("\n".join(["providers:", *lines, ""]))
    return gatewatch_from(ROOT, folder, port)


def gatewatch_from(checkout: Path, folder: Path, port: int) -> Prepared:
    environment = {"UPSTREAM_KEY": "sk-bench"}
    command = ("env", "-C", str(checkout), sys.executable, "-m", "gatewatch")  # workers start from the same folder
    made = subprocess.run(
        [*command, "keys", "create", "b", "--team", "b", "--create-team", "--home", str(folder), "-o", "json"],
        capture_output=True,
        check=True,
        env=os.environ | environment,
    )
    key = json.loads(made.stdout)["secret"]
    doors = Doors(*(Door(port, CHAT, model, key) for model in Doors._fields))
    return Prepared(
        (*command, "serve", "--home", str(folder), "--port", str(port), "--workers", "1"), environment, doors
    )


@contextmanager
def _sandbox(folder: Path, core: int | None) -> Iterator[int]:
    port = free_port()
    command = (sys.executable, "-m", "gatewatch", "sandbox", "--port", str(port))
    with process(command, {}, core, folder / "sandbox.log"):
        yield port


def range_text(values: Iterable[float], digits: int = 0) -> str:
    seen = spread(list(values))
    return f"{seen.median:.{digits}f} ({seen.low:.{digits}f}–{seen.high:.{digits}f})"


def git(checkout: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=checkout, capture_output=True, check=True, text=True).stdout.strip()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
