"""Secrets in variables: read once, gone for every child and from /proc. Real processes: an environment is theirs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.vault.environment_vault import variable

CANARY = "sk-canary-4f1c9a7e2b8d6350"
GIVEN = {
    "GATEWATCH_SECRET_OPENAI": f" {CANARY}\n",
    "GATEWATCH_SECRET_IN_HOUSE_2": CANARY,
    "GATEWATCH_SECRET_PEPPER": "of a provider that is called pepper",
    "GATEWATCH_SECRET_EMPTY": "",
    "GATEWATCH_OWN_PEPPER": "0" * 64,
    "GATEWATCH_OWN_AUDIT_KEY": "1" * 64,
}

PROGRAM = """
import json, os, subprocess, sys
from pathlib import Path
from gatewatch.vault.environment_vault import EnvironmentVault, with_secrets
vault = EnvironmentVault("a test")
child = subprocess.run(["env"], capture_output=True, text=True).stdout
print(json.dumps({
    "names": vault.names(),
    "found": {name: vault.get(name) for name in json.loads(sys.argv[1])},
    "again": EnvironmentVault("again").get("openai"),
    "own environ": sorted(name for name in os.environ if name.startswith("GATEWATCH_")),
    "child": child,
    "proc": Path("/proc/self/environ").read_bytes().decode(),
    "handed on": {name: value for name, value in with_secrets().items() if name.startswith("GATEWATCH_")},
    "kept": os.environ["SOMETHING_ELSE"],
    "told": [repr(vault), *vault.describe()],
}))
"""


def run(*names: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(names)],
        env={"PATH": os.environ["PATH"], "SOMETHING_ELSE": "stays", **GIVEN},
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_each_entry_is_found_under_the_name_that_a_reference_has() -> None:
    said = run("openai", "in-house.2", "pepper", "gatewatch/pepper", "gatewatch/audit-key", "empty", "other")
    assert said["found"] == {
        "openai": CANARY,
        "in-house.2": CANARY,
        "pepper": "of a provider that is called pepper",
        "gatewatch/pepper": "0" * 64,
        "gatewatch/audit-key": "1" * 64,
        "empty": None,
        "other": None,
    }
    assert said["again"] == CANARY, "opening it again finds the same"
    assert said["names"] == ["empty", "gatewatch/audit-key", "gatewatch/pepper", "in_house_2", "openai", "pepper"]


def test_no_child_inherits_them_and_proc_shows_none() -> None:
    said = run()
    assert said["own environ"] == []
    assert CANARY not in str(said["child"])
    assert CANARY not in str(said["proc"])
    assert "0" * 64 not in str(said["proc"])
    assert "SOMETHING_ELSE=stays" in str(said["proc"]), "the rest is left alone"
    assert said["kept"] == "stays"
    assert CANARY not in str(said["told"])


def test_a_gateway_that_a_console_starts_gets_them() -> None:
    assert run()["handed on"] == GIVEN


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai", "GATEWATCH_SECRET_OPENAI"),
        ("in-house.2", "GATEWATCH_SECRET_IN_HOUSE_2"),
        ("gatewatch/pepper", "GATEWATCH_OWN_PEPPER"),
    ],
)
def test_names_of_variables(name: str, expected: str) -> None:
    assert variable(name) == expected
