"""What it costs to count in the shared limits store: `python -m benchmarks limits_store [--calls N]`.

One worker's side, in this process, and a redis-server on loopback: a reservation of five counters (two rolling windows
with sixty buckets, two calendar months, calls at a time) and its settlement; one after the other, and sixteen at once.
CPU of this process and of the store, and how long a reservation takes. Beside it the counters in a worker's memory.
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import uvloop

from gatewatch.ids import new_call_id
from gatewatch.limits.counters import Asked, Counters, Used
from gatewatch.limits.memory import MemoryCounters
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import connect
from gatewatch.limits.shared.counters import SharedCounters
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.store import open_store
from gatewatch.limits.shared.store_id import info
from gatewatch.limits.window import Window

RUN = "20260101T000000Z-00000000"
RULES = (
    Rule(id="requests", kind="limit", scope="key", measure="requests", most=10**15, window=Window(seconds=60)),
    Rule(id="tokens", kind="limit", scope="key", measure="tokens", most=10**15, window=Window(seconds=60)),
    Rule(id="team", kind="budget", scope="team", measure="picos", most=10**18, window=Window(period="month")),
    Rule(id="all", kind="budget", scope="gateway", measure="picos", most=10**18, window=Window(period="month")),
    Rule(id="running", kind="limit", scope="key", measure="concurrent", most=10**6),
)


@contextmanager
def store_server(folder: Path) -> Iterator[str]:
    """A store that keeps nothing on disk; its URL."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        raise SystemExit("neither redis-server nor valkey-server is installed (Debian: apt install redis-server)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def a_call(counters: Counters) -> float:
    """Reserve and settle; how long the reservation took."""
    now = time.time_ns() // 1000
    call_id = new_call_id()
    places = [(f"{rule.id}|name", rule.window) for rule in RULES]
    asked = [
        Asked(key, window.bucket(now), window.oldest(now), 5, 10**18) if window else Asked(key, 0, 0, 1, 10**6)
        for key, window in places
    ]
    begun = time.perf_counter()
    verdict = await counters.reserve(call_id, asked)
    took = time.perf_counter() - begun
    assert verdict.in_the_way == -1
    used = [Used(key, window.bucket(now), 3) for key, window in places if window]
    counters.settle(call_id, used, (f"{RUN}-000001", now))
    return took


async def measured(name: str, counters: Counters, calls: int, at_once: int, store_cpu: object) -> str:
    """One row."""

    async def some() -> list[float]:
        return [await a_call(counters) for _ in range(calls // at_once)]

    await some()
    before, of_store = time.process_time(), await cpu_of(store_cpu)
    took = sorted(each for part in await asyncio.gather(*(some() for _ in range(at_once))) for each in part)
    cpu = (time.process_time() - before) / len(took)
    theirs = (await cpu_of(store_cpu) - of_store) / len(took)
    p99 = quantiles(took, n=100)[98]
    micro = [f"{value * 1e6:.0f}" for value in (cpu, theirs, median(took), p99)]
    return f"| {name} | {at_once} | {' | '.join(micro)} |"


async def cpu_of(connection: object) -> float:
    """Seconds that the store has used."""
    if connection is None:
        return 0.0
    fields = await info(connection, "cpu")  # type: ignore[arg-type]
    return float(fields["used_cpu_user"]) + float(fields["used_cpu_sys"])


async def run(url: str, calls: int) -> list[str]:
    """The rows."""
    rows = [
        "| counters | calls at once | worker CPU µs | store CPU µs | reserve µs, median | p99 |",
        "|---|---|---|---|---|---|",
    ]
    memory = MemoryCounters()
    ids = [rule.id for rule in RULES]
    memory.configure(ids, ids, RULES)
    rows.append(await measured("a worker's memory", memory, calls, 1, None))
    store = await open_store(read_url(url), "bench")
    tokens = [token(rule) for rule in RULES if rule.window]
    await store.seal(await store.begin(tokens, "20260101T000000Z"), tokens, {}, [])
    shared = SharedCounters(read_url(url), "bench", RUN)
    shared.configure(ids, ["running"], RULES)
    connecting = asyncio.create_task(shared.keep_connected())
    own = await connect(read_url(url), 5, seconds=5)
    now = time.time_ns() // 1000
    for second in range(60):
        begun = now - second * 1_000_000
        used = [Used(f"{rule.id}|name", rule.window.bucket(begun), 3) for rule in RULES[:2] if rule.window]
        shared.settle(new_call_id(), used, (f"{RUN}-000001", second))
    rows += [await measured("shared store", shared, calls, at_once, own) for at_once in (1, 16)]
    await shared.delivered(5)
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    return rows


def main(argv: list[str]) -> int:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="benchmarks limits_store", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=5000, metavar="N", help="for each row (default: 5000)")
    args = parser.parse_args(argv)
    if hasattr(os, "sched_getaffinity"):
        print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, store_server(Path(folder)) as url:
        print("\n".join(uvloop.run(run(url, args.calls))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
