"""An outside judge: Failover Bench, a fake provider that breaks in sixteen ways by model name, and its verdicts.

    python -m benchmarks failoverbench [--profile full|fast] [--from FOLDER] [--python PATH]

It is installed from the index into an environment of its own, never into the project's. Where it is not there, a
checkout of github.com/failoverbench/failoverbench (MIT) is taken: `--from` names its folder, `--python` an interpreter
that has httpx and PyYAML.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.last_cent import serving
from benchmarks.running import free_port
from gatewatch.control_client import ControlClient
from gatewatch.paths import Home

SCENARIOS = {
    "fb-s01-429-retry-after": "fb-ok", "fb-s02-429-persistent": "fb-ok", "fb-s03-500-then-200": "fb-ok",
    "fb-s04-503-persistent": "fb-ok", "fb-s05-reset": "fb-ok", "fb-s06-no-response": "fb-ok",
    "fb-s07-slow-ttft": "fb-ok", "fb-s08-stream-cut": "fb-ok", "fb-s09-stream-stall": "fb-ok",
    "fb-s10-malformed-chunk": "fb-ok", "fb-s11-no-done": "fb-ok", "fb-s12-context-length": "fb-ok",
    "fb-s13-content-filter": "fb-ok", "fb-s14-stream-cut": "fb-ok-noprefill", "fb-s15-flap": "fb-ok",
    "fb-s16-503-persistent": "fb-ok",
}  # fmt: skip
"""Model → its fallback."""
SETTINGS = {
    "as it comes": "deadlines: {first_byte: 30s, idle: 30s}",
    "tuned": "deadlines: {first_byte: 30s, idle: 30s}, next_after: 10s, patience: 3s, context_window: [wall/fb-ok]",
}
"""What each model says beside its targets. The other systems on the scorecard had 30 s for each request, too."""
START_SECONDS = 30.0


def main(arguments: list[str]) -> int:
    """1 where it could not be had; what it says of Gatewatch makes no difference."""
    parser = argparse.ArgumentParser(prog="benchmarks failoverbench", description=__doc__)
    parser.add_argument("--profile", choices=("full", "fast"), default="full", help="full: the published waits")
    parser.add_argument("--from", dest="folder", type=Path, help="a checkout")
    parser.add_argument("--python", default=sys.executable, help="the interpreter for the checkout")
    args = parser.parse_args(arguments)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatewatch-failoverbench-")))
        judge = (args.python, args.folder.resolve()) if args.folder else _installed(scratch)
        if judge is None:
            return 1
        python, folder = judge
        wall = stack.enter_context(_wall(python, folder, args.profile))
        found = {
            name: _judged(python, folder, scratch / f"set-{number}", wall, args.profile, more)
            for number, (name, more) in enumerate(SETTINGS.items())
        }
    print("\n".join(table(found)))
    return 0


def table(found: dict[str, dict[str, Any]]) -> list[str]:
    """Markdown: a column for each setting."""
    lines = [
        f"| scenario | {' | '.join(found)} |",
        "| --- " * (len(found) + 1) + "|",
    ]
    documents = list(found.values())
    for number, scenario in enumerate(documents[0]["scenarios"]):
        cells = [_cell(document["scenarios"][number]) for document in documents]
        lines.append(f"| {scenario['id']} {scenario['title']} | {' | '.join(cells)} |")
    sums = [", ".join(f"{document['summary'][word]} {word}" for word in ("pass", "partial", "safe", "fail"))
            for document in documents]  # fmt: skip
    return [*lines, f"| **all** | {' | '.join(sums)} |"]


def _cell(scenario: dict[str, Any]) -> str:
    seen = scenario["metrics"]
    tried = f"{seen['attempts_primary']}p/{seen['attempts_fallback']}f · {seen['elapsed_s']:.1f} s"
    reason = "" if scenario["verdict"] == "pass" else f": {scenario['reason'].replace('|', '/')}"
    return f"{scenario['verdict']} ({tried}){reason}"


def _installed(scratch: Path) -> tuple[str, Path] | None:
    """From the index; None, with a word on stderr, where it is not there."""
    home = scratch / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    asked = [str(home / "bin" / "pip"), "install", "--quiet", "failoverbench"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(f"failoverbench cannot be installed; --from names a checkout.\n{done.stderr[-500:]}\n")
        return None
    return str(home / "bin" / "python"), scratch


@contextmanager
def _wall(python: str, folder: Path, profile: str) -> Iterator[str]:
    """The fake provider; where it listens."""
    port = free_port()
    asked = [python, "-m", "failoverbench", "wall", "--port", str(port), "--profile", profile]
    started = subprocess.Popen(asked, cwd=folder, stderr=subprocess.DEVNULL, env=_environment())
    try:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/control/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        started.terminate()
        started.wait()


def _judged(python: str, folder: Path, scratch: Path, wall: str, profile: str, more: str) -> dict[str, Any]:
    """All scenarios through a gateway with this setting; the judge's own document."""
    scratch.mkdir()
    file, home = scratch / "gatewatch.yaml", scratch / "home"
    file.write_text(config(wall, more))
    with serving("serve", "--home", str(home), "--config", str(file), "--port", "0") as listen:
        with ControlClient(Home(home).socket) as control:
            key = {"name": "judge", "team": "judges", "create_team": True}
            secret = control.request("POST", "/v1/actions/keys.create", key)["secret"]
        system = scratch / "gatewatch-system.yaml"
        system.write_text(
            f"name: gatewatch\nadapter: endpoint\nparams: {{base_url: '{listen}/v1', api_key: '{secret}'}}\n"
        )
        asked = [python, "-m", "failoverbench", "run", "--system", str(system), "--wall", wall]
        asked += ["--profile", profile, "--out", str(scratch)]
        subprocess.run(asked, cwd=folder, check=True, stdout=sys.stderr, env=_environment())
    said: dict[str, Any] = json.loads((scratch / profile / "gatewatch.json").read_text())
    return said


def config(wall: str, more: str) -> str:
    """A model for each scenario, with its fallback behind it."""
    lines = [
        "vault: file",
        "providers:",
        f'  wall: {{dialect: openai-chat, base_url: "{wall}/v1", api_key: none, allow_private: true}}',
        "models:",
        "  fb-ok: {targets: [wall/fb-ok]}",
        *(f"  {model}: {{targets: [wall/{model}, wall/{other}], {more}}}" for model, other in SCENARIOS.items()),
    ]
    return "\n".join(lines) + "\n"


def _environment() -> dict[str, str]:
    """Its own packages only."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
