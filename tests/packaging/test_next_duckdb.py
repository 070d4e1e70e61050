"""The newest DuckDB that pyproject.toml admits carries the ledger as the locked one does."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = os.environ.get("GATEWATCH_TEST_DUCKDB2", "")


@pytest.mark.long
@pytest.mark.skipif(not SITE, reason="DuckDB 2 is not installed beside us: `make extras`")
def test_the_ledger_tests_pass_on_duckdb_2() -> None:
    environment = os.environ | {"PYTHONPATH": SITE}
    asked = [sys.executable, "-c", "import duckdb; print(duckdb.__version__)"]
    version = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout
    assert version.startswith("2.")

    pytest_run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow"]
    with tempfile.TemporaryDirectory(prefix="gw-") as folder:  # short: sockets are made below it
        ledger = subprocess.run(
            [*pytest_run, f"--basetemp={folder}/t", "tests/gatewatch/ledger"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ledger.returncode == 0, ledger.stdout[-4000:]
