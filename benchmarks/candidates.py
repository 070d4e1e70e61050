"""Who is measured. A candidate is one entry of `CANDIDATES`: a name, what it does for a call, and how it is started.

Its configuration is written into a folder of its own, which goes with the run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import nginx
from benchmarks.request import Door, Doors

CHAT = "/v1/chat/completions"


class Upstreams(NamedTuple):
    """Ports of the mocks."""

    plain: int
    streams: int


class Prepared(NamedTuple):
    """Ready to start: a command, more environment for it, and where it will answer. No command: nothing to start."""

    command: tuple[str, ...]
    environment: dict[str, str]
    doors: Doors


class Candidate(NamedTuple):
    """`prepare` gets a new folder, a free port and the mocks' ports."""

    name: str
    does: str
    prepare: Callable[[Path, int, Upstreams], Prepared]


def _direct(folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    del folder, port
    streams = (Door(upstreams.streams, f"/{pace}{CHAT}") for pace in ("burst", "paced"))
    return Prepared((), {}, Doors(Door(upstreams.plain, CHAT), *streams))


def _nginx(folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    file = folder / "nginx.conf"
    file.write_text(nginx.passing_on(folder, port, *upstreams))
    streams = (Door(port, f"/{pace}{CHAT}") for pace in ("burst", "paced"))
    return Prepared(("nginx", "-c", str(file)), {}, Doors(Door(port, CHAT), *streams))


def gatewatch_config(upstreams: Upstreams) -> str:
    """One provider and one model for each scenario; everything else as it is without a file."""
    bases = {"plain": f"{upstreams.plain}/v1", "burst": f"{upstreams.streams}/burst/v1"}
    bases["paced"] = f"{upstreams.streams}/paced/v1"
    common = "preset: openai, api_key: env:UPSTREAM_KEY, allow_private: true"
    providers = [f'  {name}: {{{common}, base_url: "http://127.0.0.1:{base}"}}' for name, base in bases.items()]
    models = [f"  {name}: {{targets: [{name}/gpt-4o]}}" for name in bases]
    return "\n".join(["providers:", *providers, "models:", *models, ""])


def gatewatch_command() -> str:
    """The command that is installed beside this Python."""
    return str(Path(sys.executable).parent / "gatewatch")


def _gatewatch(folder: Path, port: int, upstreams: Upstreams) -> Prepared:
    (folder / "gatewatch.yaml").write_text(gatewatch_config(upstreams))
    home = ("--home", str(folder))
    made = subprocess.run(
        [gatewatch_command(), "keys", "create", "bench", "--team", "bench", "--create-team", *home, "-o", "json"],
        capture_output=True,
        check=True,
        env=os.environ | {"UPSTREAM_KEY": "sk-bench"},
    )
    key = json.loads(made.stdout)["secret"]
    doors = Doors(*(Door(port, CHAT, model, key) for model in Doors._fields))
    command = (gatewatch_command(), "serve", *home, "--port", str(port), "--workers", "1")
    return Prepared(command, {"UPSTREAM_KEY": "sk-bench"}, doors)


DIRECT, NGINX, GATEWATCH = "direct", "nginx", "Gatewatch"

CANDIDATES = (
    Candidate(DIRECT, "no proxy", _direct),
    Candidate(
        NGINX, "1 worker, upstream keepalive 256, buffering off: parses no JSON, knows no key, logs nothing", _nginx
    ),
    Candidate(
        GATEWATCH,
        "`gatewatch serve`, 1 worker, embedded defaults: virtual key checked, usage read, call priced, journalled "
        "before and after, loaded into DuckDB",
        _gatewatch,
    ),
)
