"""No test sleeps. A test waits for what it wants to see: an event, a line, a file, a closed socket."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

THE_WAITING_ROOM = TESTS / "kit" / "waiting.py"
"""The one place that pauses, between one look and the next at what must come; it is bounded and says what it saw."""

SLEEPERS = {("time", "sleep"), ("asyncio", "sleep"), ("anyio", "sleep"), ("pilot", "pause")}
"""(module or object, function). Without an argument, or with 0, it only lets others run, which is fine."""


def sleeps(source: str) -> Iterator[str]:
    """Where this source sleeps: `line: call`."""
    tree = ast.parse(source)
    from_imports = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not takes_time(node):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in SLEEPERS:
                yield f"{node.lineno}: {owner}.{name}"
            case ast.Name(id=name) if from_imports.get(name) in SLEEPERS:
                yield f"{node.lineno}: {name}"


def takes_time(call: ast.Call) -> bool:
    match call.args:
        case [] | [ast.Constant(value=0)]:
            return bool(call.keywords)
    return True


def test_nothing_in_the_tests_sleeps() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{sleep}"
        for path in sorted(TESTS.rglob("*.py"))
        if path != THE_WAITING_ROOM
        for sleep in sleeps(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "from time import sleep as nap\nnap(0.1)",
        "async def test():\n    await asyncio.sleep(0.05)",
        "async def test(pilot):\n    await pilot.pause(delay=1)",
    ],
)
def test_a_sleep_is_found(source: str) -> None:
    assert list(sleeps(source))


def test_letting_others_run_is_no_sleep() -> None:
    assert not list(sleeps("async def test(pilot):\n    await asyncio.sleep(0)\n    await pilot.pause()"))
