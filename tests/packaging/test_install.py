"""Setting up by `make run` and `make test`: a newcomer whose Python does not do is told so, and what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone, as far as the set-up looks at it."""
    for name in ("requirements", "gatewatch"):
        (tmp_path / name).mkdir()
    for name in ("requirements/install.sh", "requirements/run.txt", "pyproject.toml", "gatewatch/__init__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def a_python(folder: Path, without: tuple[str, ...] = (), version: str = "") -> Path:
    """This Python as another machine may have it: without some modules, or claiming to be an older version."""
    blocked = folder / "blocked"
    blocked.mkdir(exist_ok=True)
    for name in without:
        (blocked / f"{name}.py").write_text(f"raise ImportError('no {name} here')\n")
    if version:
        lie = f"import sys; sys.version_info = {tuple(int(part) for part in version.split('.'))!r}\n"
        (blocked / "sitecustomize.py").write_text(lie)
    python = folder / "a-python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={blocked} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


def set_up(checkout: Path, python: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["requirements/install.sh", "run"],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_cannot_make_environments_gets_a_clear_message(checkout: Path) -> None:
    done = set_up(checkout, a_python(checkout, without=("ensurepip", "pip")))
    assert done.returncode == 1
    assert "cannot make an environment" in done.stderr
    assert "apt install python3-venv" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_too_old_is_named_with_its_version(checkout: Path) -> None:
    done = set_up(checkout, a_python(checkout, version="3.10.4"))
    assert done.returncode == 1
    assert "is not a Python 3.11 or newer" in done.stderr
    assert "3.10" in done.stderr


def test_a_python_that_is_not_there_is_named(checkout: Path) -> None:
    done = set_up(checkout, checkout / "no-such-python")
    assert done.returncode == 1
    assert "no-such-python" in done.stderr


def test_nothing_is_done_again_while_the_lock_stays_the_same(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    inputs = ("requirements/install.sh", "requirements/run.txt", "pyproject.toml", "gatewatch/__init__.py")
    content = b"".join((checkout / name).read_bytes() for name in inputs)
    stamp = subprocess.run(["cksum"], input=content, capture_output=True, check=True).stdout
    (checkout / ".venv" / ".installed-run").write_bytes(stamp)
    done = set_up(checkout, Path(sys.executable))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
