"""Clients that are processes of their own, all of whose calls come at the same moment."""

import asyncio
import json
import subprocess
import sys

from tests.kit.running import ROOT


class Burst:
    """Client processes that all call at the same moment."""

    def __init__(self, port: int, call: bytes, processes: int, calls: int) -> None:
        """`call`: the bytes of one. `calls`: of each process."""
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.kit.burst", str(port), str(calls)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(processes)
        ]
        for each in self._processes:
            assert each.stdin
            each.stdin.write(call.hex().encode() + b"\n")
            each.stdin.flush()

    def statuses(self) -> list[int]:
        """Wait until all are connected, let them call, and tell what they were told."""
        for each in self._processes:
            assert each.stdout
            assert each.stdout.readline() == b"ready\n"
        for each in self._processes:
            assert each.stdin
            each.stdin.write(b"go\n")
            each.stdin.flush()
        found: list[int] = []
        for each in self._processes:
            output, _ = each.communicate(timeout=60)
            found += json.loads(output)
        return found


async def _burst(port: int, calls: int) -> None:
    data = bytes.fromhex(sys.stdin.readline())
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(calls)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for _, writer in connections:
        writer.write(data)
    heads = await asyncio.gather(*(reader.readline() for reader, _ in connections))
    sys.stdout.write(json.dumps([int(head.split()[1]) for head in heads]))


if __name__ == "__main__":
    asyncio.run(_burst(int(sys.argv[1]), int(sys.argv[2])))
