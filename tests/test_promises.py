"""docs/promises.md names no test that does not exist, and says of each promise whether it is proven."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
UNPROVEN = "not yet proven"


def promises() -> list[tuple[str, str]]:
    """(fault, proof) of each row of the tables."""
    rows = []
    for line in (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and not line.startswith(("| fault |", "|---")):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert len(cells) == 3, line
            assert all(cells), line
            rows.append((cells[0], cells[2]))
    return rows


@cache
def names_of_tests(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


@pytest.mark.parametrize(("fault", "proof"), promises(), ids=[fault for fault, _ in promises()])
def test_a_promise_is_proven_by_a_test_that_exists(fault: str, proof: str) -> None:
    named = REFERENCE.findall(proof)
    assert named or proof == UNPROVEN, f"neither a test nor {UNPROVEN!r}: {proof}"
    assert REFERENCE.sub("", proof).strip(", ") in ("", UNPROVEN), f"not a test's name: {proof}"
    for path, name in named:
        assert (ROOT / path).exists(), path
        assert name in names_of_tests(path), f"{path} has no {name}"
