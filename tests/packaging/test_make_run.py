"""`make run` is the demo for a newcomer and the gateway for whoever has a provider's key."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
INPUTS = ("requirements/install.sh", "requirements/run.txt", "pyproject.toml", "gatewatch/__init__.py")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment that is set up already, whose `gatewatch` says how it was called."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "bin" / "gatewatch").write_text('#!/bin/sh\necho "gatewatch${1:+ $1}"\n')
    for program in (tmp_path / "bin").iterdir():
        program.chmod(0o755)
    content = b"".join((ROOT / name).read_bytes() for name in INPUTS)
    stamp = subprocess.run(["cksum"], input=content, capture_output=True, check=True).stdout
    (tmp_path / ".installed-run").write_bytes(stamp)
    return tmp_path


def make_run(venv: Path, **keys: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", f"VENV={venv}", "run"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **keys},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_without_a_providers_key_it_is_the_demo(environment: Path) -> None:
    assert make_run(environment) == "gatewatch demo"
    assert make_run(environment, OPENAI_API_KEY="") == "gatewatch demo"


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"])
def test_with_a_providers_key_it_is_the_gateway(environment: Path, variable: str) -> None:
    assert make_run(environment, **{variable: "sk-canary"}) == "gatewatch"
