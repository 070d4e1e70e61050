"""The one command starts from anywhere, and always with our own packages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch import __version__

SCRIPT = Path(sys.executable).with_name("gatewatch")


@pytest.fixture
def a_users_folder(tmp_path: Path) -> Path:
    """A folder with an `app` of its own, as web projects have."""
    (tmp_path / "app" / "cli").mkdir(parents=True)
    for name in ("app/__init__.py", "app/cli/__init__.py", "app/cli/main.py"):
        (tmp_path / name).write_text("raise SystemExit('this is not the app you are looking for')\n")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-m", "gatewatch"], id="python -m gatewatch"),
        pytest.param([str(SCRIPT)], id="gatewatch"),
    ],
)
def test_a_users_own_app_folder_does_not_shadow_ours(command: list[str], a_users_folder: Path) -> None:
    done = subprocess.run(
        [*command, "--version"],
        cwd=a_users_folder,
        env=os.environ | {"PYTHONPATH": str(a_users_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"gatewatch {__version__}\n"), done.stderr
