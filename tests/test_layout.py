"""The folders are the architecture: every source file has its test at the mirrored place, named by what it holds."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gatewatch", "proxy", "ingest", "reports", "app")

TOLD_ELSEWHERE: dict[str, str] = {
    "app/console/widgets": "tests/app/console/test_app.py",
    "app/demo": "tests/app/cli/test_demo.py",
    "gatewatch/rotation/parts.py": "tests/gatewatch/rotation/test_procedure.py",
    "gatewatch/rotation/rotator.py": "tests/proxy/control/test_rotations.py",
    "proxy/control/rotation_beginning.py": "tests/proxy/control/test_rotations.py",
    "app/cli/traffic.py": "tests/app/cli/test_demo.py",
    "proxy/canonical/answer.py": "tests/conformance/test_dialects.py",
    "proxy/canonical/ask.py": "tests/conformance/test_dialects.py",
    "proxy/canonical/events.py": "tests/proxy/worker/test_translated.py",
    "proxy/canonical/parts.py": "tests/conformance/test_dialects.py",
    "proxy/dialects/dialect.py": "tests/proxy/dialects/test_registry.py",
    "proxy/dialects/provider_error.py": "tests/proxy/worker/test_stream_ends.py",
}
"""Source file or folder → the test file that tells its story, where that is told better from outside."""

DEBT: dict[str, str] = {}
"""Source file → why it has no test file of its own yet. It only ever shrinks."""

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "handler", "handlers", "processor", "misc"}


def sources() -> Iterator[Path]:
    """The Python files we ship, relative to the root, without `__init__.py` files that only name the package."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "__init__.py" or defines_something(path):
                yield path.relative_to(ROOT)


def defines_something(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in ast.walk(tree))


def mirror(source: Path) -> Path:
    """gatewatch/prices/book.py → tests/gatewatch/prices/test_book.py; a package's own code is tested under its name."""
    name = source.parent.name if source.name == "__init__.py" else source.stem.strip("_")
    return Path("tests") / source.parent / f"test_{name}.py"


def has_its_test(source: Path) -> bool:
    told = any(str(place) in TOLD_ELSEWHERE for place in (source, *source.parents))
    return told or (ROOT / mirror(source)).exists()


def test_every_source_file_has_its_test_at_the_mirrored_place() -> None:
    missing = {str(source): str(mirror(source)) for source in sources() if not has_its_test(source)}
    assert missing.keys() <= DEBT.keys(), "\n".join(f"{source} wants {missing[source]}" for source in missing)
    assert DEBT.keys() <= missing.keys(), "the debt only shrinks: take off the list what has its test, or is gone"


def test_a_story_that_is_told_elsewhere_is_told() -> None:
    for place, story in TOLD_ELSEWHERE.items():
        assert (ROOT / place).exists(), f"{place} is gone"
        assert (ROOT / story).exists(), f"{story} is gone"


@pytest.mark.parametrize("folder", [*PACKAGES, "tests", "benchmarks"])
def test_files_and_classes_are_named_by_what_they_hold(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        words = set(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "_").lower().split("_"))
        assert not words & EMPTY_WORDS, f"{path.relative_to(ROOT)}: name it by what it holds"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and folder in PACKAGES:
                empty = node.name.endswith(tuple(word.capitalize() for word in EMPTY_WORDS))
                assert not empty, f"{path.relative_to(ROOT)}: class {node.name} says nothing about what it holds"


def test_tests_are_not_a_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py")), "importlib mode needs none, and names may repeat without"
