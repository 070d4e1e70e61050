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
CLOUDS = {"botocore", "google", "requests", "urllib3"}
OF_EXTRAS = {"proxy.worker.sigv4": "botocore", "proxy.worker.google_token": "google"}
"""Modules that only a provider of that cloud makes a worker import, and whose library."""

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
        if module.name not in {without!r}:
            importlib.import_module(module.name)
print(*sorted({{name.partition('.')[0] for name in sys.modules}}))
"""


MAKE_SIGNER = """
import sys
import proxy.worker.main
from proxy.settings import Provider, ProviderKey
from proxy.worker.signers import signer_for
key = ProviderKey(id="k", secret="AKIASANDBOX000000000:secret" if {auth!r} == "sigv4" else None)
signer_for(Provider(name="p", ways=(), keys=(key,), price_provider="p", auth={auth!r}, region="eu-west-1"))
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
    packages = ["proxy.worker", "proxy.upstream", "proxy.dialects"]
    loaded = modules_after(IMPORT_ALL.format(packages=packages, without=sorted(OF_EXTRAS)), tmp_path)
    assert {"msgspec", "httptools"} <= loaded
    assert loaded & (SCREEN | STORES | CLOUDS | {"pydantic", "ruamel", "httpx", "watchfiles"}) == set()


@pytest.mark.parametrize(("auth", "brought"), [("key", set()), ("sigv4", {"botocore"}), ("google", {"google"})])
def test_a_worker_carries_a_clouds_library_only_for_a_provider_that_signs_with_it(
    auth: str, brought: set[str], tmp_path: Path
) -> None:
    loaded = modules_after(MAKE_SIGNER.format(auth=auth), tmp_path)
    assert loaded & {"botocore", "google"} == brought
    assert "textual" not in loaded


def test_what_only_extras_bring_is_imported_where_it_was_said() -> None:
    for module, library in OF_EXTRAS.items():
        source = Path(__file__).parent.parent.joinpath(*module.split(".")).with_suffix(".py")
        assert f"import {library}" in source.read_text(encoding="utf-8"), "then it is imported with the rest"
