"""As many calls as go over N connections, each with one call at a time: wrk, one thread."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks.request import Door

_SCRIPT = """\
wrk.method = "POST"
wrk.path = "{path}"
{headers}
wrk.body = [==[{body}]==]
done = function(summary, latency, requests)
  local e = summary.errors
  io.stderr:write(string.format('{{"calls":%d,"errors":%d,"per_s":%.1f,"p50_ms":%.3f,"p99_ms":%.3f}}\\n',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


class ClosedLoop(NamedTuple):
    """What wrk saw. Latencies are those of a saturated door."""

    calls: int
    errors: int
    per_s: float
    p50_ms: float
    p99_ms: float


def script(door: Door) -> str:
    """The Lua that makes wrk send our request and print what it saw as JSON on stderr."""
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in door.headers().items())
    return _SCRIPT.format(path=door.path, headers=headers, body=door.body(stream=False))


def run(door: Door, connections: int, seconds: int, folder: Path) -> ClosedLoop:
    """Load the door. Raises CalledProcessError where wrk fails."""
    file = folder / f"post-{door.port}.lua"
    file.write_text(script(door))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(file), f"http://127.0.0.1:{door.port}"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return ClosedLoop(**json.loads(done.stderr.strip().splitlines()[-1]))
