"""What /proc/PID/environ shows of a process, before and after."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, sys
from pathlib import Path
from gatewatch.vault.environment_block import erase
assert b"one-secret" in Path("/proc/self/environ").read_bytes()
print(erase(["FIRST", "LAST", "NOT_THERE"]))
print(Path("/proc/self/environ").read_bytes().decode().replace("\\0", "|"))
"""


def test_the_values_that_are_named_are_overwritten_and_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"FIRST": "one-secret", "FIRST_OF_ALL": "stays", "EMPTY": "", "LAST": "zwei=zwei", "Z": "FIRST=stays"},
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    said, environ = done.stdout.splitlines()
    assert said == "True"
    assert environ == f"FIRST={'|' * 11}FIRST_OF_ALL=stays|EMPTY=|LAST={'|' * 10}Z=FIRST=stays|"
