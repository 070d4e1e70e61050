"""What is slow or heavy is imported by those who use it: looked up in `sys.modules` of a fresh process."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app.cli.main import COMMANDS

OURS = {"gatewatch", "proxy", "ingest", "reports", "app"}
SCREEN = {"textual", "plotext", "rich", "polars"}
STORES = {"duckdb", "keyring", "cryptography"}

RUN = """
import contextlib, io, sys
before = set(sys.modules)
from gatewatch.__main__ import main
sys.argv[1:] = {argv!r}
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(*sorted({{name.partition('.')[0] for name in set(sys.modules) - before}}))
"""

IMPORT_ALL = """
import importlib, pkgutil, sys
for package in {packages!r}:
    parent = importlib.import_module(package)
    for module in pkgutil.walk_packages(parent.__path__, package + "."):
        importlib.import_module(module.name)
print(*sorted({{name.partition('.')[0] for name in sys.modules}}))
"""


def modules_after(script: str, home: Path) -> set[str]:
    """Top-level names that a fresh interpreter has imported after `script`."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"GATEWATCH_HOME": str(home), "HOME": str(home), "PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_overview_of_commands_imports_nothing_but_the_standard_library(tmp_path: Path) -> None:
    loaded = modules_after(RUN.format(argv=["--help"]), tmp_path)
    assert "app" in loaded
    assert loaded & (packages_distributions().keys() - OURS) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_draws_nothing_and_opens_no_store(command: str, tmp_path: Path) -> None:
    loaded = modules_after(RUN.format(argv=[command, "--help"]), tmp_path)
    assert loaded & (SCREEN | STORES) == set()


def test_show_answers_without_the_console(tmp_path: Path) -> None:
    loaded = modules_after(RUN.format(argv=["show", "overview", "-o", "json"]), tmp_path)
    assert loaded & SCREEN == set()


def test_a_worker_carries_neither_screens_nor_stores_nor_the_configuration(tmp_path: Path) -> None:
    loaded = modules_after(IMPORT_ALL.format(packages=["proxy.worker", "proxy.upstream", "proxy.dialects"]), tmp_path)
    assert {"msgspec", "httptools"} <= loaded
    assert loaded & (SCREEN | STORES | {"pydantic", "ruamel", "httpx", "watchfiles"}) == set()
