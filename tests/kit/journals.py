"""Journals made by hand: segments with the lines that a worker would write, and what is in them by plain Python."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.call import Attempt, Call, line
from gatewatch.paths import Home

T0 = 1_795_168_800_000_000
"""2026-11-20T10:00:00Z in microseconds: when the first call of a journal starts."""
SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
NOW = T0 + HOUR
RUN = "20261120T100000Z-00000001"


def call_id(at_us: int, n: int = 0) -> str:
    """A UUIDv7 of that time; `n` tells apart those of one millisecond."""
    high = f"{at_us // 1000 << 16 | 0x7000:016x}"
    return f"{high[:8]}-{high[8:12]}-{high[12:]}-8000-{n:012x}"


def a_call(n: int = 0, *, at_us: int | None = None, **fields: Any) -> Call:
    """The `n`-th call: one second after the one before it, answered well, with tokens and a price."""
    started = T0 + n * SECOND if at_us is None else at_us
    made = Call(
        call_id=call_id(started, n),
        started_at=started,
        status="ok",
        http_status=200,
        team="search",
        key_id="k0000001",
        key_name="app",
        endpoint="/v1/chat/completions",
        dialect="openai-chat",
        requested_model="bot",
        route="bot",
        provider="openai",
        provider_key="openai#1",
        model="gpt-4o",
        served_model="gpt-4o-2024-11-20",
        attempts=1,
        input_uncached_tokens=100,
        output_tokens=20,
        cost_picos=450_000_000,
        cost_basis="reported",
        price_row="openai/gpt-4o@any#01234567",
        latency_us=1_500_000,
        ttft_us=300_000,
        upstream_us=1_499_000,
        overhead_us=1_000,
    )
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def opening(call: Call, **fields: Any) -> bytes:
    """The `open` line of a call: who and what, with an estimate of its cost."""
    announced = Call(
        call_id=call.call_id,
        started_at=call.started_at,
        team=call.team,
        key_id=call.key_id,
        key_name=call.key_name,
        endpoint=call.endpoint,
        requested_model=call.requested_model,
        route=call.route,
        input_uncached_tokens=90,
        cost_picos=7_000_000,
        cost_basis="estimated",
    )
    for name, value in fields.items():
        setattr(announced, name, value)
    return line("open", announced)


def closing(call: Call) -> bytes:
    return line("close", call)


def attempt(call: Call, n: int = 1, **fields: Any) -> bytes:
    made = Attempt(
        call_id=call.call_id,
        started_at=call.started_at + 500,
        n=n,
        provider=call.provider or "openai",
        model=call.model or "gpt-4o",
        http_status=200,
    )
    made.latency_us = 1_499_000
    for name, value in fields.items():
        setattr(made, name, value)
    return line("attempt", made)


def whole(call: Call) -> bytes:
    """All three lines of a call that went well."""
    return opening(call) + attempt(call) + closing(call)


def segment(home: Home, *lines: bytes, run: str = RUN, sequence: int = 1) -> Path:
    """A segment whose writer is gone."""
    home.make()
    path = home.journal / f"{run}-{sequence:06d}.jsonl"
    path.write_bytes(b"".join(lines))
    return path


class Worker:
    """A writer that lives: it holds the lock of its segment."""

    def __init__(self, home: Home, run: str = RUN, sequence: int = 1) -> None:
        self.path = segment(home, run=run, sequence=sequence)
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, *lines: bytes) -> None:
        os.write(self._fd, b"".join(lines))

    def die(self) -> None:
        """Let go of the lock. A second time it does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


@contextmanager
def worker(home: Home, run: str = RUN, sequence: int = 1) -> Iterator[Worker]:
    """A worker that dies at the end, if it did not before."""
    alive = Worker(home, run, sequence)
    try:
        yield alive
    finally:
        alive.die()


def records(lines: Iterable[bytes], kind: str) -> list[dict[str, Any]]:
    """The records of one kind, decoded by the standard library."""
    found = [json.loads(text) for each in lines for text in each.splitlines()]
    return [record for record in found if record["k"] == kind]


def with_fields(text: bytes, **fields: Any) -> bytes:
    """A journal line with some fields replaced: for values that our structs would not hold."""
    record = json.loads(text) | fields
    return msgspec.json.encode(record) + b"\n"
