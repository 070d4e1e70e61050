"""Which versions were measured."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def versions() -> dict[str, str]:
    """By name, for the report."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvloop", "httptools", "msgspec", "jiter", "duckdb"))
    return {
        "Gatewatch": f"{version('gatewatch')} at {revision()}; CPython {platform.python_version()}, {packages}",
        "peers and tools": f"{_first_line('nginx', '-v')}, {_first_line('wrk', '-v')}",
    }


def revision() -> str:
    """The commit, and whether files differ from it."""
    commit = _first_line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = _first_line("git", "-C", str(ROOT), "status", "--porcelain", "--", "gatewatch", "proxy", "app")
    return commit + (" with changes" if changed else "")


def _first_line(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (said.stdout + said.stderr).strip().splitlines()
    return lines[0].partition(" Copyright")[0] if lines else ""
